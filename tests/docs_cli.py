"""docs/cli.md from the help of every command: `PYTHONPATH=pipeline python tests/docs_cli.py`.

tests/test_docs.py holds the page fresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from jiesu.cli.app import app
from jiesu.resources import resource

WIDTH = 88
HEAD = """\
# Command line

What `--help` says of every command. Made by `tests/docs_cli.py`; a test holds it fresh.
"""


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command in the order of the help, as (what to type, its help)."""
    yield from _walk(typer.main.get_command(app), "jiesu", None)


def page() -> str:
    """Return docs/cli.md."""
    parts = [f"## `{name}`\n\n```text\n{text}\n```\n" for name, text in commands()]
    return "\n".join([HEAD, *parts])


def path() -> Path:
    """Return where the page lies."""
    return resource("pyproject.toml").parent / "docs" / "cli.md"


def _walk(command: Any, name: str, parent: Any) -> Iterator[tuple[str, str]]:
    # Plain text: boxes and colours depend on the terminal.
    command.rich_markup_mode = None
    context = command.context_class(
        command,
        parent=parent,
        info_name=name.rpartition(" ")[2],
        terminal_width=WIDTH,
        **({"help_option_names": ["-h", "--help"]} if parent is None else {}),
    )
    lines = command.get_help(context).splitlines()
    yield name, "\n".join(line.rstrip() for line in lines)
    for key, inner in getattr(command, "commands", {}).items():
        yield from _walk(inner, f"{name} {key}", context)


if __name__ == "__main__":
    path().write_text(page(), "utf-8")
