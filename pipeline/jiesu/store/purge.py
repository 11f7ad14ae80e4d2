"""Retention: what is older than wanted is deleted, and the decision log says that it was."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, or_, select

from jiesu.store.database import Database
from jiesu.store.log import DecisionLog, Event
from jiesu.store.sessions import ABSOLUTE
from jiesu.store.tables import appeals, cases, login_links, reviews, sessions, verdicts

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Purged:
    """How much was deleted; `open_cases` of the appeals were still waiting for a supervisor."""

    appeals: int = 0
    verdicts: int = 0
    reviews: int = 0
    open_cases: int = 0

    def plus(self, other: Purged) -> Purged:
        """Return the sum of two."""
        return Purged(
            self.appeals + other.appeals,
            self.verdicts + other.verdicts,
            self.reviews + other.reviews,
            self.open_cases + other.open_cases,
        )


def purge(
    database: Database,
    log: DecisionLog,
    before: datetime,
    *,
    actor: str = "cli",
    now: datetime | None = None,
) -> Purged:
    """Delete appeals stored before a moment, with all that belongs to them; the log stays.

    In transactions of a thousand, so that scoring does not wait for the whole; each is in the
    log. Raises StoreError; what was deleted until then stays deleted.
    """
    at = now or datetime.now(UTC)
    total = Purged()
    while True:
        with database.write(chained=True) as connection:
            part = _delete(connection, before)
            if part.appeals:
                details = {"before": before.astimezone(UTC).isoformat(), **asdict(part)}
                log.append_in(connection, [Event("purge", actor, "appeals", details)], now=at)
        total = total.plus(part)
        if not part.appeals:
            break
    with database.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.created_at <= at - ABSOLUTE))
        over = or_(login_links.c.expires_at <= at, login_links.c.used_at.is_not(None))
        connection.execute(delete(login_links).where(over))
    database.forget()
    return total


def _delete(connection: Connection, before: datetime) -> Purged:
    query = select(appeals.c.id).where(appeals.c.stored_at < before).limit(_CHUNK)
    ids = [row.id for row in connection.execute(query)]
    if not ids:
        return Purged()
    counted = [
        connection.execute(
            select(func.count()).select_from(table).where(table.c.appeal_id.in_(ids), *extra)
        ).scalar_one()
        for table, extra in ((verdicts, ()), (reviews, ()), (cases, (cases.c.is_open,)))
    ]
    connection.execute(delete(appeals).where(appeals.c.id.in_(ids)))
    return Purged(len(ids), *counted)
