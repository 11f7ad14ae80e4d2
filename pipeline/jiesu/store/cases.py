"""Cases: what waits for a supervisor, in which order, and for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select

from jiesu.store import rank
from jiesu.store.paging import rank_place
from jiesu.store.tables import appeals, cases, reviews

CaseKind = Literal["review", "audit", "objection", "second", "third", "check"]

FIRST_VIEWS: tuple[CaseKind, ...] = ("review", "audit", "objection")
"""Cases that give an appeal its first answer."""

BLIND: tuple[CaseKind, ...] = ("second", "check")
"""Cases whose reviewer must not see what others have answered."""

OTHER_EYES: tuple[CaseKind, ...] = ("second", "third", "check")
"""Cases for none who has reviewed the appeal before."""

EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases are wanted; None wants all. since, until: when the appeal was received.

    reason: a reason code of the verdict, or `objection`. Confidence is the lesser of type and
    unit, 0 to 1, both ends included.
    """

    type: str | None = None
    function: str | None = None
    area: str | None = None
    reason: str | None = None
    kind: CaseKind | None = None
    since: datetime | None = None
    until: datetime | None = None
    least_confidence: float | None = None
    most_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One case, with what the queue shows of its appeal.

    `kind` is for administrators: who reviews must not know an audit, a second view or a check
    from a usual case.
    """

    id: int
    appeal_id: str
    kind: CaseKind
    is_open: bool
    rank: float
    opened_at: datetime
    claimed_by: int | None
    claimed_until: datetime | None
    closed_at: datetime | None
    received: datetime
    type: str | None
    function: str | None
    unit: str | None
    area: str | None
    disposition: str
    reasons: tuple[str, ...]
    risk: str
    flagged: bool
    confidence: float
    excerpt: str = field(repr=False)

    def priority(self, now: datetime) -> float:
        """Return risk x uncertainty x age at a moment."""
        return rank.priority(self.rank, now)

    def is_claimed(self, now: datetime) -> bool:
        """Whether somebody has the case at a moment."""
        return self.claimed_until is not None and self.claimed_until > now


def case_query() -> Select[Any]:
    """Return the query of whole cases."""
    return select(
        cases,
        appeals.c.received,
        appeals.c.type_code,
        appeals.c.function,
        appeals.c.unit,
        appeals.c.verdict_area,
        appeals.c.disposition,
        appeals.c.reasons,
        appeals.c.risk,
        appeals.c.flagged,
        appeals.c.confidence,
        func.substr(appeals.c.text, 1, EXCERPT).label("excerpt"),
    ).join(appeals, appeals.c.id == cases.c.appeal_id)


def case_of(row: Row[Any]) -> Case:
    """Return a row of `case_query`."""
    return Case(
        id=row.id,
        appeal_id=row.appeal_id,
        kind=cast("CaseKind", row.kind),
        is_open=row.is_open,
        rank=row.rank,
        opened_at=row.opened_at,
        claimed_by=row.claimed_by,
        claimed_until=row.claimed_until,
        closed_at=row.closed_at,
        received=row.received,
        type=row.type_code,
        function=row.function,
        unit=row.unit,
        area=row.verdict_area,
        disposition=row.disposition,
        reasons=tuple(row.reasons.split()),
        risk=row.risk,
        flagged=row.flagged,
        confidence=row.confidence,
        excerpt=row.excerpt,
    )


def waiting(filters: Filters, now: datetime, user_id: int | None) -> list[ColumnElement[bool]]:
    """Return the conditions of open cases; with a user, of those that the user could take."""
    found = [cases.c.is_open, cases.c.available_at <= now, *_wanted(filters)]
    if user_id is not None:
        found += [free_for(user_id, now), ~reviewed_by(user_id)]
    return found


def free_for(user_id: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that nobody else has a case."""
    return or_(
        cases.c.claimed_by.is_(None), cases.c.claimed_by == user_id, cases.c.claimed_until <= now
    )


def reviewed_by(user_id: int) -> ColumnElement[bool]:
    """Return the condition that a case is for other eyes than the user's."""
    return and_(
        cases.c.kind.in_(OTHER_EYES),
        exists().where(
            reviews.c.appeal_id == cases.c.appeal_id,
            reviews.c.user_id == user_id,
            reviews.c.undone_at.is_(None),
        ),
    )


def behind(written: str) -> ColumnElement[bool]:
    """Return the condition that a case comes after a cursor's place. Raises `bad_cursor`."""
    key, id = rank_place(written)
    # The first half alone says where in the index to begin.
    return and_(cases.c.rank <= key, or_(cases.c.rank < key, cases.c.id < id))


def _wanted(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (appeals.c.type_code, filters.type),
        (appeals.c.function, filters.function),
        (appeals.c.verdict_area, filters.area),
        (cases.c.kind, filters.kind),
    ):
        if value is not None:
            found.append(column == value)
    if filters.reason == "objection":
        found.append(cases.c.kind == "objection")
    elif filters.reason is not None:
        found.append(appeals.c.reasons.contains(f" {filters.reason} ", autoescape=True))
    if filters.since is not None:
        found.append(appeals.c.received >= filters.since)
    if filters.until is not None:
        found.append(appeals.c.received < filters.until)
    if filters.least_confidence is not None:
        found.append(appeals.c.confidence >= filters.least_confidence)
    if filters.most_confidence is not None:
        found.append(appeals.c.confidence <= filters.most_confidence)
    return found
