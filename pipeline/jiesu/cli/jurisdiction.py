"""`jiesu jurisdiction`: whether a jurisdiction folder is sound, and what it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(help="Check, show or begin a jurisdiction.", no_args_is_help=True)

Source = Annotated[
    str, typer.Argument(metavar="JURISDICTION", help="A shipped id, such as beijing, or a folder.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("check")
def check(source: Source, as_json: AsJson = False) -> None:
    """Check a jurisdiction folder; every fault is printed with its path. Exit 1 if there are any.

    \b
    Examples:
      jiesu jurisdiction check beijing
      jiesu jurisdiction check ./my-city --json
    """
    from jiesu.jurisdiction import inspect_jurisdiction

    loaded, faults = inspect_jurisdiction(source)
    if as_json:
        items = [{"path": fault.path, "message": fault.message} for fault in faults]
        typer.echo(json.dumps({"ok": not faults, "faults": items}, ensure_ascii=False))
    elif faults:
        console = Console(soft_wrap=True, highlight=False)
        for fault in faults:
            console.print(f"[red]{escape(fault.path)}[/]: {escape(fault.message)}")
        console.print(f"{len(faults)} faults")
    elif loaded is not None:
        Console(highlight=False).print(
            f"[green]sound[/] {loaded.catalogue} {loaded.content_hash[:12]}"
        )
    if faults:
        raise typer.Exit(1)


@app.command("show")
def show(source: Source, as_json: AsJson = False) -> None:
    """Show a jurisdiction: units with their duties, areas, topics, time limits.

    \b
    Examples:
      jiesu jurisdiction show haikou-2018
      jiesu jurisdiction show beijing --json | jq '.units[].name'
    """
    from jiesu.jurisdiction import load_jurisdiction

    loaded = load_jurisdiction(source)
    if as_json:
        typer.echo(loaded.model_dump_json(indent=1))
        return
    console = Console()
    console.print(f"[bold]{escape(loaded.about.name)}[/]  {loaded.catalogue}", highlight=False)
    console.print(escape(loaded.about.description), highlight=False)
    units = Table("承办单位", "类别", "别名", "职责", title=f"{len(loaded.units)} units")
    for unit in loaded.units:
        units.add_row(unit.name, unit.kind, "、".join(unit.aliases[:4]), unit.duty)
    console.print(units)
    areas = Table("行政区域", "街道和镇", title=f"{len(loaded.areas)} areas")
    for area in loaded.areas:
        areas.add_row(area.name, "、".join(sub.name for sub in area.subdistricts))
    console.print(areas)
    limits = Table(
        "时限规则", "类型", "处置", "主题", "小时", title="time limits, first match wins"
    )
    for rule in loaded.time_limits:
        hours = f"{rule.hours}{'（工作）' if rule.working else ''}"
        limits.add_row(
            rule.id,
            "、".join(rule.types),
            "、".join(rule.dispositions),
            "、".join(rule.topics),
            hours,
        )
    console.print(limits)


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="ID", help="Such as hangzhou.")],
    city: Annotated[str, typer.Option(help="The city's name, such as 杭州市.")],
    units: Annotated[
        Path | None,
        typer.Option(help="The catalogue as a table: name (单位), duty (职责), aliases, kind."),
    ] = None,
    like: Annotated[
        str, typer.Option(help="The shipped jurisdiction whose rules it begins with.")
    ] = "beijing",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to write, ./ID if not given.")
    ] = None,
) -> None:
    """Begin a jurisdiction folder for another city. It scores at once, by the units' duties.

    \b
    Examples:
      jiesu jurisdiction new my-city --city 杭州市 --units catalogue.xlsx
      jiesu score in.csv --jurisdiction ./my-city
    """
    from jiesu.corpus.units import read_units
    from jiesu.jurisdiction import inspect_jurisdiction
    from jiesu.jurisdiction.scaffold import scaffold

    folder = output or Path(name)
    listed = read_units(units) if units is not None else ()
    files = scaffold(folder, name=name, city=city, like=like, units=listed)
    _, faults = inspect_jurisdiction(folder)
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{escape(str(folder))}: {', '.join(files)}")
    for fault in faults:
        console.print(f"[red]{escape(fault.path)}[/]: {escape(fault.message)}")
    if faults:
        raise typer.Exit(1)
    console.print("sound; now fill in areas.yaml, and whatever is marked `verified: false`")
