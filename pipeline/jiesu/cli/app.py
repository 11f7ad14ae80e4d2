"""`jiesu`: the commands, and the one place where an error becomes an exit code."""

from __future__ import annotations

import sys

import typer
from rich.console import Console
from rich.markup import escape

from jiesu import __version__
from jiesu.cli import (
    audit,
    bundle,
    demo,
    encoder,
    evaluate,
    explain,
    jurisdiction,
    key,
    objections,
    purge,
    review,
    score,
    serve,
    train,
    user,
)
from jiesu.errors import JiesuError

EPILOG = "Exit codes: 0 done, 1 something is wrong with the input or the files, 2 wrong usage."

app = typer.Typer(
    name="jiesu",
    help="接诉: reads what citizens tell a 12345 hotline and says who should own it, how surely.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("score")(score.command)
app.command("explain")(explain.command)
app.command("train")(train.command)
app.command("evaluate")(evaluate.command)
app.command("objections")(objections.command)
app.command("serve")(serve.command)
app.add_typer(review.app, name="review")
app.add_typer(user.app, name="user")
app.add_typer(key.app, name="key")
app.add_typer(audit.app, name="audit")
app.command("purge")(purge.command)
app.add_typer(bundle.app, name="bundle")
app.add_typer(jurisdiction.app, name="jurisdiction")
app.add_typer(encoder.app, name="encoder")
app.command("demo")(demo.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"jiesu {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


def main() -> None:
    """Run the command line: exit 1 with one clear message for an error that jiesu foresees."""
    try:
        app()
    except JiesuError as error:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"[bold red]error[/] [dim]{escape(error.code)}[/] {escape(error.message)}"
        )
        sys.exit(1)
