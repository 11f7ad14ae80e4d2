"""What a page says of the decision just made, and how long it can be taken back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from jiesu.store import Review, Session, Store
from jiesu.store.views import UNDO


@dataclass(frozen=True, slots=True)
class Toast:
    """A decision of the reader's own and the seconds left to take it back."""

    review: Review
    seconds: int


def toast_of(store: Store, session: Session, review_id: int | None, now: datetime) -> Toast | None:
    """Return the toast for a review, None if it is another's, undone or too old."""
    if review_id is None:
        return None
    review = store.reviews.get(review_id)
    if review is None or review.user_id != session.user.id or review.undone_at is not None:
        return None
    left = UNDO - abs(now - review.decided_at)
    seconds = math.ceil(left.total_seconds())
    return Toast(review, seconds) if seconds > 0 else None
