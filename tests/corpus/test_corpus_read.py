import io
import json
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiesu.corpus.read import FORMATS, read_appeals
from jiesu.errors import InputError

TABLE = "工单编号,诉求内容\n1,小区停水两天\n2,路灯坏了没人修\n"
OBJECTS = [
    {"工单编号": "1", "诉求内容": "小区停水两天"},
    {"工单编号": 2, "诉求内容": "路灯坏了没人修"},
]
LINES = "\n".join(json.dumps(item, ensure_ascii=False) for item in OBJECTS)


def xlsx() -> bytes:
    book = openpyxl.Workbook()
    for line in TABLE.splitlines():
        book.worksheets[0].append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(
        pa.table({"工单编号": [1, 2], "诉求内容": ["小区停水两天", "路灯坏了没人修"]}), out
    )
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "csv": lambda: TABLE.encode("gb18030"),
    "tsv": lambda: TABLE.replace(",", "\t").encode("utf-8-sig"),
    "txt": lambda: TABLE.encode("utf-16"),
    "jsonl": LINES.encode,
    "ndjson": lambda: LINES.encode("gb18030"),
    "json": lambda: json.dumps(OBJECTS).encode(),
    "xlsx": xlsx,
    "parquet": parquet,
}


def ids_and_texts(
    source: str | Path | io.BytesIO, kind: str | None = None
) -> list[tuple[str, str]]:
    rows = read_appeals(source, format=kind)
    return [(row.id, row.appeal.text) for row in rows if row.appeal is not None]


EXPECTED = [("1", "小区停水两天"), ("2", "路灯坏了没人修")]


class Pipe(io.BytesIO):
    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_says_the_same(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"in.{kind.upper()}"
    path.write_bytes(FILES[kind]())
    assert ids_and_texts(path) == EXPECTED
    assert ids_and_texts(str(path)) == EXPECTED
    assert ids_and_texts(io.BytesIO(FILES[kind]()), kind) == EXPECTED
    assert ids_and_texts(Pipe(FILES[kind]()), kind) == EXPECTED


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        (LINES, EXPECTED),
        ("\n \n" + LINES, EXPECTED),
        (json.dumps(OBJECTS), EXPECTED),
        (TABLE, EXPECTED),
        ("", []),
    ],
)
def test_standard_input_is_looked_into(
    data: str, rows: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    assert ids_and_texts("-") == rows


@pytest.mark.parametrize(
    ("name", "code", "found"),
    [
        ("none.csv", "missing_file", "no file"),
        ("folder", "missing_file", "a directory"),
        ("folder.csv", "missing_file", "a directory"),
        ("old.xls", "unknown_format", "'xls'"),
        ("bare", "unknown_format", "''"),
        ("zip.csv", "bad_format", "xlsx"),
    ],
)
def test_a_file_at_fault_is_an_error_at_once(
    name: str, code: str, found: str, tmp_path: Path
) -> None:
    for folder in ("folder", "folder.csv"):
        (tmp_path / folder).mkdir()
    for file in ("old.xls", "bare"):
        (tmp_path / file).write_bytes(b"x")
    (tmp_path / "zip.csv").write_bytes(xlsx())
    with pytest.raises(InputError, match="expected") as caught:
        read_appeals(tmp_path / name)
    assert caught.value.code == code
    assert found in caught.value.message


def test_an_unknown_format_lists_the_known() -> None:
    with pytest.raises(InputError, match="csv, tsv, txt, jsonl") as caught:
        read_appeals(io.BytesIO(b""), format="docx")
    assert caught.value.code == "unknown_format"


@pytest.mark.parametrize(("kind", "rows"), [("csv", 200_000), ("jsonl", 200_000), ("json", 60_000)])
def test_memory_stays_bounded(kind: str, rows: int, tmp_path: Path) -> None:
    path = tmp_path / f"in.{kind}"
    said = "小区门口的路灯坏了，已经半个月没有人来修，晚上老人出行很不方便。"
    with path.open("w", encoding="utf-8") as out:
        out.write({"csv": "编号,内容\n", "json": "[", "jsonl": ""}[kind])
        for number in range(rows):
            if kind == "csv":
                out.write(f"{number},{said}\n")
            else:
                line = json.dumps({"id": number, "text": said}, ensure_ascii=False)
                out.write(line + (",\n" if kind == "json" and number < rows - 1 else "\n"))
        out.write("]" if kind == "json" else "")
    assert path.stat().st_size > 100 * rows
    tracemalloc.start()
    try:
        found = sum(row.appeal is not None for row in read_appeals(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == rows
    assert peak < 8e6
