"""`jiesu bundle`: what a bundle is, and whether it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.console import Console
from rich.table import Table

from jiesu.schema import Tier

if TYPE_CHECKING:
    from jiesu.bundle import Manifest

app = typer.Typer(help="Show or verify a bundle.", no_args_is_help=True)

Source = Annotated[
    str | None,
    typer.Argument(metavar="BUNDLE", help="A bundle folder or 'default'; else the settings' own."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("show")
def show(bundle: Source = None, as_json: AsJson = False) -> None:
    """Show a bundle's manifest: heads, labels, thresholds, figures, hashes.

    \b
    Examples:
      jiesu bundle show
      jiesu bundle show out/trial --json | jq .metrics
    """
    from jiesu.bundle import load_bundle
    from jiesu.settings import load_settings

    loaded = load_bundle(load_settings(bundle=bundle).bundle)
    manifest = loaded.manifest
    if as_json:
        typer.echo(manifest.model_dump_json(indent=1))
        return
    console = Console()
    facts = Table.grid(padding=(0, 2))
    for name, value in (
        ("bundle", f"{manifest.name} {manifest.version}"),
        ("content", loaded.content_hash),
        ("jurisdiction", f"{manifest.jurisdiction}  {manifest.jurisdiction_hash[:12]}"),
        ("tokeniser", f"{manifest.tokeniser.backend} {manifest.tokeniser.version}"),
        ("features", f"{len(loaded.linear.vocabulary.entries)}"),
        ("seed", str(manifest.seed)),
        ("made by", f"jiesu {manifest.package}"),
    ):
        facts.add_row(name, value)
    console.print(facts)
    table = Table()
    for name in (
        "head",
        "labels",
        "trained on",
        "auto above",
        "coverage then",
        "certified",
        "measured",
    ):
        table.add_column(name)
    for head in manifest.heads:
        limit = manifest.thresholds.get(head.name)
        figures = manifest.metrics.get(head.name)
        table.add_row(
            head.name,
            str(len(head.labels)),
            str(head.rows),
            "never" if limit is None or limit.confidence is None else f"{limit.confidence:.3f}",
            "—" if limit is None else f"{limit.coverage:.1%} at {limit.target_risk:.0%} error",
            "—" if limit is None else ("yes" if limit.certified else "no"),
            _measured(figures) if figures else "—",
        )
    console.print(table)
    if manifest.encoder is not None:
        console.print(_tiers(manifest))


def _tiers(manifest: Manifest) -> Table:
    """Return what each tier may decide alone."""
    table = Table(title="tiers", title_justify="left")
    for name in ("tier", "head", "auto above", "coverage then", "certified on"):
        table.add_column(name)
    for tier in get_args(Tier):
        for name, limit in manifest.thresholds_of(tier).items():
            if limit.rows:
                table.add_row(
                    tier,
                    name,
                    "never" if limit.confidence is None else f"{limit.confidence:.3f}",
                    f"{limit.coverage:.1%} at {limit.target_risk:.0%} error",
                    f"{limit.rows} rows",
                )
    return table


def _measured(figures: dict[str, Any]) -> str:
    accuracy, f1 = figures["accuracy"]["value"], figures["macro_f1"]["value"]
    return f"accuracy {accuracy:.3f}, macro-F1 {f1:.3f}"


@app.command("verify")
def verify(bundle: Source = None, as_json: AsJson = False) -> None:
    """Check every hash of a bundle, and that it fits its jurisdiction and tokeniser.

    \b
    Examples:
      jiesu bundle verify
      jiesu bundle verify out/trial --json
    """
    from jiesu.bundle import verify_keys
    from jiesu.engine import load
    from jiesu.errors import BundleError
    from jiesu.settings import load_settings

    engine = load(load_settings(bundle=bundle).bundle)
    verify_keys(engine.bundle)
    trained_for, found = engine.bundle.manifest.jurisdiction_hash, engine.jurisdiction.content_hash
    if trained_for != found:
        raise BundleError(
            "other_jurisdiction",
            f"bundle {engine.bundle.manifest.name} was trained for {trained_for[:12]}…, found "
            f"{engine.jurisdiction.catalogue} {found[:12]}…: it serves, but knows another",
        )
    if engine.bundle.manifest.encoder is not None and engine.bundle.encoder_files() is None:
        raise BundleError(
            "missing_file", f"{engine.bundle.path.name}: the encoder's files are missing"
        )
    if as_json:
        typer.echo(f'{{"ok": true, "content": "{engine.bundle.content_hash}"}}')
    else:
        Console().print(f"[green]whole[/] {engine.bundle.content_hash}")
