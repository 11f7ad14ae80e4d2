"""`jiesu audit`: whether the decision log is as it was written."""

from __future__ import annotations

import json
import re
from typing import Annotated

import typer

from jiesu.cli.storing import AsJson, StoreOption, opened

app = typer.Typer(help="The decision log.", no_args_is_help=True)

_HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


@app.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option(
            metavar="N:HASH",
            help="What an earlier run printed: shows that nothing before it was cut off.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: AsJson = False,
) -> None:
    """Check the chain of hashes; print how many entries there are and the last hash.

    Keep that line elsewhere: who can write to the database could cut the end of the log off, or
    write all of it anew, and only a hash noted elsewhere tells.

    \b
    Examples:
      jiesu audit verify
      jiesu audit verify --head 1024:5e2f…
    """
    noted = None
    if head is not None:
        match = _HEAD.fullmatch(head)
        if match is None:
            raise typer.BadParameter("expected N:HASH as printed before", param_hint="--head")
        noted = (int(match[1]), match[2])
    with opened(store) as found:
        broken = found.log.verify(head=noted)
        count, last = found.log.head()
    if as_json:
        result = {
            "ok": broken is None,
            "head": f"{count}:{last}",
            "broken": broken and {"seq": broken.seq, "reason": broken.reason},
        }
        typer.echo(json.dumps(result))
    elif broken is None:
        typer.echo(f"whole {count}:{last}")
    else:
        typer.echo(f"broken at entry {broken.seq}: {broken.reason}")
    if broken is not None:
        raise typer.Exit(1)
