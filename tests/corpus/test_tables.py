import io
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiesu.corpus.read import Row, read_appeals
from jiesu.errors import InputError


def workbook(*sheets: list[list[Any]]) -> io.BytesIO:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def read_xlsx(*sheets: list[list[Any]]) -> list[Row]:
    return list(read_appeals(workbook(*sheets), format="xlsx"))


def parquet(columns: dict[str, Any]) -> io.BytesIO:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    out.seek(0)
    return out


@pytest.mark.parametrize(
    ("cell", "text", "reason"),
    [
        (20180505549559, "20180505549559", "an order number is no 2.01e13"),
        (1.5, "1.5", "a number"),
        (True, "TRUE", "as Excel shows it"),
        (datetime(2018, 5, 5, 8, 3), "2018-05-05T08:03:00", "a time"),
        (date(2018, 5, 5), "2018-05-05", "a date"),
        ("=A1&B1", "=A1&B1", "a formula is its text"),
        ("停水\n两天", "停水\n两天", "a line end in a cell"),
        ("a_x000D_b", "a\rb", "a control character as XLSX writes it"),
    ],
)
def test_cells_as_text(cell: Any, text: str, reason: str) -> None:
    (row,) = read_xlsx([["内容"], [cell]])
    assert row.appeal is not None
    assert row.appeal.text == text, reason


def test_a_sheet_of_a_hotline() -> None:
    rows = read_xlsx(
        [
            ["十二月工单明细表"],
            [],
            ["工单编号", "诉求内容", "来电时间", "承办单位", None],
            [20180505549559, "停水", datetime(2018, 5, 5, 8, 3), "某局"],
            [None, None],
            [7, None, "2018/5/6"],
            ["A8", "停电"],
        ]
    )
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.id for row in rows] == ["20180505549559", "7", "A8"]
    assert rows[0].appeal is not None
    assert rows[0].appeal.received_at == "2018-05-05T08:03:00"
    assert rows[0].extra == {"承办单位": "某局"}
    assert rows[1].error is not None
    assert rows[1].error.code == "no_text"


def test_the_first_sheet_with_a_text_column_is_read() -> None:
    rows = read_xlsx([["说明"], ["本表由热线中心导出"]], [["内容"], ["停水"]], [["内容"], ["停电"]])
    assert [row.appeal.text for row in rows if row.appeal] == ["停水"]


def test_a_wrong_extent_does_not_cut_the_sheet() -> None:
    out = io.BytesIO()
    whole = workbook([["编号", "内容"], [1, "停水"], [2, "停电"]])
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b'ref="A1:B3"', b'ref="A1"'))
    out.seek(0)
    rows = list(read_appeals(out, format="xlsx"))
    assert [row.appeal.text for row in rows if row.appeal] == ["停水", "停电"]


@pytest.mark.parametrize("sheet", [[], [["编号", "标题"], [1, "停水"]]])
def test_xlsx_without_a_text_column(sheet: list[list[Any]]) -> None:
    with pytest.raises(InputError) as caught:
        read_xlsx(sheet)
    assert caught.value.code == "no_text_column"
    assert ("编号, 标题" if sheet else "no columns") in caught.value.message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        ("编号,内容\n".encode(), "a CSV under another name"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an old or encrypted workbook"),
        (b"PK\x03\x04" + b"\0" * 100, "a zip that is none"),
        (workbook([["内容"], ["停水"]]).getvalue()[:-200], "cut"),
    ],
)
def test_what_is_no_workbook(data: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(data)
    with pytest.raises(InputError, match="xlsx") as caught:
        read_appeals(path)
    assert caught.value.code == "unreadable_file", reason


def test_a_zip_without_a_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        target.writestr("a.txt", "停水")
    out.seek(0)
    with pytest.raises(InputError) as caught:
        read_appeals(out, format="xlsx")
    assert caught.value.code == "unreadable_file"


def test_parquet() -> None:
    rows = list(
        read_appeals(
            parquet(
                {
                    "工单编号": pa.array([20180505549559, None, 3]),
                    "诉求内容": pa.array(["停水", None, "停电"]).dictionary_encode(),
                    "来电时间": pa.array([1525507380000000001, None, None], pa.timestamp("ns")),
                    "turns": [None, [{"speaker": "市民", "text": "路灯"}], None],
                    "unit": ["某局", None, None],
                }
            ),
            format="parquet",
        )
    )
    assert [row.id for row in rows] == ["20180505549559", "row-2", "3"]
    assert [row.appeal.text for row in rows if row.appeal] == ["停水", "市民：路灯", "停电"]
    assert rows[0].appeal is not None
    assert rows[0].appeal.received_at == "2018-05-05T08:03:00"
    assert rows[0].extra == {"unit": "某局"}


def test_parquet_rows_without_text_or_with_numbers() -> None:
    rows = list(read_appeals(parquet({"text": ["停水", None, " "]}), format="parquet"))
    assert [row.error.code if row.error else None for row in rows] == [None, "no_text", "no_text"]
    (row,) = read_appeals(parquet({"text": [3]}), format="parquet")
    assert row.error is not None
    assert row.error.code == "bad_type"


def test_bad_bytes_in_a_parquet_text_cost_one_row() -> None:
    offsets = pa.array([0, 3, 5, 8], pa.int32()).buffers()[1]
    data = pa.py_buffer("好".encode() + b"\xcd\xff" + "好".encode())
    text = pa.StringArray.from_buffers(3, offsets, data)
    rows = list(read_appeals(parquet({"id": ["1", "2", "3"], "text": text}), format="parquet"))
    assert [row.id for row in rows] == ["1", "2", "3"]
    assert [row.error.code if row.error else None for row in rows] == [None, "bad_encoding", None]


def test_parquet_without_a_text_column() -> None:
    with pytest.raises(InputError, match="found the columns 编号, 标题") as caught:
        read_appeals(parquet({"编号": [1], "标题": ["停水"]}), format="parquet")
    assert caught.value.code == "no_text_column"


@pytest.mark.parametrize("keep", [0, 3, 200, -8])
def test_a_cut_parquet(keep: int, tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    path.write_bytes(parquet({"text": ["停水"] * 500}).getvalue()[:keep])
    with pytest.raises(InputError, match="Parquet") as caught:
        read_appeals(path)
    assert caught.value.code == "unreadable_file"
