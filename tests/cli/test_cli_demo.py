"""`jiesu demo`: everything at once, from what the package carries."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from jiesu.schema import Appeal, Verdict

Jiesu = Callable[..., Any]


def test_the_demo(jiesu: Jiesu, samples: list[Appeal], tmp_path: Path) -> None:
    found = jiesu("demo", "-o", "shown/here", "--rows", 3)
    assert found.code == 0
    assert f"3 of {len(samples)} sample appeals" in found.text
    assert samples[2].id in found.text
    assert samples[3].id not in found.text
    # Without a terminal it ends, and says how to go on.
    waiting = re.search(r"(\d+) appeals wait for a supervisor", found.text)
    assert waiting is not None
    assert f"jiesu serve --store sqlite:///{tmp_path}/shown/here/jiesu.db" in found.text
    folder = tmp_path / "shown" / "here"
    assert sorted(path.name for path in folder.iterdir()) == [
        "jiesu.db",
        "report.html",
        "report.json",
        "verdicts.jsonl",
        "verdicts.xlsx",
    ]
    lines = (folder / "verdicts.jsonl").read_bytes().splitlines()
    verdicts = [Verdict.model_validate_json(line) for line in lines]
    assert [verdict.id for verdict in verdicts] == [a.id for a in samples]
    # What is decided alone does not wait, but for a share that is audited.
    reviewed = sum(verdict.decision.action == "review" for verdict in verdicts)
    assert reviewed <= int(waiting[1]) <= len(samples)


def test_on_a_terminal_it_serves_until_it_is_interrupted(
    child_env: dict[str, str], tmp_path: Path
) -> None:
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from jiesu.cli.app import main; main()", "demo", "-o", "out"],
        cwd=tmp_path,
        env=child_env | {"TERM": "dumb", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    )
    os.close(screen)
    try:
        link = read_until(keyboard, r"http://127\.0\.0\.1:\d+/login\?link=jsl_[\w-]+", seconds=120)
        shown = ask(link)
        assert shown.status_code == 200
        assert "用此链接登录" in shown.text
        process.send_signal(signal.SIGINT)
        # A terminal goes on being read, or the process would wait for it.
        read_until(keyboard, r"\Z.^", seconds=5, fails=False)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(keyboard)


def read_until(terminal: int, pattern: str, *, seconds: float, fails: bool = True) -> str:
    """Return what a terminal shows that fits a pattern; stop when nobody writes to it any more."""
    seen = ""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                seen += os.read(terminal, 65_536).decode("utf-8", "replace")
            except OSError:
                break
        if found := re.search(pattern, seen):
            return found.group()
    assert not fails, seen[-2000:]
    return seen


def ask(address: str) -> httpx.Response:
    """Return the answer of a service that may be about to begin."""
    end = time.monotonic() + 60
    while True:
        try:
            return httpx.get(address, headers={"Accept": "text/html"}, timeout=30)
        except httpx.TransportError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
