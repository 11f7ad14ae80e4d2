"""Verdicts to files: whole or not at all, in order, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import gc
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from jiesu.engine import Engine
from jiesu.engine.files import WRITERS, flat, write_verdicts
from jiesu.errors import InputError
from jiesu.schema import Appeal, Verdict

FORMULAS = [
    pytest.param("=1+1", id="equals"),
    pytest.param("+1", id="plus"),
    pytest.param("-1", id="minus"),
    pytest.param("@SUM(A1)", id="at"),
    pytest.param("=cmd|' /C calc'!A0", id="a command"),
]


@pytest.fixture(scope="module")
def verdicts(tiny_engine: Engine, samples: list[Appeal]) -> list[Verdict]:
    return tiny_engine.score([*samples[:40], "", None], redact=True, words=True)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Read what was written, by other means than those that wrote it."""
    if path.suffix in (".jsonl", ".ndjson"):
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    if path.suffix == ".parquet":
        return list(pq.read_table(path).to_pylist())
    book = openpyxl.load_workbook(path, read_only=True)
    lines = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    return [dict(zip(map(str, lines[0]), line, strict=True)) for line in lines[1:]]


def test_the_formats_are_these() -> None:
    assert sorted(WRITERS) == [".csv", ".jsonl", ".ndjson", ".parquet", ".xlsx"]


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_format_has_every_verdict_in_order(
    suffix: str, verdicts: list[Verdict], tmp_path: Path
) -> None:
    path = tmp_path / f"out{suffix}"
    assert write_verdicts(iter(verdicts), path) == len(verdicts)
    rows = rows_of(path)
    assert [row["id"] for row in rows] == [verdict.id for verdict in verdicts]
    assert [path.name for path in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_flat_line_says_what_the_verdict_says(
    suffix: str, verdicts: list[Verdict], tmp_path: Path
) -> None:
    path = tmp_path / f"out{suffix}"
    write_verdicts(verdicts, path)
    for row, verdict in zip(rows_of(path), verdicts, strict=True):
        assert list(row) == list(flat(verdict))
        for key, value in flat(verdict).items():
            found = row[key]
            if isinstance(value, str):
                assert (found or "").removeprefix("'") == value.replace("\r", "") or key in (
                    "redacted_text",
                    "words",
                )
            elif value is None:
                assert found in (None, "")
            else:
                assert float(found) == pytest.approx(value)


def test_a_jsonl_line_is_the_whole_verdict(verdicts: list[Verdict], tmp_path: Path) -> None:
    write_verdicts(verdicts, tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    assert [Verdict.model_validate_json(line) for line in lines] == verdicts


def test_a_stream_gets_jsonl(verdicts: list[Verdict]) -> None:
    stream = io.BytesIO()
    assert write_verdicts(verdicts, stream) == len(verdicts)
    assert stream.getvalue().count(b"\n") == len(verdicts)


def test_csv_begins_with_a_byte_order_mark(verdicts: list[Verdict], tmp_path: Path) -> None:
    write_verdicts(verdicts, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfid,")


@pytest.mark.parametrize("cell", FORMULAS)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_no_cell_is_a_formula(suffix: str, cell: str, tiny_engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    found = tiny_engine.score([{"id": cell, "text": cell + "路灯坏了"}], redact=True, words=True)
    write_verdicts(found, path)
    if suffix == ".csv":
        cells: list[Any] = list(rows_of(path)[0].values())
    else:
        book = openpyxl.load_workbook(path)
        cells = [c.value for c in book.worksheets[0][2] if c.data_type == "f"]
        assert cells == []
        cells = [c.value for c in book.worksheets[0][2]]
        book.close()
    assert "'" + cell in cells
    assert not [c for c in cells if isinstance(c, str) and c.startswith(("=", "+", "-", "@"))]


def test_parquet_keeps_the_cell_as_it_was(tiny_engine: Engine, tmp_path: Path) -> None:
    write_verdicts(tiny_engine.score([{"id": "=1", "text": "路灯"}]), tmp_path / "o.parquet")
    assert rows_of(tmp_path / "o.parquet")[0]["id"] == "=1"


def test_xlsx_survives_characters_that_it_may_not_hold(tiny_engine: Engine, tmp_path: Path) -> None:
    text = "路灯\x00\x0b\x1f坏了" + "长" * 40_000
    found = tiny_engine.score([{"id": "a\x01b", "text": text}], redact=True)
    write_verdicts(found, tmp_path / "out.xlsx")
    (row,) = rows_of(tmp_path / "out.xlsx")
    assert row["id"] == "ab"
    assert row["redacted_text"].startswith("路灯坏了")


def test_more_rows_than_a_parquet_group(tiny_engine: Engine, tmp_path: Path) -> None:
    (one,) = tiny_engine.score(["路灯坏了"])
    many = [one.model_copy(update={"id": str(number)}) for number in range(2001)]
    write_verdicts(many, tmp_path / "out.parquet")
    assert [row["id"] for row in rows_of(tmp_path / "out.parquet")] == [v.id for v in many]


# A writer that is left open complains when it is collected: on standard error, of a closed file.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_folder_in_place_of_the_file_is_said_before_anything_is_scored(
    verdicts: list[Verdict], tmp_path: Path
) -> None:
    (tmp_path / "out.jsonl").mkdir()
    asked = iter(verdicts)
    with pytest.raises(InputError) as caught:
        write_verdicts(asked, tmp_path / "out.jsonl")
    assert caught.value.code == "unwritable"
    assert next(asked) is verdicts[0]


@pytest.mark.parametrize(
    "suffix",
    [
        ".jsonl",
        ".csv",
        pytest.param(".xlsx", marks=LEFT_OPEN),
        pytest.param(".parquet", marks=LEFT_OPEN),
    ],
)
def test_a_file_is_whole_or_not_there(suffix: str, verdicts: list[Verdict], tmp_path: Path) -> None:
    def breaking() -> Iterator[Verdict]:
        yield from verdicts[:3]
        raise InputError("unreadable_file", "the source broke")

    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"what was there before")
    with pytest.raises(InputError, match="the source broke"):
        write_verdicts(breaking(), path)
    gc.collect()
    assert path.read_bytes() == b"what was there before"
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("out.docx", "unknown_format", id="a suffix that is none"),
        pytest.param("out", "unknown_format", id="no suffix"),
        pytest.param("nowhere/out.csv", "no_folder", id="a folder that is not there"),
    ],
)
def test_where_nothing_can_be_written(
    name: str, code: str, verdicts: list[Verdict], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        write_verdicts(verdicts, tmp_path / name)
    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "suffix",
    [
        ".jsonl",
        ".csv",
        ".xlsx",
        ".parquet",
    ],
)
def test_no_verdicts_are_a_file_that_opens(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    assert write_verdicts([], path) == 0
    assert rows_of(path) == []
