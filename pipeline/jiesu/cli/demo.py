"""`jiesu demo`: the shipped sample, scored and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def command(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Where the verdicts and the report go.")
    ] = Path("out/demo"),
    rows: Annotated[int, typer.Option(min=1, help="Verdicts to show.")] = 20,
) -> None:
    """Score the shipped sample with the default bundle, show verdicts, write the HTML report.

    \b
    Example:
      jiesu demo -o out/demo
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
    verdicts = list(engine.stream(read_appeals(sample)))
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
