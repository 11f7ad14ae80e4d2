"""The order of the queue as one number that never has to be renewed.

Priority is risk x uncertainty x age, where age doubles it every day. Its logarithm is
`log2(risk x uncertainty) + age / day`, and of two cases the one ahead is ahead at every moment:
`now` cancels. So what is stored is the logarithm without `now`, and an index gives the order.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from jiesu.schema import Verdict

DOUBLING = timedelta(hours=24)
"""How long a case waits until it counts twice."""

MOST_AGE = timedelta(days=7)
"""An appeal that is older when it comes in counts as so old: an import must not jump the queue."""

PLAIN = 1.0
"""Risk x uncertainty of an audit or a check: it must neither be told from a case nor drown."""

# Danger now is ahead of all that has waited for less than a week: 1024 is ten doublings, of which
# the least uncertainty takes two.
_URGENT = 1024.0
_RISK = {"none": 1.0, "watch": 3.0, "urgent": _URGENT}
_REASONS = {
    "disposition_emergency": _URGENT,
    "maybe_emergency": 8.0,
    "disposition_unlawful": 2.0,
    "advisory": 2.0,
    "error": 2.0,
    "objection": 4.0,
}
_FLOOR = 0.25


class Weights(NamedTuple):
    """What a case's priority is made of: `risk` from 1 up, `uncertainty` from 0.25 to 1."""

    risk: float
    uncertainty: float

    @property
    def product(self) -> float:
        """Risk times uncertainty: the priority of a case that has just come in."""
        return self.risk * self.uncertainty


def weights(verdict: Verdict, *, reasons: tuple[str, ...] = ()) -> Weights:
    """Return the weights of a verdict; `reasons` come in addition to its own.

    The gravest reason counts, since several tell of the same thing. Uncertainty is what type and
    unit lack, with a floor: a case that is certainly urgent must not come last.
    """
    named = (_REASONS.get(reason, 1.0) for reason in (*verdict.decision.reasons, *reasons))
    risk = max(_RISK[verdict.risk.level], max(named, default=1.0))
    doubt = 1.0 - min(verdict.type.confidence, verdict.dispatch.confidence)
    return Weights(risk, max(_FLOOR, min(1.0, _FLOOR + (1.0 - _FLOOR) * doubt)))


def counted_from(received: datetime, stored: datetime) -> datetime:
    """Return the moment that a case's age counts from."""
    return min(stored, max(received, stored - MOST_AGE))


def rank(product: float, since: datetime) -> float:
    """Return the sort key of a case, larger first."""
    return math.log2(product) - since.timestamp() / DOUBLING.total_seconds()


def hours(age: float) -> float:
    """Return how many hours of waiting an age factor stands for."""
    return math.log2(age) * DOUBLING.total_seconds() / 3600 if age > 0 else 0.0


def priority(key: float, now: datetime) -> float:
    """Return risk x uncertainty x age at a moment, from a sort key."""
    exponent = key + now.timestamp() / DOUBLING.total_seconds()
    return float(2.0 ** max(-60.0, min(60.0, exponent)))
