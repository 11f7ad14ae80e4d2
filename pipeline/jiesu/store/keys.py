"""API keys of other systems: shown once, kept as hashes, with scopes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args

from sqlalchemy import Connection, Row, and_, insert, or_, select, update

from jiesu.errors import InputError, StoreError
from jiesu.store.database import Database
from jiesu.store.log import DecisionLog, Event
from jiesu.store.tables import api_keys
from jiesu.store.tokens import new_token, token_hash

Scope = Literal["score", "read", "review", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "jsk_"

_NAME = re.compile(r"[\w .@-]{1,64}")
_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. last_used: to the minute."""

    id: int
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    rotated_at: datetime | None
    revoked_at: datetime | None
    last_used: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the key still opens anything."""
        return self.revoked_at is None


class ApiKeys:
    """Makes keys and tells what a key may do. What it changes is in the decision log."""

    def __init__(self, database: Database, log: DecisionLog) -> None:
        self._database = database
        self._log = log

    def create(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        actor: str = "cli",
        now: datetime | None = None,
    ) -> str:
        """Return a new key, `jsk_…`, which nobody can read again.

        Raises InputError `bad_name` or `bad_scope`, StoreError `store_conflict` if the name is
        taken.
        """
        if not _NAME.fullmatch(name):
            raise InputError("bad_name", "expected a name of 1 to 64 letters, digits, or . _ - @")
        wanted = sorted(set(scopes))
        if not wanted or not set(wanted) <= set(SCOPES):
            raise InputError(
                "bad_scope", f"found the scopes {wanted}, expected some of {', '.join(SCOPES)}"
            )
        key, at = new_token(PREFIX), now or datetime.now(UTC)
        with self._database.write(chained=True) as connection:
            if connection.execute(select(api_keys.c.id).where(api_keys.c.name == name)).first():
                raise StoreError("store_conflict", f"a key {name} exists already")
            connection.execute(
                insert(api_keys).values(
                    name=name, scopes=" ".join(wanted), hash=token_hash(key), created_at=at
                )
            )
            self._note(connection, "key_created", actor, name, at, scopes=wanted)
        return key

    def verify(self, key: str, now: datetime) -> ApiKey | None:
        """Return what a key may do; None if it is unknown or revoked."""
        if not key.startswith(PREFIX):
            return None
        digest = token_hash(key)
        query = select(api_keys).where(
            api_keys.c.revoked_at.is_(None),
            or_(
                api_keys.c.hash == digest,
                and_(api_keys.c.previous == digest, api_keys.c.previous_until > now),
            ),
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.last_used is None or abs(now - row.last_used) >= _USED_EVERY:
            self._touch(row.id, now)
        return _key(row)

    def _touch(self, id: int, now: datetime) -> None:
        # The key has been found good; that its use cannot be noted must stop nobody.
        with suppress(StoreError), self._database.write() as connection:
            connection.execute(update(api_keys).where(api_keys.c.id == id).values(last_used=now))

    def rotate(
        self,
        key: int | str,
        *,
        overlap: timedelta = timedelta(0),
        actor: str = "cli",
        now: datetime | None = None,
    ) -> str:
        """Return a new secret for a key by id or name; the old one is good for `overlap` more.

        Raises StoreError `store_missing`, or `store_conflict` for a revoked key.
        """
        secret, at = new_token(PREFIX), now or datetime.now(UTC)
        with self._database.write(chained=True) as connection:
            row = _find(connection, key)
            if row.revoked_at is not None:
                raise StoreError("store_conflict", f"the key {row.name} is revoked")
            connection.execute(
                update(api_keys)
                .where(api_keys.c.id == row.id)
                .values(
                    hash=token_hash(secret),
                    previous=row.hash,
                    previous_until=at + overlap,
                    rotated_at=at,
                )
            )
            hours = overlap.total_seconds() / 3600
            self._note(connection, "key_rotated", actor, row.name, at, overlap_hours=hours)
        return secret

    def revoke(self, key: int | str, *, actor: str = "cli", now: datetime | None = None) -> None:
        """Make a key, by id or name, open nothing any more. Raises StoreError `store_missing`."""
        at = now or datetime.now(UTC)
        with self._database.write(chained=True) as connection:
            row = _find(connection, key)
            if row.revoked_at is None:
                connection.execute(
                    update(api_keys).where(api_keys.c.id == row.id).values(revoked_at=at)
                )
                self._note(connection, "key_revoked", actor, row.name, at)

    def get(self, key: int | str) -> ApiKey | None:
        """Return a key by id or name."""
        column = api_keys.c.id if isinstance(key, int) else api_keys.c.name
        with self._database.read() as connection:
            row = connection.execute(select(api_keys).where(column == key)).first()
        return _key(row) if row is not None else None

    def list(self) -> list[ApiKey]:
        """Return every key, by name, revoked ones too."""
        query = select(api_keys).order_by(api_keys.c.name)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def _note(
        self,
        connection: Connection,
        kind: str,
        actor: str,
        name: str,
        at: datetime,
        **details: Any,
    ) -> None:
        self._log.append_in(connection, [Event(kind, actor, f"key:{name}", details)], now=at)


def _find(connection: Connection, key: int | str) -> Row[Any]:
    column = api_keys.c.id if isinstance(key, int) else api_keys.c.name
    row = connection.execute(select(api_keys).where(column == key)).first()
    if row is None:
        raise StoreError("store_missing", f"there is no key {key}")
    return row


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        name=row.name,
        scopes=frozenset(cast("list[Scope]", row.scopes.split())),
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        revoked_at=row.revoked_at,
        last_used=row.last_used,
    )
