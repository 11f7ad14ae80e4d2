"""Why a case stands where it does: the parts of its priority at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jiesu.schema import Verdict
from jiesu.store import Case, rank


@dataclass(frozen=True, slots=True)
class Priority:
    """risk x uncertainty x age. hours: since when the age counts; age: 2 per day of waiting."""

    value: float
    risk: float
    uncertainty: float
    age: float
    hours: float


def explain(case: Case, verdict: Verdict, now: datetime) -> Priority:
    """Return the parts of a case's priority; `verdict` is that of its appeal.

    The age is what the stored order has beyond risk and uncertainty, so the product is always the
    number that the queue is ordered by.
    """
    if case.kind in ("audit", "check"):
        parts = rank.Weights(rank.PLAIN, 1.0)
    else:
        reasons = ("objection",) if case.kind == "objection" else ()
        parts = rank.weights(verdict, reasons=reasons)
    value = case.priority(now)
    age = value / parts.product
    return Priority(value, parts.risk, parts.uncertainty, age, rank.hours(age))
