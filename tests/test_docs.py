"""The documentation: the page of commands is fresh, and what the README says to type works."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs_cli import page, path
from jiesu.resources import resource

BLOCK = re.compile(r"^```bash[^\n]*\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")

# What a command of the README may name and this machine need not have, and why it is not run.
SKIPPED = {
    "../shared/data": "needs the data that lie beside the checkout",
    "-o models/default": "would write the shipped bundle",
    "my-city": "a folder that the reader makes",
    "in.jsonl": "a file of the reader's",
    "in.csv": "a file of the reader's",
    "工单.xlsx": "a file of the reader's",
    "pbpaste": "a program of another system",
    "| jq": "a program that need not be installed",
}


def readme() -> str:
    return (resource("pyproject.toml").parent / "README.md").read_text("utf-8")


def commands(text: str) -> list[str]:
    """Return the command lines of the bash blocks, continued lines joined."""
    found = []
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.strip().removeprefix("$ ")
            if command and not command.startswith("#"):
                found.append(command)
    return found


def uses_jiesu(command: str) -> bool:
    words = shlex.split(command, comments=True)
    return any(
        word == "jiesu" and (place == 0 or words[place - 1] in ("|", "&&", ";"))
        for place, word in enumerate(words)
    )


README = [command for command in commands(readme()) if uses_jiesu(command)]


@pytest.fixture(scope="module")
def workplace(child_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like a checkout after `make demo`, with `jiesu` to call."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("configs", "data"):
        (folder / name).symlink_to(resource(name), target_is_directory=True)
    (folder / "out" / "demo").mkdir(parents=True)
    (folder / "bin").mkdir()
    script = folder / "bin" / "jiesu"
    script.write_text(
        f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "
        '"from jiesu.cli.app import main; main()" "$@"\n'
    )
    script.chmod(0o755)
    return folder


def test_the_page_of_commands_is_fresh() -> None:
    assert path().read_text("utf-8") == page(), "PYTHONPATH=pipeline python tests/docs_cli.py"


def test_the_page_names_every_command_once() -> None:
    headings = re.findall(r"^## `(.+)`$", page(), re.M)
    assert len(headings) == len(set(headings))
    assert {"jiesu", "jiesu score", "jiesu train", "jiesu bundle verify"} <= set(headings)


# In the README's order: a later command may use what an earlier one wrote.
@pytest.mark.parametrize("command", README)
def test_what_the_readme_says_to_type_works(
    command: str, workplace: Path, child_env: dict[str, str]
) -> None:
    for part, reason in SKIPPED.items():
        if part in command:
            pytest.skip(reason)
    env = child_env | {"PATH": f"{workplace / 'bin'}:{child_env['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=workplace,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_readme_shows_how_to_begin() -> None:
    found = commands(readme())
    assert "make demo" in found
    assert "make test" in found


def test_every_link_of_the_readme_leads_somewhere() -> None:
    root = resource("pyproject.toml").parent
    missing = [
        link
        for link in LINK.findall(readme())
        if not link.startswith(("http:", "https:", "mailto:")) and not (root / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("```bash\njiesu a\njiesu b\n```", ["jiesu a", "jiesu b"], id="two lines"),
        pytest.param("```bash\njiesu a \\\n  -o b\n```", ["jiesu a    -o b"], id="continued"),
        pytest.param("```text\njiesu a\n```", [], id="another kind of block"),
        pytest.param("```bash\n# jiesu a\n$ jiesu b\n```", ["jiesu b"], id="comment and prompt"),
        pytest.param("jiesu a", [], id="no block"),
    ],
)
def test_commands_are_found(text: str, expected: list[str]) -> None:
    assert commands(text) == expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param("jiesu score a", True, id="at the start"),
        pytest.param("cat a | jiesu score -", True, id="behind a pipe"),
        pytest.param("pip install jiesu", False, id="as an argument"),
        pytest.param("make demo", False, id="not at all"),
    ],
)
def test_commands_of_jiesu_are_told_from_others(command: str, expected: bool) -> None:
    assert uses_jiesu(command) is expected
