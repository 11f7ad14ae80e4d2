"""The tables, once for SQLite and PostgreSQL. Migrations make them; a test holds both equal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

from jiesu.corpus.record import clean

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; always UTC when read back. SQLite has none and keeps UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment as the database takes it; a time without zone is a mistake."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("found a time without zone, expected a moment")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database gave as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """A text that both databases can hold: no NUL, no lone surrogate, every offset kept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace what cannot be written by U+FFFD, one for one."""
        return None if value is None else storable(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as stored."""
        return value


def storable(text: str) -> str:
    """Return a text as the store holds it: what no database can write becomes U+FFFD."""
    return clean(text).replace("\x00", "\ufffd")


metadata = MetaData(naming_convention=NAMING)


def _id() -> Column[int]:
    # SQLite gives ids of its own only to INTEGER keys.
    return Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )


def _appeal(*, primary_key: bool = False) -> Column[Any]:
    return Column(
        "appeal_id",
        Words,
        ForeignKey("appeals.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

appeals = Table(
    "appeals",
    metadata,
    Column("id", Words, primary_key=True),
    Column("text", Words, nullable=False),
    Column("is_transcript", Boolean, nullable=False),
    Column("text_hash", String(64), nullable=False),
    # Which secret the hash was made with: it changes when the key of the store does.
    Column("hashed_with", String(16), nullable=False),
    Column("original", LargeBinary, nullable=True),
    Column("title", Words, nullable=True),
    Column("address", Words, nullable=True),
    Column("channel", Words, nullable=True),
    Column("area", Words, nullable=True),
    Column("subdistrict", Words, nullable=True),
    Column("registered_type", Words, nullable=True),
    Column("related_ids", Words, nullable=False),
    Column("received_at", Words, nullable=True),
    Column("received", Moment, nullable=False),
    # Of receipt, in Beijing.
    Column("day", String(10), nullable=False),
    Column("hour", Integer, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("key_id", BigInteger, nullable=True),
    # Of the latest verdict, for filters and figures.
    Column("version", Integer, nullable=False),
    Column("type_code", String(32), nullable=True),
    Column("function", Words, nullable=True),
    Column("unit", Words, nullable=True),
    Column("verdict_area", Words, nullable=True),
    Column("disposition", String(32), nullable=False),
    Column("action", String(16), nullable=False),
    Column("reasons", Words, nullable=False),
    Column("flagged", Boolean, nullable=False),
    Column("risk", String(16), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("bundle", Words, nullable=False),
    Index(None, "stored_at"),
    Index(None, "received", "id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("digest", String(64), primary_key=True),
    _appeal(),
    Index(None, "appeal_id"),
)

verdicts = Table(
    "verdicts",
    metadata,
    _appeal(primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("tier", String(16), nullable=False),
    Column("bundle", Words, nullable=False),
    Column("body", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    _id(),
    _appeal(),
    Column("kind", String(16), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("rank", Float, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("available_at", Moment, nullable=False),
    Column("closed_at", Moment, nullable=True),
    # The case whose decision opened this one.
    Column("parent_id", BigInteger, nullable=True),
    Column("claimed_by", BigInteger, nullable=True),
    Column("claimed_until", Moment, nullable=True),
    # Read backwards, this is the order of the queue.
    Index(None, "is_open", "rank", "id"),
    Index(None, "appeal_id"),
    Index(None, "parent_id"),
    Index(None, "claimed_by"),
)

answers = Table(
    "answers",
    metadata,
    _appeal(primary_key=True),
    Column("labels", Words, nullable=False),
    Column("created_at", Moment, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    _id(),
    _appeal(),
    Column("case_id", BigInteger, ForeignKey("cases.id", ondelete="CASCADE"), nullable=True),
    Column("kind", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("user_id", BigInteger, nullable=True),
    Column("key_id", BigInteger, nullable=True),
    Column("action", String(16), nullable=False),
    Column("changes", Words, nullable=False),
    Column("comment", Words, nullable=False),
    Column("bundle", Words, nullable=False),
    # What the verdict said, and what the reviewer left it as: JSON of type, unit, disposition.
    Column("shown", Words, nullable=False),
    Column("final", Words, nullable=False),
    Column("is_override", Boolean, nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("undone_at", Moment, nullable=True),
    Index(None, "appeal_id"),
    Index(None, "case_id"),
    Index(None, "decided_at"),
    Index(None, "user_id"),
)

decision_log = Table(
    "decision_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("details", Words, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "subject"),
)

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password", Text, nullable=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Moment, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("last_login", Moment, nullable=True),
    Column("disabled_at", Moment, nullable=True),
    UniqueConstraint("name"),
)


def _user() -> Column[Any]:
    return Column("user_id", BigInteger, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


login_links = Table(
    "login_links",
    metadata,
    Column("token", String(64), primary_key=True),
    _user(),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    _user(),
    Column("csrf", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index(None, "user_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    Column("name", String(64), nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("previous", String(64), nullable=True),
    Column("previous_until", Moment, nullable=True),
    Column("created_at", Moment, nullable=False),
    Column("rotated_at", Moment, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Column("last_used", Moment, nullable=True),
    UniqueConstraint("name"),
    UniqueConstraint("hash"),
    Index(None, "previous"),
)
