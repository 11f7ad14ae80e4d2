"""One database, either kind: connections, transactions, and its errors as StoreError."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jiesu.errors import StoreError

BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_IDLE_SECONDS = 60
_POOL = 5
_OVERFLOW = 15
_CHAIN_LOCK = 0x6A69657375  # "jiesu": the advisory lock of writers of the decision log
_LOGGER = "sqlalchemy.engine.Engine.jiesu"
_BUSY_STATES = ("40001", "40P01", "55P03", "57014")


class Database:
    """Hands out transactions. Threads may share it; a fork must make its own."""

    def __init__(self, url: URL) -> None:
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = create_engine(
            url,
            # Parameters are texts of appeals: no error and no log may show them.
            hide_parameters=True,
            logging_name=_LOGGER.rpartition(".")[2],
            pool_pre_ping=not self.is_sqlite,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_timeout=BUSY_SECONDS,
            connect_args={"timeout": BUSY_SECONDS} if self.is_sqlite else _postgres(url),
        )
        logging.getLogger(_LOGGER).addFilter(_no_rows)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state of the store. Raises StoreError."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def write(self, *, chained: bool = False) -> Iterator[Connection]:
        """Open a transaction that is committed, to the disk, when the block ends.

        chained: it appends to the decision log, so writers of the log wait for one another.
        Raises StoreError; then nothing of the block is stored.
        """
        with self._transaction(writes=True) as connection:
            if chained and not self.is_sqlite:
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _CHAIN_LOCK}
                )
            yield connection

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                connection.execution_options(jiesu_writes=writes)
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            # The database's own words may quote a row, so they go no further.
            raise store_error(error) from None

    def forget(self) -> None:
        """Make sure that what was deleted is in no side file of SQLite either."""
        if not self.is_sqlite:
            return
        with suppress(SQLAlchemyError), self.engine.connect() as connection:
            # A reader may hold it up; the next checkpoint does the rest.
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _postgres(url: URL) -> dict[str, Any]:
    """Return how to connect so that nothing waits for ever: for the server, a lock, a dead peer."""
    seconds = {"lock_timeout": BUSY_SECONDS, "idle_in_transaction_session_timeout": _IDLE_SECONDS}
    options = " ".join(f"-c {name}={value * 1000}" for name, value in seconds.items())
    return {
        "connect_timeout": _CONNECT_SECONDS,
        "application_name": "jiesu",
        "tcp_user_timeout": BUSY_SECONDS * 1000,
        # What the URL says beats it.
        **({} if "options" in url.query else {"options": options}),
    }


def _no_rows(record: logging.LogRecord) -> bool:
    """Keep out of every log what SQLAlchemy tells at debug level: whole rows, so texts."""
    return record.levelno > logging.DEBUG


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own idea of transactions begins them too late for a lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # acknowledged means: survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is purged is gone from the file
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A reader that becomes a writer half-way cannot wait for its turn: writers say so at once.
    writes = connection.get_execution_options().get("jiesu_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def store_error(error: SQLAlchemyError) -> StoreError:
    """Return what a database said as an error of the store, without any of its words."""
    cause = getattr(error, "orig", None)
    name = getattr(cause, "sqlite_errorname", None) or type(cause or error).__name__
    state = getattr(cause, "sqlstate", None) or ""
    if isinstance(error, IntegrityError):
        return StoreError("store_conflict", f"the store refused contradicting data ({name})")
    if name == "SQLITE_FULL" or state == "53100":
        return StoreError("store_full", f"the store's disk is full ({name})")
    if (
        isinstance(error, PoolTimeout)
        or name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
        or state in _BUSY_STATES
    ):
        return StoreError("store_busy", f"the store is busy ({name})")
    if isinstance(error, OperationalError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    ):
        return StoreError("store_down", f"the store cannot be reached or written ({name})")
    return StoreError("store_error", f"the store failed ({name})")
