"""Which answer stands where an appeal was reviewed more than once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jiesu.store import FIRST_VIEWS, Labels, Review

State = Literal["single", "agreed", "third", "disputed", "feedback"]


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer that stands and the reviews that it rests on; labels None: still disputed.

    state: `single`, one view; `agreed`, a blind second one says the same; `third`, a third has
    decided between two; `disputed`, it has not yet; `feedback`, only another system spoke.
    """

    state: State
    labels: Labels | None
    reviews: tuple[Review, ...]


def settle(reviews: Sequence[Review]) -> Settled | None:
    """Return what stands of an appeal's reviews, in the order they were made; None without any.

    A first view made later than others, after an objection, begins anew. Checks do not count,
    since their appeals have an answer. A supervisor's word goes before another system's; of those
    the last one counts, and its objection alone says nothing of who is right.
    """
    first: Review | None = None
    second: Review | None = None
    third: Review | None = None
    feedback: Review | None = None
    for review in reviews:
        if review.kind in FIRST_VIEWS:
            first, second, third = review, None, None
        elif review.kind == "second":
            second, third = review, None
        elif review.kind == "third":
            third = review
        elif review.kind == "feedback" and (review.action != "objection" or review.changes):
            feedback = review
    if third is not None:
        return Settled("third", third.final, _given(first, second, third))
    if first is None:
        return Settled("feedback", feedback.final, (feedback,)) if feedback else None
    if second is None:
        return Settled("single", first.final, (first,))
    if second.final.differs(first.final):
        return Settled("disputed", None, (first, second))
    return Settled("agreed", first.final, (first, second))


def _given(*reviews: Review | None) -> tuple[Review, ...]:
    return tuple(review for review in reviews if review is not None)
