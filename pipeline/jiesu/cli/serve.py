"""`jiesu serve`: the REST API and the supervisors' pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jiesu.cli.options import JurisdictionOption, TierOption


def command(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes any that is free.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes, each with an engine of its own.")
    ] = None,
    bundle: Annotated[
        str | None,
        typer.Option(help="A bundle folder, a link to one that may move, or 'default'."),
    ] = None,
    tier: TierOption = None,
    jurisdiction: JurisdictionOption = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="sqlite:///FILE or postgresql://…; a file in the user's data directory if not "
            "given.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A settings file in place of serve.yaml.")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error; no level logs a text.")
    ] = None,
) -> None:
    """Serve the REST API and the supervisors' pages, until SIGTERM or Ctrl+C.

    Settings: file (serve.yaml), then environment (JIESU_SERVE_…), then these options. The first
    start prints a one-time link for the first administrator.

    \b
    Examples:
      jiesu serve
      jiesu serve --tier linear --port 8080 --workers 2
      jiesu serve --bundle /srv/jiesu/current --store postgresql://jiesu@db/jiesu
    """
    from jiesu.errors import ExtraError

    try:
        from jiesu.serve.supervisor import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "jiesu":
            raise
        raise ExtraError("jiesu serve", "serve") from None
    from jiesu.serve.settings import load_serve_settings

    settings = load_serve_settings(
        file=config,
        host=host,
        port=port,
        workers=workers,
        bundle=bundle,
        tier=tier,
        jurisdiction=jurisdiction,
        store=store,
        log_level=log_level,
    )
    raise typer.Exit(run(settings))
