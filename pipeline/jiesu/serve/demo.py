"""The demonstration: the sample appeals as if they had come in lately, and a service of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from jiesu.corpus.read import Row
from jiesu.engine import Engine
from jiesu.serve.server import listen, work
from jiesu.serve.settings import ServeSettings, load_serve_settings
from jiesu.serve.supervisor import FIRST_ADMIN, login_address
from jiesu.store import Scored, open_store

FILE = "jiesu.db"
_BEIJING = timezone(timedelta(hours=8))


def store_url(folder: Path) -> str:
    """Return the URL of the demonstration's store in a folder."""
    return f"sqlite:///{(folder / FILE).resolve()}"


def recent(rows: Sequence[Row], now: datetime) -> list[Row]:
    """Return rows moved by whole days, so that the latest was received within the last day.

    Otherwise every time limit would have ended years ago. Rows without a time stay as they are.
    """
    local = now.astimezone(_BEIJING).replace(tzinfo=None)
    times = [
        datetime.fromisoformat(row.appeal.received_at)
        for row in rows
        if row.appeal is not None and row.appeal.received_at
    ]
    if not times:
        return list(rows)
    shift = timedelta(days=(local - max(times)).days)
    moved = []
    for row in rows:
        appeal = row.appeal
        if appeal is not None and appeal.received_at:
            at = datetime.fromisoformat(appeal.received_at) + shift
            appeal = appeal.model_copy(update={"received_at": at.isoformat()})
        moved.append(replace(row, appeal=appeal))
    return moved


def fill(folder: Path, engine: Engine, rows: Sequence[Row], now: datetime) -> int:
    """Store the verdicts of recent rows, unless the folder's store has some; return how many wait.

    Raises StoreError.
    """
    with open_store(store_url(folder)) as store:
        if store.appeals.count() == 0:
            moved = recent(rows, now)
            verdicts = engine.stream(moved, redact=True)
            scored = [
                Scored(row.appeal, verdict)
                for row, verdict in zip(moved, verdicts, strict=True)
                if row.appeal is not None
            ]
            store.appeals.put(scored, now=now)
        return store.reviews.counts(now=now).total


def settings_of(folder: Path) -> ServeSettings:
    """Return how the demonstration is served: on a free port of this machine."""
    return load_serve_settings(
        host="127.0.0.1",
        port=0,
        workers=1,
        store=store_url(folder),
        lame_duck=0.0,
        log_level="warning",
    )


class Demonstration:
    """A service on a free loopback port. address: where; link: lets an administrator in once."""

    def __init__(self, folder: Path) -> None:
        self._settings = settings_of(folder)
        self._listener = listen(self._settings)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        now = datetime.now(UTC)
        with open_store(self._settings.store) as store:
            admin = store.users.get(FIRST_ADMIN)
            if admin is None:
                admin = store.users.create(FIRST_ADMIN, None, "admin", actor="demo", now=now)
            token = store.users.link(admin.id, now=now, actor="demo")
        self.link = login_address(self.address, token)

    def run(self) -> int:
        """Serve until Ctrl+C and return the exit code."""
        try:
            return work(self._settings, self._listener)
        finally:
            self.close()

    def close(self) -> None:
        """Give the port back; `run` does so by itself."""
        self._listener.close()
