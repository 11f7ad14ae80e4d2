"""What the commands on a store share: which store, and a table of what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from jiesu.store import Store

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="sqlite:///FILE or postgresql://…; else the service's own (serve.yaml, "
        "JIESU_SERVE_STORE).",
    ),
]
_BEIJING = timezone(timedelta(hours=8))

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextmanager
def opened(url: str | None) -> Iterator[Store]:
    """Open the store that a command is about. Raises ExtraError without the extra, StoreError."""
    from jiesu.errors import ExtraError
    from jiesu.serve.settings import load_serve_settings

    try:
        from jiesu.store import open_store
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "jiesu":
            raise
        raise ExtraError("the store", "serve") from None
    with open_store(load_serve_settings(store=url).store) as store:
        yield store


def moment(written: str, *, option: str) -> datetime:
    """Return a date or time of the command line as a moment, of Beijing if it names no zone."""
    from jiesu.corpus.times import comparable, iso_time

    iso = iso_time(written)
    if iso is None:
        raise typer.BadParameter(
            f"found {written!r}, expected a date such as 2026-11-01", param_hint=option
        )
    return comparable(iso).replace(tzinfo=_BEIJING)


def optional_moment(written: str | None, *, option: str) -> datetime | None:
    """Return a moment as `moment` does, None if nothing was given."""
    return None if written is None else moment(written, option=option)


def shown(at: datetime | None) -> str:
    """Return a moment as people here read it."""
    return "—" if at is None else at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows; what comes from the store is escaped, so no markup is read in it."""
    table = Table()
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)
