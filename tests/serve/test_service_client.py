"""The Python client of the page of the service does what it says."""

from __future__ import annotations

import re
import subprocess
import sys

from jiesu.resources import resource
from serve_process import ServeProcess

BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


def test_the_client_scores_a_batch(serving: ServeProcess, key: str) -> None:
    page = (resource("pyproject.toml").parent / "docs" / "service.md").read_text("utf-8")
    (client,) = BLOCK.findall(page)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", client],
        env={"JIESU": serving.url, "KEY": key, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["C-1", "C-2"]
    assert all(line.split()[-1] in ("auto", "review") for line in lines)


def test_the_client_says_what_is_wrong(serving: ServeProcess) -> None:
    page = (resource("pyproject.toml").parent / "docs" / "service.md").read_text("utf-8")
    (client,) = BLOCK.findall(page)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", client],
        env={"JIESU": serving.url, "KEY": "jsk_wrong", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "bad_key"
