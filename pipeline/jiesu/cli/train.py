"""`jiesu train`: a bundle from a training file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table


def command(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG", help="A training file, such as configs/train/default.yaml."
        ),
    ],
    data: Annotated[
        Path | None, typer.Option(help="The folder that the config's paths are in.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder of the bundle to write.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="Change a value of the config, as a.b.c=value."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Train a bundle: the same config, seed and data give the same bytes.

    \b
    Examples:
      jiesu train configs/train/default.yaml --data ../shared/data -o models/default
      jiesu train configs/train/default.yaml --set heads.unit.c=0.3 -o out/trial
    """
    from jiesu.learn.config import load_config
    from jiesu.learn.train import train

    wanted = load_config(config, change or [])
    console = Console(stderr=True)
    with console.status("starting") as status:
        manifest = train(
            wanted,
            data=data or Path(wanted.data),
            output=output or Path(wanted.output),
            tell=status.update,
        )
    if as_json:
        typer.echo(manifest.model_dump_json(indent=1))
        return
    table = Table(title=f"{manifest.name} {manifest.version} → {output or wanted.output}")
    for name in ("head", "rows", "labels", "measured on", "accuracy", "macro-F1", "top-3", "ECE"):
        table.add_column(name, justify="left" if name == "head" else "right")
    for head in manifest.heads:
        figures = manifest.metrics.get(head.name)
        shown = [str(figures["rows"])] if figures else ["—"]
        for key in ("accuracy", "macro_f1", "top3", "ece"):
            metric = figures[key] if figures else None
            shown.append(
                f"{metric['value']:.3f} [{metric['low']:.3f}, {metric['high']:.3f}]"
                if metric
                else "—"
            )
        table.add_row(head.name, str(head.rows), str(len(head.labels)), *shown)
    Console().print(table)
