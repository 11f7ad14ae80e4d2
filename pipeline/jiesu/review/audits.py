"""What random audits say of the automatic share: a live bound on its errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from jiesu.review.bound import CONFIDENCE, upper_bound
from jiesu.review.settled import settle
from jiesu.store import Labels, Review


@dataclass(frozen=True, slots=True)
class ErrorBound:
    """Errors among audited automatic decisions, and what their share is under.

    bound: exceeded with probability 1 - `confidence` at most (Clopper–Pearson, one-sided), for
    the decisions that the audits were drawn from. 1 without audits.
    """

    audits: int
    errors: int
    bound: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class Audits:
    """The bound over all, over types as the verdict has them, and of each label alone."""

    total: ErrorBound
    types: dict[str, ErrorBound]
    labels: dict[str, ErrorBound]
    disputed: int


_LABELS = ("type", "function", "disposition")


def audit_bounds(reviews: Iterable[Review], *, confidence: float = CONFIDENCE) -> Audits:
    """Return the bounds from the reviews that stand, audits being those of kind `audit`.

    The answer that stands decides: where two views of an audit differ, it counts once a third
    has decided; until then it is `disputed` and counts as an error, so that the bound holds.
    An appeal decided automatically is wrong if type, function unit or disposition is.
    """
    groups: dict[str, list[Review]] = defaultdict(list)
    audited: dict[str, Labels] = {}
    for review in reviews:
        if review.kind == "audit":
            audited[review.appeal_id] = review.shown
            groups[review.appeal_id] = [review]
        elif review.appeal_id in audited and review.kind in ("second", "third"):
            groups[review.appeal_id].append(review)
    wrong: dict[str, bool] = {}
    parts: dict[str, dict[str, bool]] = {name: {} for name in _LABELS}
    disputed = 0
    for key, group in groups.items():
        found = settle(group)
        labels = found.labels if found is not None else None
        disputed += labels is None
        for name in _LABELS:
            shown = getattr(audited[key], name)
            parts[name][key] = labels is None or getattr(labels, name) != shown
        wrong[key] = any(parts[name][key] for name in _LABELS)
    types: dict[str, list[bool]] = defaultdict(list)
    for key, is_wrong in wrong.items():
        types[audited[key].type or ""].append(is_wrong)
    return Audits(
        total=_bound(list(wrong.values()), confidence),
        types={name: _bound(found, confidence) for name, found in sorted(types.items())},
        labels={name: _bound(list(found.values()), confidence) for name, found in parts.items()},
        disputed=disputed,
    )


def _bound(wrong: list[bool], confidence: float) -> ErrorBound:
    errors = sum(wrong)
    bound = upper_bound(errors, len(wrong), delta=1.0 - confidence)
    return ErrorBound(len(wrong), errors, bound, confidence)
