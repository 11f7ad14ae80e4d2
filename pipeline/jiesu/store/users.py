"""Supervisors and administrators: argon2id passwords, lockout, one-time login links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, cast, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, insert, select, update

from jiesu.errors import InputError, StoreError
from jiesu.store.database import Database
from jiesu.store.log import DecisionLog, Event
from jiesu.store.tables import login_links, sessions, storable, users
from jiesu.store.tokens import new_token, token_hash

Role = Literal["supervisor", "admin", "viewer"]
ROLES: tuple[Role, ...] = get_args(Role)

MOST_FAILURES = 5
LOCKED = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_024
LINK_MINUTES = 30

_NAME = re.compile(r"[\w.@-]{1,64}")


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in. locked_until: after too many failures."""

    id: int
    name: str
    role: Role
    has_password: bool
    created_at: datetime
    last_login: datetime | None
    locked_until: datetime | None
    disabled_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Whether the user may log in at all."""
        return self.disabled_at is None


class Users:
    """Creates users and tells who somebody is. What it changes is in the decision log."""

    def __init__(self, database: Database, log: DecisionLog) -> None:
        self._database = database
        self._log = log
        self._hasher = PasswordHasher()

    @cached_property
    def _nobody(self) -> str:
        # Verified where there is no such user, so that both answers take as long.
        return self._hasher.hash(new_token(""))

    def create(
        self,
        name: str,
        password: str | None,
        role: Role = "supervisor",
        *,
        actor: str = "cli",
        now: datetime | None = None,
    ) -> User:
        """Create a user; without a password, only a login link lets them in.

        Raises InputError `bad_name`, `bad_role` or `bad_password`, StoreError `store_conflict` if
        the name is taken.
        """
        if not _NAME.fullmatch(name):
            raise InputError("bad_name", "expected a name of 1 to 64 letters, digits, or . _ - @")
        _check_role(role)
        at = now or datetime.now(UTC)
        values: dict[str, Any] = {
            "name": name,
            "role": role,
            "password": None if password is None else self._hashed(password),
            "failures": 0,
            "created_at": at,
        }
        with self._database.write(chained=True) as connection:
            if connection.execute(select(users.c.id).where(users.c.name == name)).first():
                raise StoreError("store_conflict", f"a user {name} exists already")
            row = connection.execute(insert(users).values(**values).returning(users)).one()
            self._note(connection, "user_created", actor, name, {"role": role}, at)
            return user_from(row)

    def verify(self, name: str, password: str, now: datetime) -> User | None:
        """Return the user whose password this is; None otherwise, whatever the reason.

        After 5 failures in a row nobody gets in under the name for 15 minutes. Takes some 100 ms
        of a processor, by intent.
        """
        held = self._charge(storable(name), now)
        stored = held.password if held is not None and held.password else self._nobody
        is_right = self._matches(stored, password) and held is not None and bool(held.password)
        if not is_right or held is None:
            return None
        values: dict[str, Any] = {"failures": 0, "locked_until": None, "last_login": now}
        if self._hasher.check_needs_rehash(stored):
            values["password"] = self._hasher.hash(password)
        with self._database.write() as connection:
            # A password changed or a user disabled meanwhile must win.
            done = connection.execute(
                update(users)
                .where(
                    users.c.id == held.id,
                    users.c.disabled_at.is_(None),
                    users.c.password == held.password,
                )
                .values(**values)
            )
            return user_from(_by_id(connection, held.id)) if done.rowcount == 1 else None

    def _charge(self, name: str, now: datetime) -> Row[Any] | None:
        """Count an attempt before it is made, so that many at once are not more than five.

        None if the name is unknown, locked or disabled.
        """
        # A lock that ends later than any can was made by a clock that ran ahead.
        with self._database.write() as connection:
            row = connection.execute(
                select(users).where(users.c.name == name).with_for_update()
            ).first()
            if row is None or row.disabled_at is not None:
                return None
            locked = row.locked_until
            if locked is not None and now < locked <= now + LOCKED:
                return None
            failures = 1 if locked is not None else row.failures + 1
            connection.execute(
                update(users)
                .where(users.c.id == row.id)
                .values(
                    failures=failures,
                    locked_until=now + LOCKED if failures >= MOST_FAILURES else None,
                )
            )
            return row

    def get(self, user: int | str) -> User | None:
        """Return a user by id or name."""
        column = users.c.id if isinstance(user, int) else users.c.name
        with self._database.read() as connection:
            row = connection.execute(select(users).where(column == user)).first()
        return user_from(row) if row is not None else None

    def list(self) -> list[User]:
        """Return every user, by name."""
        with self._database.read() as connection:
            return [
                user_from(row) for row in connection.execute(select(users).order_by(users.c.name))
            ]

    def set_password(
        self, user: int | str, password: str, *, actor: str = "cli", now: datetime | None = None
    ) -> None:
        """Give a user another password; lift a lock, and end every session of theirs.

        Raises InputError `bad_password`, StoreError `store_missing`.
        """
        values = {"password": self._hashed(password), "failures": 0, "locked_until": None}
        self._change(user, values, "password_set", {}, actor, now)

    def set_role(
        self, user: int | str, role: Role, *, actor: str = "cli", now: datetime | None = None
    ) -> None:
        """Give a user another role, and end every session of theirs."""
        _check_role(role)
        self._change(user, {"role": role}, "role_set", {"role": role}, actor, now)

    def disable(self, user: int | str, *, actor: str = "cli", now: datetime | None = None) -> None:
        """Let a user in no more; reviews of theirs stay. Raises StoreError `store_missing`."""
        at = now or datetime.now(UTC)
        self._change(user, {"disabled_at": at}, "user_disabled", {}, actor, at)

    def enable(self, user: int | str, *, actor: str = "cli", now: datetime | None = None) -> None:
        """Let a disabled user in again."""
        values = {"disabled_at": None, "failures": 0, "locked_until": None}
        self._change(user, values, "user_enabled", {}, actor, now)

    def link(
        self,
        user: int | str,
        *,
        now: datetime,
        minutes: int = LINK_MINUTES,
        actor: str = "cli",
    ) -> str:
        """Return a token that lets a user in once, within `minutes`. It is shown here only."""
        token = new_token("jsl_")
        with self._database.write(chained=True) as connection:
            row = _active(connection, user)
            connection.execute(
                insert(login_links).values(
                    token=token_hash(token),
                    user_id=row.id,
                    created_at=now,
                    expires_at=now + timedelta(minutes=minutes),
                )
            )
            self._note(connection, "login_link", actor, row.name, {"minutes": minutes}, now)
        return token

    def redeem(self, token: str, now: datetime) -> User | None:
        """Return the user whom an unused link lets in, and use it up; None otherwise."""
        with self._database.write() as connection:
            key = token_hash(token)
            # A link made by a clock that ran ahead is not yet valid.
            done = connection.execute(
                update(login_links)
                .where(
                    login_links.c.token == key,
                    login_links.c.used_at.is_(None),
                    login_links.c.created_at <= now + timedelta(minutes=LINK_MINUTES),
                    login_links.c.expires_at > now,
                )
                .values(used_at=now)
            )
            if done.rowcount != 1:
                return None
            row = connection.execute(
                select(users)
                .join(login_links, login_links.c.user_id == users.c.id)
                .where(login_links.c.token == key, users.c.disabled_at.is_(None))
            ).first()
            if row is None:
                return None
            connection.execute(update(users).where(users.c.id == row.id).values(last_login=now))
            return user_from(_by_id(connection, row.id))

    def _change(
        self,
        user: int | str,
        values: Mapping[str, Any],
        kind: str,
        details: Mapping[str, Any],
        actor: str,
        now: datetime | None,
    ) -> None:
        at = now or datetime.now(UTC)
        with self._database.write(chained=True) as connection:
            row = _find(connection, user)
            connection.execute(update(users).where(users.c.id == row.id).values(**values))
            connection.execute(delete(sessions).where(sessions.c.user_id == row.id))
            connection.execute(
                delete(login_links).where(
                    login_links.c.user_id == row.id, login_links.c.used_at.is_(None)
                )
            )
            self._note(connection, kind, actor, row.name, details, at)

    def _note(
        self,
        connection: Connection,
        kind: str,
        actor: str,
        name: str,
        details: Mapping[str, Any],
        at: datetime,
    ) -> None:
        self._log.append_in(connection, [Event(kind, actor, f"user:{name}", details)], now=at)

    def _hashed(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise InputError(
                "bad_password",
                f"found a password of {len(password)} characters, expected "
                f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD}",
            )
        return self._hasher.hash(password.encode("utf-8", "surrogatepass"))

    def _matches(self, stored: str, password: str) -> bool:
        given = password[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass")
        try:
            return self._hasher.verify(stored, given)
        except (VerificationError, InvalidHashError):
            return False


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise InputError("bad_role", f"found the role {role!r}, expected one of {', '.join(ROLES)}")


def _find(connection: Connection, user: int | str) -> Row[Any]:
    column = users.c.id if isinstance(user, int) else users.c.name
    row = connection.execute(select(users).where(column == user)).first()
    if row is None:
        raise StoreError("store_missing", f"there is no user {user}")
    return row


def _active(connection: Connection, user: int | str) -> Row[Any]:
    row = _find(connection, user)
    if row.disabled_at is not None:
        raise StoreError("store_conflict", f"the user {row.name} is disabled")
    return row


def _by_id(connection: Connection, key: int) -> Row[Any]:
    return connection.execute(select(users).where(users.c.id == key)).one()


def user_from(row: Row[Any]) -> User:
    """Return a row of users."""
    return User(
        id=row.id,
        name=row.name,
        role=cast("Role", row.role),
        has_password=row.password is not None,
        created_at=row.created_at,
        last_login=row.last_login,
        locked_until=row.locked_until,
        disabled_at=row.disabled_at,
    )
