"""`jiesu evaluate`: how good a bundle is on labelled data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from jiesu.cli.options import JurisdictionOption, TierOption

if TYPE_CHECKING:
    from jiesu.learn.evaluate import Evaluation

_SHOWN = ("accuracy", "macro_f1", "top3", "top5", "either", "ece", "aurc", "coverage_at_5")


def command(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="A bundle folder, or 'default'.")],
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Labelled appeals, any input format.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A folder for report.html and report.json."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="HEAD=COLUMN",
            help="The column of a head's labels, where it is not the head's name.",
        ),
    ] = None,
    head: Annotated[
        list[str] | None, typer.Option("--head", help="Only this head; may be given again.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="COLUMN", help="Also give figures apart by this column."),
    ] = None,
    with_fields: Annotated[
        bool,
        typer.Option(
            "--with-fields",
            help="Also read area, subdistrict and address; not if they were copied from the unit.",
        ),
    ] = False,
    tier: TierOption = None,
    jurisdiction: JurisdictionOption = None,
    bootstrap: Annotated[int, typer.Option(min=100, help="Resamples for the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the resamples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Measure a bundle head by head, every figure with a bootstrap interval.

    \b
    Examples:
      jiesu evaluate default ../shared/data/haikou/dev.jsonl -o out/haikou
      jiesu evaluate default 工单.xlsx --label type=诉求类型 --by 来源
    """
    from jiesu.engine import load
    from jiesu.learn.evaluate import SLICES, evaluate, evaluation_json, write_report
    from jiesu.settings import load_settings

    columns = _pairs(label or [])
    console = Console(stderr=True)
    settings = load_settings(tier=tier, jurisdiction=jurisdiction)
    with console.status(f"measuring on {data.name}"):
        found = evaluate(
            load(bundle, jurisdiction=settings.jurisdiction, tier=settings.tier),
            data,
            columns=columns,
            heads=head,
            slices=(*SLICES, *(by or ())),
            with_fields=with_fields,
            bootstrap=bootstrap,
            seed=seed,
        )
    title = f"{bundle} · {data.name}"
    if as_json:
        typer.echo(json.dumps(evaluation_json(found, title=title), ensure_ascii=False))
    else:
        Console().print(_table(found, title))
        if found.decisions:
            Console().print(_decisions(found))
    # Last: without the extra that draws it, the figures have been shown all the same.
    if output is not None:
        page = write_report(found, output, title=title)
        console.print(f"report: {page}", highlight=False)


def _pairs(items: list[str]) -> dict[str, str]:
    pairs = {}
    for item in items:
        head, equals, column = item.partition("=")
        if not equals:
            raise typer.BadParameter(f"found {item!r}, expected HEAD=COLUMN", param_hint="--label")
        pairs[head] = column
    return pairs


def _table(found: Evaluation, title: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("figure")
    for report in found.reports:
        table.add_column(f"{report.head} (n={report.n})", justify="right")
    for key in _SHOWN:
        cells = []
        for report in found.reports:
            metric = getattr(report.headline, key)
            cells.append(
                f"{metric.value:.3f} [dim]\\[{metric.low:.3f}, {metric.high:.3f}][/]"
                if metric
                else "—"
            )
        table.add_row(key, *cells)
    return table


def _decisions(found: Evaluation) -> Table:
    table = Table(title="decisions, on whole verdicts", title_justify="left")
    for name in ("figure", "value", "over"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for item in found.decisions:
        interval = f"[dim]\\[{item.low:.3f}, {item.high:.3f}][/]"
        table.add_row(item.name, f"{item.value:.3f} {interval}", str(item.n))
    return table
