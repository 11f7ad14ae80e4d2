"""Browser sessions: a secret in a cookie, its hash here, and a secret for the forms."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from jiesu.errors import StoreError
from jiesu.store.database import Database
from jiesu.store.tables import sessions, users
from jiesu.store.tokens import new_token, token_hash
from jiesu.store.users import User, user_from

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(hours=24)
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is logged in. csrf: what every form must send back."""

    user: User
    csrf: str = field(repr=False)
    created_at: datetime
    last_seen: datetime


class Sessions:
    """Begins, finds and ends sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, user_id: int, now: datetime) -> str:
        """Return the secret of a new session. Raises StoreError `store_missing`."""
        token = new_token("jss_")
        with self._database.write() as connection:
            user = connection.execute(
                select(users.c.id).where(users.c.id == user_id, users.c.disabled_at.is_(None))
            ).first()
            if user is None:
                raise StoreError("store_missing", f"there is no active user {user_id}")
            connection.execute(delete(sessions).where(_is_over(now)))
            connection.execute(
                insert(sessions).values(
                    token=token_hash(token),
                    user_id=user_id,
                    csrf=new_token(""),
                    created_at=now,
                    last_seen=now,
                )
            )
        return token

    def get(self, token: str, now: datetime) -> Session | None:
        """Return a session that is neither over nor its user disabled; None otherwise.

        It is over 8 hours after it was last used and 24 after it began.
        """
        key = token_hash(token)
        query = (
            select(users, sessions.c.csrf, sessions.c.created_at.label("began"))
            .add_columns(sessions.c.last_seen)
            .join(sessions, sessions.c.user_id == users.c.id)
            .where(sessions.c.token == key, users.c.disabled_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        # Both ways: a clock that jumped far logs out, it does not prolong.
        if row is None or abs(now - row.began) >= ABSOLUTE or abs(now - row.last_seen) >= IDLE:
            return None
        if abs(now - row.last_seen) >= _SEEN_EVERY:
            self._touch(key, now)
        return Session(user_from(row), row.csrf, row.began, row.last_seen)

    def _touch(self, key: str, now: datetime) -> None:
        # A store that is full or busy can still be read: nobody is logged out for it.
        with suppress(StoreError), self._database.write() as connection:
            connection.execute(
                update(sessions).where(sessions.c.token == key).values(last_seen=now)
            )

    def revoke(self, token: str) -> None:
        """End a session; one that is unknown is no error."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token == token_hash(token)))

    def revoke_all(self, user_id: int) -> int:
        """End every session of a user and return how many there were."""
        with self._database.write() as connection:
            done = connection.execute(delete(sessions).where(sessions.c.user_id == user_id))
            return done.rowcount


def _is_over(now: datetime) -> Any:
    return or_(sessions.c.created_at <= now - ABSOLUTE, sessions.c.last_seen <= now - IDLE)
