"""`jiesu explain`: one appeal, its evidence in colour, and what was decided."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from jiesu.cli.options import JurisdictionOption, TierOption


def command(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="What the citizen said; - reads standard input.")
    ],
    bundle: Annotated[str | None, typer.Option(help="A bundle folder, or 'default'.")] = None,
    tier: TierOption = None,
    jurisdiction: JurisdictionOption = None,
    address: Annotated[str | None, typer.Option(help="The address field of the record.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Explain one verdict: the words that decided, all scores, the place, the decision.

    \b
    Examples:
      jiesu explain "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"
      pbpaste | jiesu explain - --json
    """
    from jiesu.cli.show import verdict_panel
    from jiesu.engine import load
    from jiesu.errors import InputError
    from jiesu.settings import load_settings

    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    settings = load_settings(bundle=bundle, tier=tier, jurisdiction=jurisdiction)
    engine = load(settings.bundle, jurisdiction=settings.jurisdiction, tier=settings.tier)
    (verdict,) = engine.score(
        [{"id": "—", "text": text, "address": address}], redact=as_json, words=as_json
    )
    if verdict.error:
        raise InputError(verdict.error.code, verdict.error.message)
    if as_json:
        typer.echo(verdict.model_dump_json(indent=2))
        return
    Console().print(verdict_panel(text, verdict))
