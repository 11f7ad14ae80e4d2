"""`jiesu demo`: the shipped sample, scored, measured, and served to a supervisor."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from jiesu.corpus.read import Row
    from jiesu.engine import Engine


def command(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where the verdicts and the report go.")
    ] = Path("out/demo"),
    rows: Annotated[int, typer.Option(min=1, help="Verdicts to show.")] = 20,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve/--no-serve", help="Start the service at the end; never without a terminal."
        ),
    ] = True,
) -> None:
    """Score the shipped sample with the default bundle, show verdicts, write the HTML report.

    Then store them and start the service on a free port, with a one-time link to the supervisors'
    pages, until Ctrl+C.

    \b
    Examples:
      jiesu demo -o out/demo
      jiesu demo --no-serve
    """
    from jiesu.cli.show import verdict_table
    from jiesu.corpus.read import read_appeals
    from jiesu.engine import load
    from jiesu.engine.files import write_verdicts
    from jiesu.errors import ExtraError
    from jiesu.learn.evaluate import evaluate, write_report
    from jiesu.resources import resource

    console = Console()
    sample = resource("data", "samples", "appeals.jsonl")
    engine = load()
    read = list(read_appeals(sample))
    verdicts = list(engine.stream(read))
    console.print(verdict_table(verdicts[:rows], title=f"{rows} of {len(verdicts)} sample appeals"))
    output.mkdir(parents=True, exist_ok=True)
    for name in ("verdicts.jsonl", "verdicts.xlsx"):
        write_verdicts(verdicts, output / name)
    written = ["verdicts.jsonl", "verdicts.xlsx"]
    try:
        # The sample's topics are its writer's own words, not the jurisdiction's tree.
        found = evaluate(engine, sample, heads=("type", "unit"))
        write_report(found, output, title="jiesu demo")
        written.append("report.html")
    except ExtraError as error:
        console.print(f"no report: {error.message}", style="yellow")
    shares = sum(item.decision.action == "auto" for item in verdicts) / len(verdicts)
    console.print(f"automatic: {shares:.0%}; the rest goes to a supervisor")
    for name in written:
        console.print(f"  {output / name}", highlight=False)
    _serve(console, output, engine, read, starts=serve and sys.stdout.isatty())


def _serve(
    console: Console, folder: Path, engine: Engine, rows: Sequence[Row], *, starts: bool
) -> None:
    """Store the sample and start the service, or say how to start it."""
    try:
        from jiesu.serve.demo import Demonstration, fill, store_url
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "jiesu":
            raise
        console.print("no service: it needs the extra 'serve'", style="yellow")
        return
    waiting = fill(folder, engine, rows, datetime.now(UTC))
    console.print(f"the store has the sample; {waiting} appeals wait for a supervisor")
    if not starts:
        console.print(f"to review them: jiesu serve --store {store_url(folder)}", soft_wrap=True)
        return
    shown = Demonstration(folder)
    console.print(f"\nserving at {shown.address}, Ctrl+C ends it", highlight=False)
    console.print(f"log in once by {shown.link}", highlight=False, soft_wrap=True)
    raise typer.Exit(shown.run())
