"""`jiesu purge`: retention."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from jiesu.cli.storing import AsJson, StoreOption, moment, opened, shown


def command(
    before: Annotated[
        str, typer.Option("--before", metavar="DATE", help="Delete what was stored before.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Delete appeals stored before a date, with their verdicts and reviews; the log is kept.

    \b
    Examples:
      jiesu purge --before 2025-11-01
    """
    limit = moment(before, option="--before")
    with opened(store) as found:
        if not yes:
            typer.confirm(f"delete what was stored before {shown(limit)}?", abort=True, err=True)
        done = found.purge(limit)
    if as_json:
        typer.echo(json.dumps(asdict(done)))
        return
    typer.echo(
        f"deleted {done.appeals} appeals, {done.verdicts} verdicts, {done.reviews} reviews; "
        f"{done.open_cases} of the appeals were waiting for a supervisor"
    )
