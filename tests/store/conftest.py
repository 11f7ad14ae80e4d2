"""Every test of a store runs twice: on SQLite, and on a PostgreSQL started here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from jiesu.store import Sampling, Store, open_store
from jiesu.store.migrate import HEAD
from jiesu.store.tables import metadata
from postgres_server import PostgresServer

NO_SAMPLING = Sampling(second=0.0, audit=0.0, seed="test")
OpenStore = Callable[..., Store]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with all tables and nothing in them."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def emptied(postgres: PostgresServer) -> Callable[[], str]:
    """Return a function that gives the URL of a database with all tables and nothing in them.

    It is one database all along, as far as the tests leave it whole: making one takes longer.
    """
    known: list[str] = []
    names = ", ".join(metadata.tables)
    # Only the owner of the table can do so; the triggers stop everybody else.
    reset = (
        "ALTER TABLE decision_log DISABLE TRIGGER ALL",
        f"TRUNCATE {names} RESTART IDENTITY CASCADE",
        "ALTER TABLE decision_log ENABLE TRIGGER ALL",
    )

    def give() -> str:
        if known:
            try:
                with psycopg.connect(known[0]) as connection:
                    for statement in reset:
                        connection.execute(statement)
                    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                if found == (HEAD,):
                    return known[0]
            except psycopg.Error:
                pass
        known[:] = [postgres.new_database()]
        open_store(known[0]).close()
        return known[0]

    return give


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a password cost next to nothing in stores opened from here on: argon2 is not tested."""
    monkeypatch.setattr(
        "jiesu.store.users.PasswordHasher",
        lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a fresh store."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    return str(request.getfixturevalue("emptied")())


@pytest.fixture
def opened(store_url: str) -> Iterator[OpenStore]:
    """Return a function that opens the fresh store, again if called again; all are closed."""
    stores: list[Store] = []

    def make(**options: object) -> Store:
        values = {"sampling": NO_SAMPLING, **options}
        stores.append(open_store(store_url, **values))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: OpenStore) -> Store:
    """Return a fresh store, without any drawing."""
    return opened()
