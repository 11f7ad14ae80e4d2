"""`jiesu demo`: everything at once, from what the package carries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jiesu.schema import Appeal, Verdict

Jiesu = Callable[..., Any]


def test_the_demo(jiesu: Jiesu, samples: list[Appeal], tmp_path: Path) -> None:
    found = jiesu("demo", "-o", "shown/here", "--rows", 3)
    assert found.code == 0
    assert f"3 of {len(samples)} sample appeals" in found.text
    assert samples[2].id in found.text
    assert samples[3].id not in found.text
    folder = tmp_path / "shown" / "here"
    assert sorted(path.name for path in folder.iterdir()) == [
        "report.html",
        "report.json",
        "verdicts.jsonl",
        "verdicts.xlsx",
    ]
    lines = (folder / "verdicts.jsonl").read_bytes().splitlines()
    assert [Verdict.model_validate_json(line).id for line in lines] == [a.id for a in samples]
