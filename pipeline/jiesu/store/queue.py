"""The queue: pages of waiting cases, what there is of them, and who has which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from jiesu.errors import InputError
from jiesu.store.cases import (
    Case,
    Filters,
    behind,
    case_of,
    case_query,
    free_for,
    reviewed_by,
    waiting,
)
from jiesu.store.database import Database
from jiesu.store.paging import Page, cursor
from jiesu.store.tables import appeals, cases

CLAIM_MINUTES = 15
LONGEST_CLAIM = 120
MOST_ROWS = 500
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases wait, and how many of them somebody has; by what they are of."""

    total: int
    claimed: int
    types: dict[str, int]
    functions: dict[str, int]
    areas: dict[str, int]
    reasons: dict[str, int]
    kinds: dict[str, int]


class Queue:
    """Waiting cases in order of priority. A case belongs to one supervisor at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(
        self,
        filters: Filters | None = None,
        after: str | None = None,
        limit: int = 50,
        *,
        now: datetime,
        user_id: int | None = None,
    ) -> Page[Case]:
        """Return waiting cases, the most pressing first, from behind the cursor `after`.

        user_id: leave out what others have claimed and what is for other eyes. Raises InputError
        `bad_cursor`.
        """
        wanted = waiting(filters or Filters(), now, user_id)
        if after is not None:
            wanted.append(behind(after))
        limit = max(1, min(limit, MOST_ROWS))
        with self._database.read() as connection:
            found = _best(connection, wanted, limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], cursor(last.rank, last.id) if last else None)

    def counts(
        self, filters: Filters | None = None, *, now: datetime, user_id: int | None = None
    ) -> Counts:
        """Return what `queue` would give in all, counted."""
        columns = (
            appeals.c.type_code,
            appeals.c.function,
            appeals.c.verdict_area,
            cases.c.kind,
            appeals.c.reasons,
        )
        query = (
            select(*columns, func.count().label("n"))
            .select_from(cases)
            .join(appeals, appeals.c.id == cases.c.appeal_id)
            .where(*waiting(filters or Filters(), now, user_id))
            .group_by(*columns)
        )
        taken = (
            select(func.count())
            .select_from(cases)
            .join(appeals, appeals.c.id == cases.c.appeal_id)
            .where(*waiting(filters or Filters(), now, user_id), cases.c.claimed_until > now)
        )
        found: dict[str, Counter[str]] = {
            name: Counter() for name in ("types", "functions", "areas", "reasons", "kinds")
        }
        total = 0
        with self._database.read() as connection:
            claimed = connection.execute(taken).scalar_one()
            for type_, function, area, kind, reasons, n in connection.execute(query):
                total += n
                found["types"][type_ or ""] += n
                found["functions"][function or ""] += n
                found["areas"][area or ""] += n
                found["kinds"][kind] += n
                for reason in reasons.split():
                    found["reasons"][reason] += n
        if found["kinds"]["objection"]:
            found["reasons"]["objection"] = found["kinds"]["objection"]
        ordered = {name: dict(counter.most_common()) for name, counter in found.items()}
        return Counts(total=total, claimed=claimed, **ordered)

    def case(self, case_id: int) -> Case | None:
        """Return a case, open or not."""
        with self._database.read() as connection:
            row = connection.execute(case_query().where(cases.c.id == case_id)).first()
        return case_of(row) if row is not None else None

    def cases_of(self, appeal_id: str) -> list[Case]:
        """Return every case of an appeal, oldest first."""
        query = case_query().where(cases.c.appeal_id == appeal_id).order_by(cases.c.id)
        with self._database.read() as connection:
            return [case_of(row) for row in connection.execute(query)]

    def claim(
        self, case_id: int, user_id: int, now: datetime, minutes: int = CLAIM_MINUTES
    ) -> bool:
        """Give a case to a supervisor for some minutes; False if it is not to be had.

        Claiming what one has makes it last longer. Of two at once only one gets it.
        """
        until = _until(now, minutes)
        with self._database.write() as connection:
            return _claim(connection, case_id, user_id, now, until)

    def claim_next(
        self,
        user_id: int,
        filters: Filters | None = None,
        *,
        now: datetime,
        minutes: int = CLAIM_MINUTES,
        after: int | None = None,
    ) -> Case | None:
        """Give a supervisor the most pressing case that is to be had, None if there is none.

        after: a case's id; those behind it come first, and at the end the queue begins anew.
        What the supervisor has already counts as to be had.
        """
        wanted = waiting(filters or Filters(), now, user_id)
        until = _until(now, minutes)
        with self._database.write() as connection:
            for condition in self._starts(connection, after):
                for found in _best(connection, [*wanted, *condition], _TRIES):
                    # On PostgreSQL somebody may be quicker between the query and this.
                    if _claim(connection, found.id, user_id, now, until):
                        row = connection.execute(case_query().where(cases.c.id == found.id)).one()
                        return case_of(row)
        return None

    def _starts(
        self, connection: Connection, after: int | None
    ) -> Iterable[list[ColumnElement[bool]]]:
        if after is not None:
            key = connection.execute(select(cases.c.rank).where(cases.c.id == after)).scalar()
            if key is not None:
                yield [behind(cursor(key, after))]
            yield [cases.c.id != after]
        else:
            yield []

    def release(self, case_id: int, user_id: int, *, force: bool = False) -> bool:
        """Give a case back to the queue; False if the supervisor did not have it.

        force: an administrator's, whoever has it.
        """
        mine: list[Any] = [] if force else [cases.c.claimed_by == user_id]
        with self._database.write() as connection:
            done = connection.execute(
                update(cases)
                .where(cases.c.id == case_id, cases.c.is_open, cases.c.claimed_by.is_not(None))
                .where(*mine)
                .values(claimed_by=None, claimed_until=None)
            )
            return done.rowcount == 1

    def claims(self, user_id: int, *, now: datetime) -> list[Case]:
        """Return the open cases that a supervisor has, the most pressing first."""
        wanted = [cases.c.is_open, cases.c.claimed_by == user_id, cases.c.claimed_until > now]
        with self._database.read() as connection:
            return _best(connection, wanted, MOST_ROWS)


def _best(connection: Connection, wanted: list[ColumnElement[bool]], limit: int) -> list[Case]:
    query = (
        case_query().where(*wanted).order_by(cases.c.rank.desc(), cases.c.id.desc()).limit(limit)
    )
    return [case_of(row) for row in connection.execute(query)]


def _claim(
    connection: Connection, case_id: int, user_id: int, now: datetime, until: datetime
) -> bool:
    done = connection.execute(
        update(cases)
        .where(
            cases.c.id == case_id,
            cases.c.is_open,
            cases.c.available_at <= now,
            free_for(user_id, now),
            ~reviewed_by(user_id),
        )
        .values(claimed_by=user_id, claimed_until=until)
    )
    return done.rowcount == 1


def _until(now: datetime, minutes: int) -> datetime:
    if not 1 <= minutes <= LONGEST_CLAIM:
        raise InputError("bad_claim", f"found {minutes} minutes, expected 1 to {LONGEST_CLAIM}")
    return now + timedelta(minutes=minutes)
