"""`jiesu user`: who may log in to the supervisors' pages."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jiesu.cli.storing import AsJson, StoreOption, opened, print_table, shown

if TYPE_CHECKING:
    from jiesu.store import Store, User

app = typer.Typer(help="Who may log in to the supervisors' pages.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")]
FromInput = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input, not a prompt.")
]
Address = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Where the service is reached; else where it listens."),
]
Minutes = Annotated[
    int, typer.Option(min=1, max=1440, help="How long the link is good, in minutes.")
]
RoleOption = Annotated[str, typer.Option(help="supervisor, admin or viewer.")]


@app.command("add")
def add(
    name: Name,
    role: RoleOption = "supervisor",
    link: Annotated[
        bool, typer.Option("--link", help="No password; print a one-time login link.")
    ] = False,
    stdin: FromInput = False,
    address: Address = None,
    minutes: Minutes = 30,
    store: StoreOption = None,
) -> None:
    """Add a user, with a password (asked for twice) or with a link that lets them in once.

    \b
    Examples:
      jiesu user add li.wei
      jiesu user add wang --role admin --link
      pass show jiesu/li.wei | jiesu user add li.wei --stdin
    """
    with opened(store) as found:
        password = None if link else _password(stdin)
        user = found.users.create(name, password, role)  # type: ignore[arg-type]
        typer.echo(f"{user.name} {user.role}", err=True)
        if link:
            typer.echo(_link(found, name, address, minutes))


@app.command("list")
def list_users(store: StoreOption = None, as_json: AsJson = False) -> None:
    """List the users, by name.

    \b
    Examples:
      jiesu user list
      jiesu user list --json | jq -r .[].name
    """
    with opened(store) as found:
        users = found.users.list()
    if as_json:
        typer.echo(json.dumps([_plain(user) for user in users], ensure_ascii=False))
        return
    print_table(
        ("name", "role", "since", "last login", "state"),
        [
            (
                user.name,
                user.role,
                shown(user.created_at),
                shown(user.last_login),
                _state(user, datetime.now(UTC)),
            )
            for user in users
        ],
    )


@app.command("disable")
def disable(name: Name, store: StoreOption = None) -> None:
    """Let a user in no more, at once; what they reviewed stays.

    \b
    Examples:
      jiesu user disable li.wei
    """
    with opened(store) as found:
        found.users.disable(name)
    typer.echo(f"{name} disabled", err=True)


@app.command("enable")
def enable(name: Name, store: StoreOption = None) -> None:
    """Let a disabled user in again.

    \b
    Examples:
      jiesu user enable li.wei
    """
    with opened(store) as found:
        found.users.enable(name)
    typer.echo(f"{name} enabled", err=True)


@app.command("password")
def password(name: Name, stdin: FromInput = False, store: StoreOption = None) -> None:
    """Set a user's password, lift a lock, and end every session of theirs.

    \b
    Examples:
      jiesu user password li.wei
    """
    with opened(store) as found:
        found.users.set_password(name, _password(stdin))
    typer.echo(f"{name}: password set", err=True)


@app.command("role")
def role(
    name: Name,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="supervisor, admin or viewer.")],
    store: StoreOption = None,
) -> None:
    """Give a user another role, and end every session of theirs.

    \b
    Examples:
      jiesu user role li.wei admin
    """
    with opened(store) as found:
        found.users.set_role(name, role)  # type: ignore[arg-type]
    typer.echo(f"{name} {role}", err=True)


@app.command("link")
def link(
    name: Name, address: Address = None, minutes: Minutes = 30, store: StoreOption = None
) -> None:
    """Print a link that lets a user in once.

    \b
    Examples:
      jiesu user link li.wei --address https://jiesu.example
    """
    with opened(store) as found:
        typer.echo(_link(found, name, address, minutes))


def _password(stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True))


def _link(store: Store, name: str, address: str | None, minutes: int) -> str:
    from jiesu.serve.settings import load_serve_settings

    settings = load_serve_settings()
    base = address or f"http://{settings.host}:{settings.port}"
    token = store.users.link(name, now=datetime.now(UTC), minutes=minutes)
    # As jiesu.serve.supervisor.login_address makes it, which would bring the whole service along.
    return f"{base.rstrip('/')}/login?link={token}"


def _state(user: User, now: datetime) -> str:
    if not user.is_active:
        return "disabled"
    if user.locked_until is not None and user.locked_until > now:
        return "locked"
    return "active" if user.has_password else "by link"


def _plain(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "has_password": user.has_password,
        "created_at": user.created_at.isoformat(),
        "last_login": user.last_login and user.last_login.isoformat(),
        "locked_until": user.locked_until and user.locked_until.isoformat(),
        "disabled_at": user.disabled_at and user.disabled_at.isoformat(),
    }
