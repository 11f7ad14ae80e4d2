"""`jiesu serve`: what keeps it from serving is said at once. How it serves: tests/serve."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Jiesu = Callable[..., Any]
RUN = "from jiesu.cli.app import main; main()"


@pytest.mark.parametrize("absent", ["fastapi", "sqlalchemy", "prometheus_client", "uvicorn"])
def test_without_the_extra_it_says_which_one(
    absent: str, child_env: dict[str, str], tmp_path: Path
) -> None:
    block = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] == {absent!r}:\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        f"sys.meta_path.insert(0, Absent())\n{RUN}"
    )
    done = subprocess.run(
        [sys.executable, "-c", block, "serve"],
        env=child_env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "missing_extra" in done.stderr
    assert "jiesu[serve]" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--bundle", "nowhere"], "no_bundle"),
        (["--config", "nowhere.yaml"], "no_settings"),
        (["--workers", "0"], "bad_settings"),
        (["--log-level", "loud"], "bad_settings"),
        (["--tier", "none"], "bad_settings"),
    ],
)
def test_what_is_at_fault_is_named(arguments: list[str], code: str, jiesu: Jiesu) -> None:
    found = jiesu("serve", *arguments)
    assert found.code == 1
    assert code in found.err


def test_other_commands_import_nothing_of_the_service(
    child_env: dict[str, str], tmp_path: Path
) -> None:
    code = "import sys; sys.argv = ['jiesu', '--version']\ntry:\n    " + RUN.replace("; ", "\n    ")
    code += "\nfinally:\n    print(*sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_env, cwd=tmp_path, capture_output=True, text=True
    )
    assert set(done.stderr.split()).isdisjoint({"fastapi", "uvicorn", "sqlalchemy", "starlette"})
