"""Every notebook runs from top to bottom, as its cells stand, and is stored without output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jiesu.schema import Verdict

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def code_cells(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture
def no_windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt = pytest.importorskip("matplotlib.pyplot", reason="needs the extra train")
    backend = plt.get_backend()
    plt.switch_backend("Agg")
    yield
    plt.close("all")
    plt.switch_backend(backend)


def test_there_is_a_first_look() -> None:
    assert "first-look.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.usefixtures("no_windows")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in code_cells(path):
        exec(compile("".join(cell["source"]), f"{path.name} {cell['id']}", "exec"), names)
    verdicts = names["verdicts"]
    assert len(verdicts) == len(names["rows"])
    assert all(isinstance(verdict, Verdict) and verdict.error is None for verdict in verdicts)
    assert len(names["axes"]) == 2
    assert all(axis.has_data() for axis in names["axes"])
    assert len(capsys.readouterr().out.splitlines()) > 40
    assert list(tmp_path.iterdir()) == [], "a notebook writes nothing where it runs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_keeps_no_output(path: Path) -> None:
    assert [cell["id"] for cell in code_cells(path) if cell["outputs"]] == []
    assert [cell["id"] for cell in code_cells(path) if cell["execution_count"]] == []
