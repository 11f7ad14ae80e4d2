"""Every command: help with examples, and the three exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import jiesu as package
from docs_cli import commands
from jiesu.resources import resource

Jiesu = Callable[..., Any]
LEAVES = [name for name, text in commands() if "COMMAND [ARGS]" not in text]
GROUPS = [name for name, text in commands() if "COMMAND [ARGS]" in text]


def test_the_commands_are_these() -> None:
    assert sorted(LEAVES) == [
        "jiesu audit verify",
        "jiesu bundle show",
        "jiesu bundle verify",
        "jiesu demo",
        "jiesu encoder prune",
        "jiesu encoder restore",
        "jiesu encoder train",
        "jiesu encoder unpack",
        "jiesu evaluate",
        "jiesu explain",
        "jiesu jurisdiction check",
        "jiesu jurisdiction new",
        "jiesu jurisdiction show",
        "jiesu key add",
        "jiesu key list",
        "jiesu key revoke",
        "jiesu key rotate",
        "jiesu objections",
        "jiesu purge",
        "jiesu review agreement",
        "jiesu review check",
        "jiesu review draw",
        "jiesu review export",
        "jiesu score",
        "jiesu serve",
        "jiesu train",
        "jiesu user add",
        "jiesu user disable",
        "jiesu user enable",
        "jiesu user link",
        "jiesu user list",
        "jiesu user password",
        "jiesu user role",
    ]


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("name", LEAVES)
def test_help_has_examples(name: str, flag: str, jiesu: Jiesu) -> None:
    found = jiesu(*name.split()[1:], flag)
    assert found.code == 0
    _, _, examples = found.text.partition("Example")
    lines = [line.strip() for line in examples.splitlines()]
    assert [line for line in lines if line.startswith((f"{name} ", f"{name}\n")) or line == name]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_without_a_command_shows_its_help(name: str, jiesu: Jiesu) -> None:
    found = jiesu(*name.split()[1:])
    assert found.code == 2
    assert "Commands" in found.text + found.err


def test_the_version(jiesu: Jiesu) -> None:
    found = jiesu("--version")
    assert (found.code, found.text) == (0, f"jiesu {package.__version__}\n")


WRONG_USE = [
    pytest.param(["nonsense"], id="no such command"),
    pytest.param(["score"], id="an argument missing"),
    pytest.param(["score", "a", "b"], id="an argument too many"),
    pytest.param(["score", "a.csv", "--nonsense"], id="no such option"),
    pytest.param(["explain"], id="no text"),
    pytest.param(["evaluate", "default"], id="no data"),
    pytest.param(["evaluate", "default", "a.csv", "--bootstrap", "1"], id="a number out of range"),
    pytest.param(["evaluate", "default", "a.csv", "--label", "type"], id="no HEAD=COLUMN"),
    pytest.param(["demo", "--rows", "0"], id="no rows"),
    pytest.param(["bundle", "nonsense"], id="no such command of a group"),
]

AT_FAULT = [
    pytest.param(["score", "none.csv"], "missing_file", id="no such file"),
    pytest.param(["score", "."], "missing_file", id="a folder"),
    pytest.param(["score", "a.docx"], "missing_file", id="no such file of another kind"),
    pytest.param(["score", "empty.docx"], "unknown_format", id="a suffix that is none"),
    pytest.param(["score", "empty.jsonl", "--format", "x"], "unknown_format", id="no format"),
    pytest.param(["score", "empty.csv"], "no_text_column", id="an empty table"),
    pytest.param(["score", "empty.jsonl", "-o", "a.docx"], "unknown_format", id="no such output"),
    pytest.param(["score", "empty.jsonl", "-o", "no/a.csv"], "no_folder", id="no folder"),
    pytest.param(["score", "empty.jsonl", "--bundle", "none"], "no_bundle", id="no bundle"),
    pytest.param(["explain", ""], "no_text", id="an empty text"),
    pytest.param(["explain", "  \n"], "no_text", id="a blank text"),
    pytest.param(["train", "none.yaml"], "no_config", id="no training file"),
    pytest.param(["train", "empty.yaml"], "bad_yaml", id="an empty training file"),
    pytest.param(["evaluate", "none", "empty.jsonl"], "no_bundle", id="no bundle to measure"),
    pytest.param(["bundle", "show", "none"], "no_bundle", id="no bundle to show"),
    pytest.param(["bundle", "verify", "."], "no_manifest", id="a folder that is no bundle"),
    pytest.param(["jurisdiction", "show", "none"], "unknown_jurisdiction", id="no jurisdiction"),
    pytest.param(["jurisdiction", "check", "none"], "unknown_jurisdiction", id="none to check"),
]


@pytest.mark.parametrize("args", WRONG_USE)
def test_wrong_usage_is_2(args: list[str], jiesu: Jiesu) -> None:
    found = jiesu(*args)
    assert found.code == 2
    assert found.out == b""
    assert found.err.startswith("Usage: ")
    assert "Traceback" not in found.err


@pytest.mark.parametrize(("args", "code"), AT_FAULT)
def test_what_is_at_fault_is_1_and_one_line(
    args: list[str], code: str, jiesu: Jiesu, tmp_path: Path
) -> None:
    for name in ("empty.jsonl", "empty.csv", "empty.docx", "empty.yaml"):
        (tmp_path / name).write_bytes(b"")
    found = jiesu(*args)
    assert (found.code, found.out) == (1, b"")
    (line,) = found.err.strip().splitlines()
    assert line.startswith(f"error {code} ")


def test_settings_at_fault_are_told_like_any_other(jiesu: Jiesu, tmp_path: Path) -> None:
    (tmp_path / "jiesu.yaml").write_text("batch: 0\n", "utf-8")
    found = jiesu("explain", "路灯坏了")
    assert found.code == 1
    assert "settings -> batch" in found.err


def test_the_settings_file_names_the_bundle(
    jiesu: Jiesu, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jiesu.yaml").write_text(f"bundle: {tiny}\n", "utf-8")
    assert '"bundle": "tiny"' in jiesu("explain", "路灯坏了", "--json").text
    monkeypatch.setenv("JIESU_BUNDLE", "nowhere")
    assert "no_bundle" in jiesu("explain", "路灯坏了").err
    assert '"bundle": "tiny"' in jiesu("explain", "路灯坏了", "--json", "--bundle", tiny).text


def test_a_reader_that_stops_early_is_no_error(
    child_env: dict[str, str], tiny: Path, tmp_path: Path
) -> None:
    many = (resource("data", "samples", "appeals.jsonl").read_bytes() + b"\n") * 5
    (tmp_path / "many.jsonl").write_bytes(many)
    code = "from jiesu.cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "score", "many.jsonl", "--bundle", str(tiny)],
        cwd=tmp_path,
        env=child_env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert (process.wait(), said) == (0, b"")
