"""Opening a store: where it lies, how it is made and brought up to date, what is refused."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from jiesu.errors import StoreError
from jiesu.store import Store, open_store
from jiesu.store.location import data_directory
from jiesu.store.location import store_url as url_of
from jiesu.store.migrate import HEAD, SCRIPTS
from jiesu.store.tables import metadata
from postgres_server import PostgresServer
from store_rows import scored

OPEN = "import sys; from jiesu.store import open_store; open_store(sys.argv[1]).close()"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("JIESU_STORE", "JIESU_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_first_run_makes_the_file_in_the_users_data_directory(home: Path) -> None:
    with open_store() as store:
        store.ping()
        store.appeals.put([scored("1")])
        path = home / ".local" / "share" / "jiesu" / "jiesu.db"
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with open_store() as again:
        assert again.appeals.count() == 1


@pytest.mark.parametrize(
    ("variables", "expected", "reason"),
    [
        ({}, ".local/share/jiesu", "the usual place"),
        ({"XDG_DATA_HOME": "xdg"}, "xdg/jiesu", "the user has moved it"),
        ({"JIESU_DATA_DIR": "own", "XDG_DATA_HOME": "xdg"}, "own", "named for jiesu alone"),
    ],
)
def test_where_the_data_directory_is(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    expected: str,
    reason: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, str(home / value))
    assert data_directory() == home / expected, reason


def test_the_environment_names_the_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_STORE", f"sqlite:///{home}/here.db")
    open_store().close()
    assert (home / "here.db").is_file()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_usual_spellings_of_postgresql(scheme: str) -> None:
    assert url_of(f"{scheme}://u:p@h/d").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://u:geheim@h/d", "another database"),
        ("no url:geheim", "no URL"),
        ("sqlite://", "in memory: every connection would have its own"),
        ("sqlite:///:memory:", "the same, spelled out"),
        ("sqlite:///file:x?mode=memory&uri=true", "the same, as a URI"),
    ],
)
def test_what_is_no_store_is_refused(url: str, reason: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    assert caught.value.code == "store_url", reason
    assert "geheim" not in caught.value.message


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("路灯坏了" * 1000, "utf-8")
    with pytest.raises(StoreError) as caught:
        open_store(f"sqlite:///{path}")
    assert caught.value.code == "store_error"
    assert "路灯" not in caught.value.message


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        open_store(f"sqlite:///{tmp_path}/file/store.db")
    assert caught.value.code == "store_down"


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://jiesu:geheim@127.0.0.1:1/jiesu")
    assert caught.value.code == "store_down"
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_migrations_make_exactly_the_tables(store: Store, store_url: str) -> None:
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_stores_are_brought_to() -> None:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_store_of_a_later_version_is_refused(store: Store, store_url: str) -> None:
    engine = create_engine(url_of(store_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match="9999") as caught:
        open_store(store_url)
    assert caught.value.code == "store_version"


def test_several_processes_may_open_a_new_store_at_once(
    tmp_path: Path, postgres: PostgresServer, child_env: dict[str, str]
) -> None:
    for url in (f"sqlite:///{tmp_path}/store.db", postgres.new_database()):
        command = [sys.executable, "-c", OPEN, url]
        children = [
            subprocess.Popen(command, env=child_env, stderr=subprocess.PIPE) for _ in range(3)
        ]
        for child in children:
            _, said = child.communicate(timeout=180)
            assert child.returncode == 0, said.decode()
        open_store(url).close()


def test_a_closed_store_opens_again(opened: Callable[..., Store]) -> None:
    first = opened()
    first.appeals.put([scored("1")])
    first.close()
    assert opened().appeals.count() == 1
