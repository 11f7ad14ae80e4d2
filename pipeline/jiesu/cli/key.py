"""`jiesu key`: API keys of other systems."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jiesu.cli.storing import AsJson, StoreOption, opened, print_table, shown

if TYPE_CHECKING:
    from jiesu.store import ApiKey

app = typer.Typer(help="API keys of the systems that call the service.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]


@app.command("add")
def add(
    name: Name,
    scope: Annotated[
        list[str],
        typer.Option("--scope", help="What it may do: score, read, review, admin; may repeat."),
    ],
    store: StoreOption = None,
) -> None:
    """Make a key and print it, once: only its hash is kept.

    \b
    Examples:
      jiesu key add call-centre --scope score --scope read
    """
    with opened(store) as found:
        typer.echo(found.keys.create(name, scope))


@app.command("list")
def list_keys(store: StoreOption = None, as_json: AsJson = False) -> None:
    """List the keys, by name, without their secrets.

    \b
    Examples:
      jiesu key list
      jiesu key list --json
    """
    with opened(store) as found:
        keys = found.keys.list()
    if as_json:
        typer.echo(json.dumps([_plain(key) for key in keys], ensure_ascii=False))
        return
    print_table(
        ("name", "scopes", "since", "rotated", "last used", "state"),
        [
            (
                key.name,
                " ".join(sorted(key.scopes)),
                shown(key.created_at),
                shown(key.rotated_at),
                shown(key.last_used),
                "active" if key.is_active else "revoked",
            )
            for key in keys
        ],
    )


@app.command("rotate")
def rotate(
    name: Name,
    overlap: Annotated[
        float, typer.Option(min=0, max=720, help="Hours that the old secret stays good.")
    ] = 0.0,
    store: StoreOption = None,
) -> None:
    """Print a new secret for a key, once.

    \b
    Examples:
      jiesu key rotate call-centre --overlap 24
    """
    with opened(store) as found:
        typer.echo(found.keys.rotate(name, overlap=timedelta(hours=overlap)))


@app.command("revoke")
def revoke(name: Name, store: StoreOption = None) -> None:
    """Make a key open nothing any more.

    \b
    Examples:
      jiesu key revoke call-centre
    """
    with opened(store) as found:
        found.keys.revoke(name)
    typer.echo(f"{name} revoked", err=True)


def _plain(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at.isoformat(),
        "rotated_at": key.rotated_at and key.rotated_at.isoformat(),
        "revoked_at": key.revoked_at and key.revoked_at.isoformat(),
        "last_used": key.last_used and key.last_used.isoformat(),
    }
