"""Every test of a store runs twice: on SQLite, and on a PostgreSQL started here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jiesu.store import Sampling, Store, open_store
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
def postgres_template(postgres: PostgresServer) -> str:
    """Return the name of a database with all tables and nothing in them."""
    url = postgres.new_database()
    open_store(url).close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a fresh store."""
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database(request.getfixturevalue("postgres_template"))


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
