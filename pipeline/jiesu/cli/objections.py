"""`jiesu objections`: units' objections to a dispatch, as training rows and an error report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from jiesu.engine import Engine
    from jiesu.jurisdiction import Jurisdiction
    from jiesu.learn.objection_report import ErrorReport, Share, UnitErrors
    from jiesu.settings import Settings

_SHOWN = 20


def command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Objections: csv, tsv, xlsx, jsonl, json or parquet; - reads standard input.",
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="OUT", help="Training rows to write, as jsonl."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FOLDER",
            help="A folder for report.html, report.json and a csv file a table.",
        ),
    ] = None,
    bundle: Annotated[str | None, typer.Option(help="A bundle folder, or 'default'.")] = None,
    jurisdiction: Annotated[
        str | None,
        typer.Option(help="The catalogue that names the units, if not the bundle's: id or folder."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="Format of IN where the suffix does not say.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="NAME=COLUMN",
            help="The column of dispatched, final, outcome, reason or objected_at.",
        ),
    ] = None,
    score: Annotated[
        bool, typer.Option("--score/--no-score", help="Ask what the bundle says of them now.")
    ] = True,
    with_fields: Annotated[
        bool,
        typer.Option(
            "--with-fields",
            help="Also read area, subdistrict and address; not if they were copied from the unit.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Turn units' objections to a dispatch (派单异议) into training rows and an error report.

    IN holds the appeal, the unit that it was dispatched to (派单单位), the final owner
    (最终承办单位), and as far as known outcome (审核结果: 改派 or 维持), reason (异议理由) and
    time (异议时间); see docs/objections.md. A row that cannot be used is listed
    with its number and id.

    \b
    Examples:
      jiesu objections 异议.xlsx                          tables on the terminal
      jiesu objections 异议.xlsx -o rows.jsonl            rows for the unit head
      jiesu objections 异议.csv --report out/objections   a page, JSON and CSV
      jiesu objections 异议.csv --no-score --json         counts alone
    """
    from jiesu.corpus.read import STDIN, read_appeals
    from jiesu.errors import InputError
    from jiesu.learn.objection_page import write_report
    from jiesu.learn.objection_report import count_errors, facts_of, report_json, score_objections
    from jiesu.learn.objection_rows import check_target, write_training
    from jiesu.learn.objections import read_objections
    from jiesu.learn.unit_names import UnitNames
    from jiesu.settings import load_settings

    columns = _pairs(column or [])
    if output is not None:
        check_target(output)
        if source != STDIN and output.resolve() == Path(source).resolve():
            raise InputError("same_file", f"found {output.name} as IN and as OUT, expected two")
    rows = read_appeals(source, format=form)
    settings = load_settings(bundle=bundle, jurisdiction=jurisdiction)
    engine, catalogue = _catalogue(settings, score)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with console.status("reading"):
        reading = read_objections(rows, UnitNames(catalogue), columns=columns)
        scored = None
        if engine is not None:
            scored = score_objections(engine, reading.objections, with_fields=with_fields)
    name = "-" if source == STDIN else Path(source).name
    file = Path(source) if name != source or Path(source).is_file() else None
    report = count_errors(
        reading,
        scored,
        title=f"派单异议 · {name}",
        facts=facts_of(reading, name=name, file=file, jurisdiction=catalogue, engine=engine),
    )
    if output is not None:
        count = write_training(reading, output, catalogue)
        console.print(f"{count} training rows → {escape(output.name)}")
    if as_json:
        typer.echo(json.dumps(report_json(report), ensure_ascii=False))
    else:
        _print(report)
    # Last: without the extra that draws it, the figures have been shown all the same.
    if folder is not None:
        console.print(f"report: {escape(str(write_report(report, folder)))}")


def _pairs(items: list[str]) -> dict[str, str]:
    from jiesu.learn.objections import COLUMNS

    pairs = {}
    for item in items:
        name, equals, column = item.partition("=")
        if not equals or name not in COLUMNS:
            raise typer.BadParameter(
                f"found {item!r}, expected NAME=COLUMN with one of {', '.join(COLUMNS)}",
                param_hint="--column",
            )
        pairs[name] = column
    return pairs


def _catalogue(settings: Settings, score: bool) -> tuple[Engine | None, Jurisdiction]:
    """Return the engine, if it is to score, and the catalogue; neither is loaded in vain."""
    if score:
        from jiesu.engine import load

        engine = load(settings.bundle, jurisdiction=settings.jurisdiction)
        return engine, engine.jurisdiction
    from jiesu.bundle import load_bundle
    from jiesu.jurisdiction import load_jurisdiction

    named = settings.jurisdiction
    if named is None:
        named = load_bundle(settings.bundle).manifest.jurisdiction.partition("@")[0]
    return None, load_jurisdiction(named)


def _print(report: ErrorReport) -> None:
    """Print the tables; what comes from the data is escaped, so no markup is read in it."""
    counts = f"{report.objections} objections, {report.labels} labels, {report.unused} unusable"
    _table(
        f"{report.title} · {counts}",
        ("unit", "went to", "upheld", "received", "bundle now"),
        [
            (
                item.unit,
                "\n".join(f"{name} {count}" for name, count in item.to) or "—",
                _interval(item.upheld),
                str(item.received),
                _now(item),
            )
            for item in report.units
        ],
    )
    _table(
        "wrong dispatches, of all that the first unit objected to",
        ("from", "to", "share", "now 1st"),
        [(p.dispatched, p.final, _interval(p.share), _count(p.top1)) for p in report.pairs],
    )
    problems = Counter(item.code for item in report.problems).most_common()
    _table(
        "rows with a problem: " + ", ".join(f"{code} {count}" for code, count in problems),
        ("id", "problem", "found", "row", "still used"),
        [
            (p.id, p.code, p.detail, str(p.number), "yes" if p.used else "no")
            for p in report.problems
        ],
    )


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    console = Console()
    table = Table(title=escape(title), title_justify="left")
    for name in columns:
        if name in ("unit", "went to", "from", "to", "id", "found"):
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    for row in rows[:_SHOWN]:
        table.add_row(*map(escape, row))
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(f"[dim]the first {_SHOWN} of {len(rows)}; --report writes them all[/]")


def _now(item: UnitErrors) -> str:
    if item.wrong is None:
        return "—"
    first, third = _count(item.top1), _count(item.top3)
    return f"1st {first}\ntop 3 {third}\np {item.wrong:.2f} → {item.right:.2f}"


def _interval(found: Share | None) -> str:
    if found is None:
        return "—"
    return f"{_count(found)}\n{found.value:.2f}\n[{found.low:.2f}, {found.high:.2f}]"


def _count(found: Share | None) -> str:
    return f"{found.hits}/{found.n}" if found else "—"
