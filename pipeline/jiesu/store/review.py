"""One review as a value, and the query of those that stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, select

from jiesu.store.labels import Labels, ReviewAction, read_labels
from jiesu.store.tables import reviews

FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Review:
    """One decision of a supervisor (`user_id`) or of another system (`key_id`).

    kind: the case's, or `feedback`. version, bundle: of the verdict that was looked at. shown:
    what that said; final: what the decision left it as; is_override: they differ in what is
    compared. comment: redacted.
    """

    id: int
    appeal_id: str
    case_id: int | None
    kind: str
    version: int
    bundle: str
    user_id: int | None
    key_id: int | None
    action: ReviewAction
    changes: Mapping[str, Any]
    comment: str = field(repr=False)
    shown: Labels
    final: Labels
    is_override: bool
    decided_at: datetime
    undone_at: datetime | None = None

    @property
    def actor(self) -> str:
        """Who decided, as the decision log names it."""
        return f"user:{self.user_id}" if self.user_id is not None else f"key:{self.key_id}"


def standing() -> Select[Any]:
    """Return the query of reviews that nobody took back."""
    return select(reviews).where(reviews.c.undone_at.is_(None))


def review_of(row: Row[Any]) -> Review:
    """Return a row of reviews."""
    return Review(
        id=row.id,
        appeal_id=row.appeal_id,
        case_id=row.case_id,
        kind=row.kind,
        version=row.version,
        bundle=row.bundle,
        user_id=row.user_id,
        key_id=row.key_id,
        action=cast("ReviewAction", row.action),
        changes=json.loads(row.changes),
        comment=row.comment,
        shown=read_labels(row.shown),
        final=read_labels(row.final),
        is_override=row.is_override,
        decided_at=row.decided_at,
        undone_at=row.undone_at,
    )
