"""Training rows: the answer that stands, with provenance, readable by what trains."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from jiesu.corpus.read import read_appeals
from jiesu.errors import InputError
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.config import Source
from jiesu.learn.objections import read_objections
from jiesu.learn.rows import read_rows
from jiesu.learn.unit_names import UnitNames
from jiesu.review.export import export
from jiesu.review.training import COLUMNS, training_rows
from jiesu.schema import Appeal, Turn
from jiesu.store import Scored, Store
from jiesu.text.turns import transcript
from store_rows import DAY, MINUTE, NOW, fill, review, scored, take, user, verdict

LATER = NOW + MINUTE
LAST = LATER + MINUTE
POLICE = {"function": "公安局", "unit": "海口市公安局"}


def rows(store: Store, **options: Any) -> list[dict[str, Any]]:
    return list(training_rows(store, **options))


def test_a_row_and_where_it_comes_from(store: Store) -> None:
    li = user(store, "li.wei")
    fill(store, 1)
    review(store, li, {"type": "help", **POLICE})
    [row] = rows(store)
    assert tuple(row) == COLUMNS
    assert "[手机号]" in row["text"]
    assert "138" not in row["text"]
    assert (row["type"], row["unit"], row["unit_name"]) == ("help", "公安局", "海口市公安局")
    assert (row["settled"], row["action"], row["changed"]) == ("single", "correct", True)
    assert (row["reviewers"], row["bundle"]) == (["user:li.wei"], "tiny 1")
    assert row["decided_at"] == NOW.isoformat(timespec="seconds")
    assert (row["dispatched_unit"], row["final_unit"]) == ("海口供电局", "海口市公安局")
    assert (row["source"], row["outcome"]) == ("review", "upheld")


def test_accepted_verdicts_are_rows_too(store: Store) -> None:
    fill(store, 1)
    review(store, 1)
    [row] = rows(store)
    assert (row["changed"], row["outcome"], row["action"]) == (False, "rejected", "accept")
    assert rows(store, only="changed") == []


def test_disputed_appeals_wait(store: Store) -> None:
    fill(store, 1)
    review(store, user(store, "li"), {"type": "help"})
    review(store, user(store, "wang"), now=LATER)
    assert rows(store) == []
    review(store, user(store, "zhao"), {"type": "help"}, now=LAST)
    [row] = rows(store)
    assert (row["type"], row["settled"]) == ("help", "third")
    assert row["reviewers"] == ["user:li", "user:wang", "user:zhao"]


def test_objections(store: Store) -> None:
    store.keys.create("units", ["review"])
    ids = fill(store, 2)
    store.reviews.feedback(ids[0], 1, "objection", POLICE, "不归我管", now=NOW)
    store.reviews.feedback(ids[1], 1, "accept", now=NOW)
    [row] = rows(store, only="objections")
    assert (row["id"], row["reason"], row["reviewers"]) == (ids[0], "不归我管", ["key:units"])
    assert row["objected_at"] == NOW.isoformat(timespec="seconds")
    assert len(rows(store)) == 2


def test_an_objection_that_a_supervisor_decided(store: Store) -> None:
    store.appeals.put([scored("1")], now=NOW)
    store.reviews.feedback("1", 1, "objection", comment="不归我管", now=NOW)
    case = take(store, 7)
    store.reviews.decide(case.id, 7, "correct", POLICE, now=NOW)
    [row] = rows(store, only="objections")
    assert (row["unit"], row["reason"], row["outcome"]) == ("公安局", "不归我管", "upheld")
    assert row["reviewers"] == ["user:7"]


def test_a_period(store: Store) -> None:
    fill(store, 2)
    review(store, 1, now=NOW)
    review(store, 1, now=NOW + DAY)
    assert len(rows(store, since=NOW + DAY)) == 1
    assert len(rows(store, until=NOW + DAY)) == 1
    assert len(rows(store)) == 2


def test_more_than_a_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jiesu.review.training._PAGE", 3)
    ids = fill(store, 8)
    for _ in range(8):
        review(store, 1)
    assert sorted(row["id"] for row in rows(store)) == sorted(ids)


def test_a_transcript_keeps_its_speakers(store: Store) -> None:
    turns = (Turn(speaker="operator", text="请讲"), Turn(speaker="caller", text="路灯坏了"))
    one = Appeal(id="1", text=transcript(turns), turns=turns)
    store.appeals.put([Scored(one, verdict("1"))], now=NOW)
    review(store, 1)
    [row] = rows(store)
    assert row["turns"] == [turn.model_dump() for turn in turns]


class TestExport:
    """To a file, whole, and for spreadsheets without a formula."""

    def hostile(self, store: Store) -> None:
        store.appeals.put(
            [
                scored("=cmd|' /C calc'!A0", "=1+1+路灯"),
                scored("@SUM(1)", "+路灯" * 20_000),
                scored("-1", '<script>alert("路灯")</script>\x01\x0b'),
            ],
            now=NOW,
        )
        for _ in range(3):
            review(store, 1)

    def test_jsonl_for_training(self, store: Store, tmp_path: Path) -> None:
        fill(store, 4)
        for number in range(4):
            review(store, 1, {"type": "help", **POLICE} if number else None)
        path = tmp_path / "rows.jsonl"
        assert export(store, path, now=NOW) == 4
        haikou = load_jurisdiction("haikou-2018")
        for head, expected in (
            ("type", {"help": 3, "complaint": 1}),
            ("unit", {"公安局": 3, "供电局": 1}),
            ("disposition", {"normal": 4}),
        ):
            source = Source(path="rows.jsonl", label=head)
            found = read_rows(tmp_path, [source], head=head, jurisdiction=haikou)
            assert {label: found.labels.count(label) for label in found.labels} == expected
            assert found.skipped == 0

    def test_jsonl_for_objections(self, store: Store, tmp_path: Path) -> None:
        fill(store, 3)
        for number in range(3):
            review(store, 1, POLICE if number == 0 else None)
        path = tmp_path / "rows.jsonl"
        export(store, path)
        names = UnitNames(load_jurisdiction("haikou-2018"))
        found = read_objections(read_appeals(path), names)
        assert not found.problems
        assert sorted(str(one.upheld) for one in found.objections) == ["False", "False", "True"]
        moved = next(one for one in found.objections if one.upheld)
        assert moved.unit == "供电局"
        assert moved.owner.function == "公安局"

    def test_csv_holds_no_formula(self, store: Store, tmp_path: Path) -> None:
        self.hostile(store)
        path = tmp_path / "rows.csv"
        assert export(store, path) == 3
        with path.open(encoding="utf-8-sig", newline="") as stream:
            found = list(csv.reader(stream))
        assert found[0] == list(COLUMNS)
        assert len(found) == 4
        for line in found[1:]:
            assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert {line[0] for line in found[1:]} == {"'=cmd|' /C calc'!A0", "'@SUM(1)", "'-1"}

    def test_xlsx_holds_no_formula(self, store: Store, tmp_path: Path) -> None:
        self.hostile(store)
        path = tmp_path / "rows.xlsx"
        assert export(store, path) == 3
        book = load_workbook(path)
        cells = [cell for line in book["reviews"].iter_rows() for cell in line]
        assert len(cells) == 4 * len(COLUMNS)
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert max(len(str(cell.value)) for cell in cells) <= 32_767

    def test_it_is_in_the_log(self, store: Store, tmp_path: Path) -> None:
        export(store, tmp_path / "rows.jsonl", actor="user:1")
        entry = store.log.entries(subject="reviews")[-1]
        assert (entry.kind, entry.actor) == ("export", "user:1")
        assert entry.details == {"rows": 0, "only": "all"}

    @pytest.mark.parametrize(
        ("name", "code"),
        [("rows.txt", "unknown_format"), ("no/rows.csv", "no_folder"), ("dir.csv", "unwritable")],
    )
    def test_files_that_cannot_be_written(
        self, store: Store, tmp_path: Path, name: str, code: str
    ) -> None:
        (tmp_path / "dir.csv").mkdir()
        with pytest.raises(InputError) as caught:
            export(store, tmp_path / name)
        assert caught.value.code == code
        assert store.log.entries(subject="reviews") == []

    def test_what_is_wanted_is_one_of_three(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            export(store, tmp_path / "rows.csv", only="some")  # type: ignore[arg-type]
        assert caught.value.code == "bad_only"

    def test_a_file_that_breaks_off_leaves_nothing(
        self, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(store, 1)
        review(store, 1)
        (tmp_path / "rows.jsonl").write_text("old\n")

        def broken(*_: object, **__: object) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(json, "dumps", broken)
        with pytest.raises(InputError, match="No space left"):
            export(store, tmp_path / "rows.jsonl")
        monkeypatch.undo()
        assert (tmp_path / "rows.jsonl").read_text() == "old\n"
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
