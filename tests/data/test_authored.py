"""The authored corpora: every row as its guide says, parts apart, nobody's data in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.learn.conduct import ConductRows, read_authored, read_lines
from jiesu.resources import resource
from jiesu.schema import TYPE_CODES, DispositionCode, RiskLevel
from jiesu.text.redact import find_personal_data

ROOT = resource("data", "authored")
APPEALS = sorted(ROOT.glob("t*/*.jsonl"))
LINES = sorted((ROOT / "lines").glob("*.tsv"))
KEYS = {
    "id", "form", "type", "alt", "disposition", "flags", "reports_illegality", "risk",
    "evasion", "negative", "topic",
}  # fmt: skip
NUMBERS = ("mobile", "landline", "id_card", "bank_card", "email", "plate")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def text(row: dict[str, Any]) -> str:
    return "\n".join(turn["text"] for turn in row["turns"]) if "turns" in row else row["text"]


@pytest.mark.parametrize("path", APPEALS, ids=lambda path: path.stem)
def test_every_row_is_as_the_guide_says(path: Path) -> None:
    found = rows(path)
    assert len({row["id"] for row in found}) == len(found) >= 100
    for row in found:
        where = row["id"]
        assert set(row) - {"text", "turns"} == KEYS, where
        assert ("turns" in row) == (row["form"] == "turns") != ("text" in row), where
        assert row["type"] in TYPE_CODES, where
        assert row["alt"] is None or row["alt"] in TYPE_CODES, where
        assert row["disposition"] in get_args(DispositionCode), where
        assert row["risk"] in get_args(RiskLevel), where
        assert not (row["flags"] and row["negative"]), where


@pytest.mark.parametrize("path", APPEALS, ids=lambda path: path.stem)
def test_every_marked_stretch_stands_in_the_text(path: Path) -> None:
    found = ConductRows()
    read_authored(path, found)
    assert sum(len(marks) for marks in found.marks) == sum(len(r["flags"]) for r in rows(path))


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.stem)
def test_every_line_is_marked_as_the_guide_says(path: Path) -> None:
    found = ConductRows()
    read_lines(path, found)
    assert len(found.appeals) >= 1000
    assert len({appeal.text for appeal in found.appeals}) == len(found.appeals)


def test_short_appeals_have_their_two_labels() -> None:
    found = rows(ROOT / "lines" / "short-emergencies.jsonl")
    assert len({row["text"] for row in found}) == len(found) >= 400
    for row in found:
        assert set(row) == {"id", "text", "disposition", "risk"}, row["id"]
        assert row["disposition"] in ("normal", "emergency"), row["id"]
        assert row["risk"] in get_args(RiskLevel), row["id"]


def test_test_and_train_share_no_near_duplicate() -> None:
    named = [(path.parent.name, text(row)) for path in APPEALS for row in rows(path)]
    groups = near_duplicate_groups([words for _, words in named]).tolist()
    parts: dict[int, set[str]] = {}
    for (part, _), group in zip(named, groups, strict=True):
        parts.setdefault(group, set()).add(part)
    assert [group for group, found in parts.items() if len(found) > 1] == []


@pytest.mark.parametrize("path", [*APPEALS, *LINES], ids=lambda path: path.stem)
def test_nobody_s_numbers_are_in_it(path: Path) -> None:
    words = path.read_text("utf-8")
    kinds = [item.kind for item in find_personal_data(words) if item.kind in NUMBERS]
    assert kinds == []
    assert not re.search(r"(?<!\d)1[3-9]\d{9}(?!\d)", words)


def test_the_corpora_are_as_large_as_the_card_says() -> None:
    card = (ROOT / "README.md").read_text("utf-8")
    for part in ("train", "test"):
        count = sum(len(rows(path)) for path in APPEALS if path.parent.name == part)
        assert f"| `{part}/` | {count:,} appeals |" in card
