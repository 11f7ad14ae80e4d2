"""Appeals and their verdicts: redacted, every version kept, one record an id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, exists, func, insert, select, tuple_, update

from jiesu.errors import StoreError
from jiesu.schema import Tier, Verdict
from jiesu.store import incoming
from jiesu.store.database import Database
from jiesu.store.draw import Sampling
from jiesu.store.incoming import Incoming, Scored
from jiesu.store.log import DecisionLog, Event
from jiesu.store.paging import Page, cursor, moment_place
from jiesu.store.records import AppealRecord, Stored, VerdictRecord, appeal_record, verdict_record
from jiesu.store.tables import appeals, cases, idempotency, storable, verdicts
from jiesu.store.vault import Vault

_CHUNK = 500

_LATEST = select(appeals, verdicts.c.body).join(
    verdicts,
    and_(verdicts.c.appeal_id == appeals.c.id, verdicts.c.version == appeals.c.version),
)


class _Known(NamedTuple):
    """What the store holds under an id."""

    text_hash: str
    hashed_with: str
    text: str
    verdict: Verdict


class Appeals:
    """Stores what was scored and gives it back."""

    def __init__(
        self,
        database: Database,
        log: DecisionLog,
        vault: Vault,
        *,
        store_original: bool = False,
        sampling: Sampling,
    ) -> None:
        self._database = database
        self._log = log
        self._vault = vault
        self._store_original = store_original
        self._sampling = sampling

    def put(self, rows: Sequence[Scored], *, now: datetime | None = None) -> list[Stored]:
        """Store a batch in one transaction and say of each row, in order, what became of it.

        `new`; `same`: the id (or the idempotency key) is known with this text, and the verdict
        returned is the stored one; `conflict`: it is known with another text, and nothing of the
        row is stored. What needs a supervisor becomes a case of the queue, what is decided
        automatically one in a while. Raises InputError `bad_id` or StoreError; then nothing of
        the batch is stored.
        """
        at = now or datetime.now(UTC)
        prepared = [
            incoming.prepare(row, self._vault, at, keep_original=self._store_original)
            for row in rows
        ]
        if not prepared:
            return []
        with self._database.write(chained=True) as connection:
            keys = self._known_keys(connection, prepared)
            known = self._known(connection, {*(one.id for one in prepared), *keys.values()})
            fresh: list[Incoming] = []
            stored = [self._settle(one, known, keys, fresh) for one in prepared]
            self._insert(connection, fresh, prepared, stored, at)
        return stored

    def _settle(
        self,
        one: Incoming,
        known: dict[str, _Known],
        keys: dict[str, str],
        fresh: list[Incoming],
    ) -> Stored:
        key = keys.get(one.digest) if one.digest else None
        target = key if key is not None else one.id
        if (found := known.get(target)) is not None:
            if not self._is_same(one, found):
                return Stored(target, "conflict", None)
            if one.digest:
                keys[one.digest] = target
            return Stored(target, "same", found.verdict)
        fresh.append(one)
        known[one.id] = _Known(
            one.columns["text_hash"], self._vault.name, one.columns["text"], one.verdict
        )
        if one.digest:
            keys[one.digest] = one.id
        return Stored(one.id, "new", one.verdict)

    def _is_same(self, one: Incoming, found: _Known) -> bool:
        if found.hashed_with == self._vault.name:
            return bool(found.text_hash == one.columns["text_hash"])
        # Hashed with another key: what both have in common is the text without personal data.
        return found.text == storable(one.columns["text"])

    def _insert(
        self,
        connection: Connection,
        fresh: Sequence[Incoming],
        prepared: Sequence[Incoming],
        stored: Sequence[Stored],
        at: datetime,
    ) -> None:
        if fresh:
            connection.execute(insert(appeals), [one.columns for one in fresh])
            connection.execute(insert(verdicts), [one.version for one in fresh])
            opened = [case for one in fresh if (case := incoming.case(one, self._sampling, at))]
            if opened:
                connection.execute(insert(cases), opened)
            self._log.append_in(connection, [_verdict_event(one) for one in fresh], now=at)
        self._remember_keys(connection, prepared, stored)

    def _known_keys(self, connection: Connection, rows: Sequence[Incoming]) -> dict[str, str]:
        digests = sorted({one.digest for one in rows if one.digest})
        query = select(idempotency.c.digest, idempotency.c.appeal_id)
        return {
            row.digest: row.appeal_id
            for part in _chunks(digests)
            for row in connection.execute(query.where(idempotency.c.digest.in_(part)))
        }

    def _remember_keys(
        self, connection: Connection, rows: Sequence[Incoming], stored: Sequence[Stored]
    ) -> None:
        wanted = {
            one.digest: done.id
            for one, done in zip(rows, stored, strict=True)
            if one.digest and done.outcome != "conflict"
        }
        held = self._known_keys(connection, rows)
        added = [
            {"digest": digest, "appeal_id": key}
            for digest, key in wanted.items()
            if digest not in held
        ]
        if added:
            connection.execute(insert(idempotency), added)

    def _known(self, connection: Connection, ids: set[str]) -> dict[str, _Known]:
        return {
            row.id: _Known(
                row.text_hash,
                row.hashed_with,
                row.text,
                Verdict.model_validate_json(row.body),
            )
            for part in _chunks(sorted(ids))
            for row in connection.execute(_LATEST.where(appeals.c.id.in_(part)))
        }

    def get(self, id: str) -> AppealRecord | None:
        """Return an appeal with its latest verdict, None if there is none."""
        return self.get_many([id]).get(storable(id))

    def get_many(self, ids: Sequence[str]) -> dict[str, AppealRecord]:
        """Return those of several appeals that are stored, by id."""
        wanted = sorted({storable(id) for id in ids})
        with self._database.read() as connection:
            return {
                row.id: appeal_record(row)
                for part in _chunks(wanted)
                for row in connection.execute(_LATEST.where(appeals.c.id.in_(part)))
            }

    def history(self, id: str) -> list[VerdictRecord]:
        """Return every verdict that an appeal has had, oldest first; empty if there is none."""
        query = select(verdicts).where(verdicts.c.appeal_id == storable(id))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(verdicts.c.version))
            return [verdict_record(row) for row in rows]

    def add_verdict(
        self, id: str, verdict: Verdict, *, tier: Tier | None = None, now: datetime | None = None
    ) -> VerdictRecord:
        """Add a later verdict of a stored appeal, such as another bundle's.

        It must not name personal data: score with `redact`, and `masked` does the rest. A case is
        opened if it asks for a review and none is open. Raises StoreError `store_missing`.
        """
        at = now or datetime.now(UTC)
        with self._database.write(chained=True) as connection:
            row = connection.execute(
                select(appeals.c.version, appeals.c.received, appeals.c.stored_at).where(
                    appeals.c.id == storable(id)
                )
            ).first()
            if row is None:
                raise StoreError("store_missing", "no appeal is stored under this id")
            # The later of two at once waits here for the earlier, and sees its version.
            done = connection.execute(
                update(appeals)
                .where(appeals.c.id == storable(id), appeals.c.version == row.version)
                .values(version=row.version + 1, **incoming.summary(verdict))
            )
            if done.rowcount != 1:
                raise StoreError("store_busy", "another verdict of this appeal came first")
            one = incoming.later(
                storable(id), verdict, tier=tier, version=row.version + 1, at=at, row=row
            )
            connection.execute(insert(verdicts), [one.version])
            _reopen(connection, one, at)
            self._log.append_in(connection, [_verdict_event(one)], now=at)
        version = one.version
        return VerdictRecord(version["version"], verdict, version["tier"], version["bundle"], at)

    def original(self, id: str, *, actor: str, now: datetime | None = None) -> str | None:
        """Return the text as it came, None if it was not kept. Who reads it is logged.

        Raises StoreError `store_key` without the key that it was encrypted with.
        """
        with self._database.write(chained=True) as connection:
            token = connection.execute(
                select(appeals.c.original).where(appeals.c.id == storable(id))
            ).scalar()
            if token is None:
                return None
            text = self._vault.decrypt(token)
            self._log.append_in(connection, [Event("original_read", actor, id, {})], now=now)
        return text

    def page(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        type: str | None = None,
        function: str | None = None,
        is_open: bool | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[AppealRecord]:
        """Return appeals, those received last first; `after` is the cursor of the page before.

        since, until: when they were received. is_open: whether a supervisor has yet to decide.
        Raises InputError `bad_cursor`.
        """
        query = _LATEST
        if since is not None:
            query = query.where(appeals.c.received >= since)
        if until is not None:
            query = query.where(appeals.c.received < until)
        if type is not None:
            query = query.where(appeals.c.type_code == type)
        if function is not None:
            query = query.where(appeals.c.function == function)
        if is_open is not None:
            waits = _has_open_case()
            query = query.where(waits if is_open else ~waits)
        if after is not None:
            moment, id = moment_place(after)
            query = query.where(tuple_(appeals.c.received, appeals.c.id) < tuple_(moment, id))
        query = query.order_by(appeals.c.received.desc(), appeals.c.id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            found = [appeal_record(row) for row in connection.execute(query)]
        more = len(found) > limit
        found = found[:limit]
        last = found[-1] if found else None
        return Page(found, cursor(last.received.isoformat(), last.id) if more and last else None)

    def open_ids(self, ids: Sequence[str]) -> set[str]:
        """Return those of several appeals that a supervisor has yet to decide."""
        query = select(cases.c.appeal_id).where(cases.c.is_open).distinct()
        with self._database.read() as connection:
            return {
                row.appeal_id
                for part in _chunks(sorted({storable(id) for id in ids}))
                for row in connection.execute(query.where(cases.c.appeal_id.in_(part)))
            }

    def count(self) -> int:
        """Return how many appeals are stored."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(appeals)).scalar_one()


def _reopen(connection: Connection, one: Incoming, at: datetime) -> None:
    """Put the case of a later verdict where it now belongs, or open one if none is open."""
    is_open = (cases.c.appeal_id == one.id) & cases.c.is_open
    opened = incoming.case(one, Sampling(0, 0), at)
    if opened is None:
        return
    if connection.execute(select(cases.c.id).where(is_open)).first() is None:
        connection.execute(insert(cases), [opened])
    else:
        usual = is_open & (cases.c.kind == "review")
        connection.execute(update(cases).where(usual).values(rank=opened["rank"]))


def _has_open_case() -> Any:
    return exists().where(cases.c.appeal_id == appeals.c.id, cases.c.is_open)


def _verdict_event(one: Incoming) -> Event:
    decision = one.verdict.decision
    details: Mapping[str, Any] = {
        "version": one.version["version"],
        "action": decision.action,
        "reasons": list(decision.reasons),
        "type": one.verdict.type.code,
        "function": one.verdict.dispatch.function,
        "disposition": one.verdict.disposition.code,
        "bundle": one.version["bundle"],
        "tier": one.version["tier"],
        "verdict": one.body_hash,
    }
    return Event("verdict", "model", one.id, details)


def _chunks(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
