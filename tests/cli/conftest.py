"""The command line as a user runs it, in this process: what it prints, and how it ends."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jiesu.cli.app import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended: exit code, and the bytes of both streams."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.out.decode("utf-8")


Jiesu = Callable[..., Outcome]


@pytest.fixture
def jiesu(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> Jiesu:
    """Return a function that runs `jiesu ARGS...` in an empty folder, with bytes on its input."""
    monkeypatch.chdir(tmp_path)

    def run(*args: object, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "argv", ["jiesu", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsysbinary.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        sys.stdout.flush()
        out, err = capsysbinary.readouterr()
        return Outcome(code, out, err.decode("utf-8"))

    return run
