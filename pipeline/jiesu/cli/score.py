"""`jiesu score`: verdicts for a file, a pipe or standard input."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from jiesu.cli.options import JurisdictionOption, TierOption

if TYPE_CHECKING:
    from jiesu.corpus.history import History
    from jiesu.schema import Verdict

_SHOWN = 50


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="A csv, tsv, xlsx, jsonl, json or parquet file; - reads standard input.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            help="Where to write: jsonl, csv, xlsx or parquet by suffix; - is standard output.",
        ),
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="A bundle folder, or 'default'.")] = None,
    tier: TierOption = None,
    jurisdiction: JurisdictionOption = None,
    form: Annotated[
        str | None, typer.Option("--format", help="Format of IN where the suffix does not say.")
    ] = None,
    redact: Annotated[
        bool, typer.Option("--redact", help="Add the text without personal data, and where it was.")
    ] = False,
    repeats: Annotated[
        bool, typer.Option("--repeats", help="Compare each appeal with the ones before it in IN.")
    ] = False,
    history: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE", help="Compare with the appeals of earlier files too; may be repeated."
        ),
    ] = None,
    remember: Annotated[
        int,
        typer.Option(
            min=1,
            help="How many appeals are kept to compare with, the latest ones: 0.8 kB each at 60 "
            "characters, 2 kB at 330.",
        ),
    ] = 200_000,
    words: Annotated[bool, typer.Option("--words", help="Add the words of the text.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain/--no-explain", help="Say which words decided.")
    ] = True,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="Write one verdict a line to standard output, also on a terminal."
        ),
    ] = False,
) -> None:
    """Score appeals: one verdict an appeal, in input order; a bad row is a verdict with an error.

    \b
    Examples:
      jiesu score 工单.xlsx                     a table on the terminal
      jiesu score in.jsonl -o out.jsonl         one contract verdict a line
      jiesu score in.csv -o out.csv --redact    a spreadsheet with redacted text
      jiesu score in.csv --jurisdiction ./my-city
      jiesu score 今日.xlsx --history 上月.xlsx  repeats of earlier appeals are told
      cat in.jsonl | jiesu score - --json | jq .dispatch.unit
    """
    from jiesu.corpus.read import read_appeals
    from jiesu.engine import load
    from jiesu.engine.files import write_verdicts
    from jiesu.settings import load_settings

    settings = load_settings(bundle=bundle, tier=tier, jurisdiction=jurisdiction)
    engine = load(settings.bundle, jurisdiction=settings.jurisdiction, tier=settings.tier)
    rows = read_appeals(source, format=form)
    earlier = _earlier(history or [], remember) if repeats or history else None
    verdicts = engine.stream(
        rows,
        explain=explain,
        redact=redact,
        words=words,
        history=earlier,
        batch=settings.batch,
    )
    if output is None and not as_json and sys.stdout.isatty():
        _show(list(islice(verdicts, _SHOWN)), more=next(verdicts, None) is not None)
        return
    if output is None or output == "-":
        try:
            write_verdicts(verdicts, sys.stdout.buffer)
        except BrokenPipeError:
            # The reader (`| head`) has seen enough; nothing is left to flush to it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    target = Path(output)
    with _progress() as progress:
        task = progress.add_task(target.name, total=None)
        count = write_verdicts(_counted(verdicts, progress, task), target)
    Console(stderr=True).print(f"{count} verdicts → {target.name}")


def _earlier(files: list[str], remember: int) -> History:
    """Return the appeals of earlier files; one without an id of its own is known by its place."""
    from jiesu.corpus.history import History
    from jiesu.corpus.read import read_appeals

    history = History(remember)
    names = Counter(Path(file).name for file in dict.fromkeys(files))
    for file in files:
        # Two folders may each hold a 工单.csv.
        place = Path(file).name if names[Path(file).name] == 1 else file
        for row in read_appeals(file):
            if row.appeal is not None:
                unnamed = row.id == f"row-{row.number}"
                name = f"{place}#{row.id}" if unnamed else row.id
                history.add(row.appeal.model_copy(update={"id": name}))
    return history


def _show(verdicts: list[Verdict], *, more: bool) -> None:
    from jiesu.cli.show import verdict_table

    console = Console()
    console.print(verdict_table(verdicts))
    if more:
        console.print(f"[dim]the first {_SHOWN}; -o OUT writes them all[/]")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _counted(verdicts: Iterable[Verdict], progress: Progress, task: TaskID) -> Iterator[Verdict]:
    for number, verdict in enumerate(verdicts, start=1):
        if number % 200 == 0:
            progress.update(task, completed=number)
        yield verdict
