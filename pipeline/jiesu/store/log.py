"""The decision log: who decided what and when, each entry sealed by the hash of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select

from jiesu.store.database import Database
from jiesu.store.tables import decision_log, storable

FIRST = "0" * 64
"""What stands for the hash before the first entry."""

_PAGE = 5_000


class Event(NamedTuple):
    """What is to be logged. `details` are codes, ids and numbers, never text of an appeal."""

    kind: str
    actor: str
    subject: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. hash: sha256 of `previous` and of everything else here as canonical JSON."""

    seq: int
    at: datetime
    kind: str
    actor: str
    subject: str
    details: Mapping[str, Any]
    previous: str
    hash: str

    def expected_hash(self) -> str:
        """Return the hash that the entry must have."""
        content = {
            "seq": self.seq,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "kind": self.kind,
            "actor": self.actor,
            "subject": self.subject,
            "details": self.details,
        }
        return hashlib.sha256((self.previous + canonical(content)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first place where the log is not what was written: `missing`, `altered` or `cut`."""

    seq: int
    reason: str


def canonical(value: Any) -> str:
    """Return JSON with one spelling only: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


class DecisionLog:
    """Appends to the log and checks it. Triggers of the database refuse to change or delete."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        kind: str,
        actor: str,
        subject: str,
        details: Mapping[str, Any] | None = None,
        *,
        now: datetime | None = None,
    ) -> LogEntry:
        """Append one entry in a transaction of its own. Raises StoreError."""
        with self._database.write(chained=True) as connection:
            event = Event(kind, actor, subject, details or {})
            return self.append_in(connection, [event], now=now)[0]

    def append_in(
        self, connection: Connection, events: Sequence[Event], *, now: datetime | None = None
    ) -> list[LogEntry]:
        """Append entries in a transaction opened with `write(chained=True)`."""
        last = connection.execute(
            select(decision_log.c.seq, decision_log.c.hash)
            .order_by(decision_log.c.seq.desc())
            .limit(1)
        ).first()
        seq, previous = (last.seq, last.hash) if last else (0, FIRST)
        at = now or datetime.now(UTC)
        entries = []
        for event in events:
            seq += 1
            subject, actor = storable(event.subject), storable(event.actor)
            entry = LogEntry(seq, at, event.kind, actor, subject, event.details, previous, "")
            previous = entry.expected_hash()
            entries.append(replace(entry, hash=previous))
        if entries:
            connection.execute(insert(decision_log), [_columns(entry) for entry in entries])
        return entries

    def entries(
        self, *, after: int = 0, limit: int = 100, subject: str | None = None
    ) -> list[LogEntry]:
        """Return entries in order, from behind `after`; `subject` wants those of one thing."""
        query = select(decision_log).where(decision_log.c.seq > after)
        if subject is not None:
            query = query.where(decision_log.c.subject == subject)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(decision_log.c.seq).limit(limit))
            return [_entry(row) for row in rows]

    def head(self) -> tuple[int, str]:
        """Return how many entries there are and the last one's hash.

        Noted elsewhere, it shows later whether the end of the log was cut off.
        """
        with self._database.read() as connection:
            last = connection.execute(
                select(decision_log.c.seq, decision_log.c.hash)
                .order_by(decision_log.c.seq.desc())
                .limit(1)
            ).first()
        return (last.seq, last.hash) if last else (0, FIRST)

    def verify(self, *, head: tuple[int, str] | None = None) -> BrokenEntry | None:
        """Return the first entry that is missing or altered, None if all is as written.

        head: what `head` said earlier; the log must still hold that entry.
        """
        seq, previous = 0, FIRST
        noted = head is None or head == (0, FIRST)
        for entry in self._all():
            if entry.seq != seq + 1:
                return BrokenEntry(seq + 1, "missing")
            if entry.previous != previous or entry.hash != entry.expected_hash():
                return BrokenEntry(entry.seq, "altered")
            seq, previous = entry.seq, entry.hash
            if head is not None and seq == head[0]:
                if previous != head[1]:
                    return BrokenEntry(seq, "altered")
                noted = True
        return None if noted else BrokenEntry(seq + 1, "cut")

    def _all(self) -> Iterator[LogEntry]:
        after = 0
        while page := self.entries(after=after, limit=_PAGE):
            yield from page
            after = page[-1].seq


def _columns(entry: LogEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": entry.subject,
        "details": canonical(entry.details),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _entry(row: Row[Any]) -> LogEntry:
    return LogEntry(
        row.seq,
        row.at,
        row.kind,
        row.actor,
        row.subject,
        # An altered text need not be JSON any more; verifying must say so, not fail.
        _details(row.details),
        row.previous,
        row.hash,
    )


def _details(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return found if isinstance(found, dict) else {"unreadable": text}
