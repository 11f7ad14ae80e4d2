"""Where the store lies: a URL as given, or a file in the user's data directory."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from jiesu.errors import StoreError

FILE = "jiesu.db"
_POSTGRES = ("postgres", "postgresql", "postgresql+psycopg")


def data_directory() -> Path:
    """Return the folder of what jiesu keeps for its user: JIESU_DATA_DIR, else XDG's."""
    if named := os.environ.get("JIESU_DATA_DIR"):
        return Path(named)
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "jiesu"


def store_url(url: str | None = None) -> URL:
    """Return the URL of a store: `sqlite:///FILE` or `postgresql://…`; None is the default file.

    Makes a SQLite file and its folder, readable by their user alone. Raises StoreError `store_url`
    for another database and `store_down` where they cannot be made. A message never holds the
    password.
    """
    if not url:
        url = os.environ.get("JIESU_STORE") or f"sqlite:///{data_directory() / FILE}"
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise _unknown("what is no URL") from None
    if parsed.drivername in _POSTGRES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() != "sqlite":
        raise _unknown(f"the database {parsed.get_backend_name()!r}")
    if not parsed.database or parsed.database == ":memory:" or "mode=memory" in str(parsed):
        # Every connection would see a store of its own.
        raise _unknown("SQLite in memory")
    folder = Path(parsed.database).parent
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made before SQLite does, which would let others read it; its side files follow suit.
        Path(parsed.database).touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(
            "store_down", f"{parsed.database} cannot be made or written: {error.strerror}"
        ) from None
    return parsed


def _unknown(found: str) -> StoreError:
    return StoreError(
        "store_url", f"found {found}, expected sqlite:///FILE or postgresql://USER@HOST/NAME"
    )
