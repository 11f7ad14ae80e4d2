"""Further views of an appeal: blind second ones, thirds, audits, seeded checks, objections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select

from jiesu.errors import StoreError
from jiesu.schema import Verdict
from jiesu.store import rank
from jiesu.store.cases import BLIND, FIRST_VIEWS
from jiesu.store.draw import Sampling, is_drawn
from jiesu.store.incoming import new_case
from jiesu.store.review import Review, review_of, standing
from jiesu.store.tables import answers, appeals, cases, reviews, verdicts

UNDO = timedelta(seconds=10)
"""How long a decision can be taken back; so long what it opens is kept back."""

SECOND, AUDIT = "second", "audit"
"""What is drawn for; each draw is independent of the other."""


def follow(
    connection: Connection, case: Row[Any], review: Review, sampling: Sampling, now: datetime
) -> None:
    """Open the view that a decision calls for: a blind second one, or a third after two differ."""
    if case.kind in FIRST_VIEWS:
        if not is_drawn(case.appeal_id, sampling.second, seed=sampling.seed or "", purpose=SECOND):
            return
        kind = "second"
    elif case.kind == "second":
        first = connection.execute(standing().where(reviews.c.case_id == case.parent_id)).first()
        if first is None or not review_of(first).final.differs(review.final):
            return
        kind = "third"
    else:
        return
    row = new_case(case.appeal_id, kind, case.rank, at=now, available=now + UNDO, parent=case.id)
    connection.execute(insert(cases).values(**row))


def withdraw(connection: Connection, case_id: int) -> bool:
    """Remove the view that a decision opened; False if it has been taken or decided."""
    children = cases.c.parent_id == case_id
    touched = select(cases.c.id).where(children, ~cases.c.is_open | cases.c.claimed_by.is_not(None))
    if connection.execute(touched).first() is not None:
        return False
    connection.execute(delete(cases).where(children))
    return True


def object_to(connection: Connection, review: Review, now: datetime) -> None:
    """Open the case of an objection, unless the appeal waits for a supervisor anyway."""
    waits = select(cases.c.id).where(
        cases.c.appeal_id == review.appeal_id, cases.c.is_open, cases.c.kind.in_(FIRST_VIEWS)
    )
    if connection.execute(waits).first() is not None:
        return
    body = connection.execute(
        select(verdicts.c.body).where(
            verdicts.c.appeal_id == review.appeal_id, verdicts.c.version == review.version
        )
    ).scalar_one()
    weight = rank.weights(Verdict.model_validate_json(body), reasons=("objection",)).product
    row = new_case(review.appeal_id, "objection", rank.rank(weight, now), at=now)
    connection.execute(insert(cases).values(**row))


def is_blind(connection: Connection, appeal_id: str) -> bool:
    """Return whether a view of an appeal is open that must not know of others."""
    query = select(cases.c.id).where(
        cases.c.appeal_id == appeal_id, cases.c.is_open, cases.c.kind.in_(BLIND)
    )
    return connection.execute(query.limit(1)).first() is not None


def draw_seconds(
    connection: Connection, share: float, seed: str, *, now: datetime, since: datetime | None
) -> int:
    """Open second views of a share of the decided first ones that have none."""
    child = cases.alias()
    query = select(cases.c.id, cases.c.appeal_id, cases.c.rank).where(
        ~cases.c.is_open,
        cases.c.kind.in_(FIRST_VIEWS),
        exists().where(reviews.c.case_id == cases.c.id, reviews.c.undone_at.is_(None)),
        ~exists().where(child.c.appeal_id == cases.c.appeal_id, child.c.kind == "second"),
    )
    if since is not None:
        query = query.where(cases.c.closed_at >= since)
    drawn: dict[str, dict[str, Any]] = {}
    for row in connection.execute(query.order_by(cases.c.id)):
        if is_drawn(row.appeal_id, share, seed=seed, purpose=SECOND):
            # An appeal decided twice, after an objection, is looked at again as it was last.
            drawn[row.appeal_id] = new_case(
                row.appeal_id, "second", row.rank, at=now, available=now + UNDO, parent=row.id
            )
    if drawn:
        connection.execute(insert(cases), list(drawn.values()))
    return len(drawn)


def draw_audits(
    connection: Connection, share: float, seed: str, *, now: datetime, since: datetime | None
) -> int:
    """Open audits of a share of the automatic decisions that have none."""
    query = select(appeals.c.id, appeals.c.received, appeals.c.stored_at).where(
        appeals.c.action == "auto",
        ~exists().where(cases.c.appeal_id == appeals.c.id, cases.c.kind == "audit"),
    )
    if since is not None:
        query = query.where(appeals.c.stored_at >= since)
    drawn = []
    for row in connection.execute(query):
        if is_drawn(row.id, share, seed=seed, purpose=AUDIT):
            key = rank.rank(rank.PLAIN, rank.counted_from(row.received, row.stored_at))
            drawn.append(new_case(row.id, "audit", key, at=now))
    if drawn:
        connection.execute(insert(cases), drawn)
    return len(drawn)


def seed_check(
    connection: Connection,
    appeal_id: str,
    expected: Mapping[str, Any],
    *,
    copies: int,
    now: datetime,
) -> list[int]:
    """Open checks of an appeal whose right answer is known, and return the cases' ids."""
    row = connection.execute(
        select(appeals.c.received, appeals.c.stored_at).where(appeals.c.id == appeal_id)
    ).first()
    if row is None:
        raise StoreError("store_missing", "no appeal is stored under this id")
    written = json.dumps(expected, ensure_ascii=False, sort_keys=True)
    connection.execute(delete(answers).where(answers.c.appeal_id == appeal_id))
    connection.execute(insert(answers).values(appeal_id=appeal_id, labels=written, created_at=now))
    key = rank.rank(rank.PLAIN, rank.counted_from(row.received, now))
    ids = []
    for _ in range(copies):
        columns = new_case(appeal_id, "check", key, at=now)
        ids.append(
            connection.execute(insert(cases).values(**columns).returning(cases.c.id)).scalar_one()
        )
    return ids
