"""Labelled rows: which label a row has, what is left out, and what must not be read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.corpus.record import appeal_from
from jiesu.errors import ConfigError, InputError
from jiesu.jurisdiction import Jurisdiction, load_jurisdiction
from jiesu.learn.config import HeadConfig, Source
from jiesu.learn.rows import excluded_texts, label_of, read_rows, words_only

Write = Callable[..., Path]


@pytest.fixture(scope="module")
def haikou() -> Jurisdiction:
    return load_jurisdiction("haikou-2018")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(*records: dict[str, Any] | str, name: str = "a.jsonl") -> Path:
        lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
        return tmp_path

    return _write


LABELS = [
    pytest.param({"l": "a"}, {}, "a", id="plain"),
    pytest.param({"l": 3}, {}, "3", id="a number"),
    pytest.param({"l": ""}, {}, None, id="blank"),
    pytest.param({"l": None}, {}, None, id="null"),
    pytest.param({}, {}, None, id="no such column"),
    pytest.param({"l": ["a", "b"]}, {}, "a", id="the first of a list"),
    pytest.param({"l": ["a", "b"]}, {"level": 1}, "b", id="a deeper level"),
    pytest.param({"l": ["a"]}, {"level": 1}, None, id="a level that is not there"),
    pytest.param({"l": []}, {}, None, id="an empty list"),
    pytest.param({"l": '["a", "b"]'}, {"level": 1}, "b", id="a list written as JSON"),
    pytest.param({"l": "a"}, {"map": {"a": "z"}}, "z", id="translated"),
    pytest.param({"l": "a"}, {"map": {"a": ""}}, None, id="left out by translation"),
    pytest.param({"l": "a"}, {"map": {"b": "z"}}, "a", id="not in the translation"),
    pytest.param({"l": "a", "w": "x"}, {"where": {"w": "x"}}, "a", id="a column as wanted"),
    pytest.param({"l": "a", "w": "y"}, {"where": {"w": "x"}}, None, id="another value"),
    pytest.param({"l": "a"}, {"where": {"w": "x"}}, None, id="not that column"),
    pytest.param({"诉求类型": "咨询"}, {"label": "registered_type"}, "咨询", id="a contract field"),
    pytest.param(
        {"l": "[其他]"},
        {},
        "[其他]",
        id="brackets that are no JSON",
    ),
]


@pytest.mark.parametrize(("cells", "source", "expected"), LABELS)
def test_the_label_of_a_row(
    cells: dict[str, Any], source: dict[str, Any], expected: str | None
) -> None:
    row = appeal_from({"text": "路灯坏了", **cells}, number=1)
    assert label_of(row, Source(**{"path": "a", "label": "l", **source})) == expected


def test_labels_are_brought_to_the_jurisdiction_s_names(write: Write, haikou: Jurisdiction) -> None:
    unit = next(unit for unit in haikou.units if unit.aliases)
    root = write({"text": "一", "u": unit.aliases[0]}, {"text": "二", "u": unit.name})
    rows = read_rows(root, [Source(path="a.jsonl", label="u")], head="unit", jurisdiction=haikou)
    assert rows.labels == [unit.name, unit.name]


def test_an_unknown_label_is_refused_with_its_place(write: Write, haikou: Jurisdiction) -> None:
    root = write({"text": "一", "type": "help"}, {"text": "二", "type": "表扬"})
    with pytest.raises(ConfigError) as caught:
        read_rows(root, [Source(path="a.jsonl", label="type")], head="type", jurisdiction=haikou)
    assert caught.value.code == "unknown_label"
    assert caught.value.message.startswith("heads -> type -> a.jsonl row 2: found label '表扬'")


def test_a_translation_mends_an_unknown_label(write: Write, haikou: Jurisdiction) -> None:
    root = write({"text": "一", "type": "表扬"}, {"text": "二", "type": "无效"})
    source = Source(path="a.jsonl", label="type", map={"表扬": "other", "无效": ""})
    rows = read_rows(root, [source], head="type", jurisdiction=haikou)
    assert (rows.labels, rows.skipped) == (["other"], 1)


def test_rows_without_label_or_text_are_counted(write: Write, haikou: Jurisdiction) -> None:
    root = write(
        {"text": "一", "l": "a"}, {"text": "", "l": "a"}, {"text": "三"}, "{broken", {"l": "a"}
    )
    rows = read_rows(root, [Source(path="a.jsonl", label="l")], head="free", jurisdiction=haikou)
    assert (len(rows), rows.skipped) == (1, 4)


def test_sources_follow_one_another_each_with_its_weight(
    write: Write, haikou: Jurisdiction
) -> None:
    write({"text": "一", "l": "a", "alt": "b"}, name="a.jsonl")
    root = write({"text": "二", "m": "b"}, {"text": "三", "m": "c"}, name="b.jsonl")
    sources = [
        Source(path="a.jsonl", label="l", weight=2),
        Source(path="b.jsonl", label="m", weight=0.5),
    ]
    rows = read_rows(root, sources, head="free", jurisdiction=haikou)
    assert [appeal.text for appeal in rows.appeals] == ["一", "二", "三"]
    assert rows.labels == ["a", "b", "c"]
    assert rows.weights == [2.0, 0.5, 0.5]
    assert rows.alternatives == ["b", None, None]
    taken = rows.take([2, 0])
    assert (taken.labels, taken.weights, taken.alternatives) == (
        ["c", "a"],
        [0.5, 2.0],
        [None, "b"],
    )


def test_what_gives_the_answer_away_is_not_read(write: Write, haikou: Jurisdiction) -> None:
    record = {
        "text": "路灯",
        "区域": "美兰区",
        "镇街": "白龙街道",
        "地址": "某路",
        "诉求类型": "投诉",
    }
    root = write({**record, "标题": "题", "来电时间": "2018-01-02", "l": "a"})
    rows = read_rows(root, [Source(path="a.jsonl", label="l")], head="free", jurisdiction=haikou)
    (appeal,) = rows.appeals
    assert (appeal.area, appeal.subdistrict, appeal.address, appeal.registered_type) == (None,) * 4
    assert appeal.text == "题\n路灯"
    assert appeal.received_at is not None
    assert words_only(appeal) == appeal


def test_no_labelled_row_at_all(write: Write, haikou: Jurisdiction) -> None:
    root = write({"text": "一"})
    with pytest.raises(InputError) as caught:
        read_rows(root, [Source(path="a.jsonl", label="l")], head="free", jurisdiction=haikou)
    assert caught.value.code == "no_rows"


def test_a_file_that_is_not_there(tmp_path: Path, haikou: Jurisdiction) -> None:
    with pytest.raises(InputError) as caught:
        read_rows(tmp_path, [Source(path="no.jsonl", label="l")], head="free", jurisdiction=haikou)
    assert caught.value.code == "missing_file"


def test_excluded_files_are_read_whole(write: Write) -> None:
    root = write({"text": "一"}, {"text": ""}, {"text": "二", "l": "a"})
    config = HeadConfig(sources=(Source(path="b", label="l"),), exclude=("a.jsonl",))
    assert [appeal.text for appeal in excluded_texts(root, config)] == ["一", "二"]


def test_a_label_table_joins_by_id(write: Write, haikou: Jurisdiction) -> None:
    root = write({"id": "a", "text": "一"}, {"id": "b", "text": "二"}, {"id": "c", "text": "三"})
    (root / "t.tsv").write_text("id\ttype\talt\nb\thelp\t-\nc\t投诉\thelp\n", "utf-8")
    source = Source(path="a.jsonl", label="type", labels="t.tsv")
    rows = read_rows(root, [source], head="type", jurisdiction=haikou)
    assert [appeal.id for appeal in rows.appeals] == ["b", "c"]
    assert rows.labels == ["help", "complaint"]
    assert rows.alternatives == [None, "help"]
    assert rows.skipped == 1


TABLES = [
    pytest.param("type\nhelp\n", "line 1", id="no id column"),
    pytest.param("id\ttype\na\n", "line 2", id="a short line"),
    pytest.param("id\ttype\na\thelp\na\thelp\n", "line 3", id="an id given twice"),
    pytest.param("id\ttype\nzz\thelp\n", "none of the 1 ids", id="a table of another file"),
    pytest.param(None, "not readable", id="no such table"),
]


@pytest.mark.parametrize(("table", "said"), TABLES)
def test_a_label_table_at_fault_is_refused(
    write: Write, haikou: Jurisdiction, table: str | None, said: str
) -> None:
    root = write({"id": "a", "text": "一"})
    if table is not None:
        (root / "t.tsv").write_text(table, "utf-8")
    source = Source(path="a.jsonl", label="type", labels="t.tsv")
    with pytest.raises(InputError, match=said):
        read_rows(root, [source], head="type", jurisdiction=haikou)
