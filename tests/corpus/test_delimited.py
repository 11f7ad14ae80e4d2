import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.read import Row, read_appeals
from jiesu.errors import InputError


def read(text: str | bytes, kind: str = "csv") -> list[Row]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_appeals(io.BytesIO(data), format=kind))


def outcome(text: str | bytes, kind: str = "csv") -> list[tuple[str, str]]:
    """Return (id, text or error code) of every row."""
    return [
        (row.id, row.appeal.text if row.appeal else row.error.code if row.error else "")
        for row in read(text, kind)
    ]


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ("编号,内容\n1,停水\n2,停电\n", [("1", "停水"), ("2", "停电")], "plain"),
        ("编号;内容\n1;停水,两天\n", [("1", "停水,两天")], "semicolon"),
        ("编号\t内容\n1\t停水;a,b\n", [("1", "停水;a,b")], "tab"),
        ("编号|内容\n1|停水\n", [("1", "停水")], "bar"),
        ("编号,内容\r\n1,停水\r\n", [("1", "停水")], "CR LF"),
        ("编号,内容\r1,停水\r", [("1", "停水")], "CR alone"),
        ("\ufeff编号,内容\n1,停水", [("1", "停水")], "a mark, and no last line end"),
        ('"编号","内容"\n"1","停水"\n', [("1", "停水")], "all quoted"),
        (
            '编号,内容\n1,"停水\n两天"\n2,好\n',
            [("1", "停水\n两天"), ("2", "好")],
            "a line end in quotes",
        ),
        ('编号,内容\n1,"a,""b"""\n', [("1", 'a,"b"')], "delimiter and quotes in quotes"),
        ('编号,"诉求\n内容"\n1,停水\n', [("1", "停水")], "a heading of two lines"),
        ("工单明细表,\n\n编号,内容\n1,停水\n", [("1", "停水")], "a caption above the heading"),
        ("编号,内容\n\n1,停水\n  \n,\n2,停电\n", [("1", "停水"), ("2", "停电")], "blank rows"),
        ("内容\n停水,两天,没人管\n", [("row-1", "停水,两天,没人管")], "one column of text"),
        ("编号,内容\n1,停水,两天\n", [("1", "停水,两天")], "the last column's own delimiters"),
        ("内容,区\n停水,甲区,,\n", [("row-1", "停水")], "blank cells too many"),
        ("编号,内容,区\n1,停水,两天,甲区\n", [("1", "ragged_row")], "cells too many"),
        ("编号,区,内容\n1,甲区\n", [("1", "no_text")], "cells too few: the text is missing"),
        ("编号,内容,区\n1,停水\n", [("1", "停水")], "cells too few: the text is there"),
        ("编号,内容\n1,=cmd|' /C calc'!A0\n", [("1", "=cmd|' /C calc'!A0")], "a formula is text"),
        ("编号,内容\n1,停\0水\n", [("1", "停\0水")], "NUL"),
        ('编号,内容\n1,"停\0水"\n', [("1", "停\0水")], "NUL in quotes"),
        ("编号,编号,内容\n,7,停水\n", [("7", "停水")], "a column twice"),
        ("编号,内容\n", [], "a heading alone"),
        ('编号,内容\n1,"阳光"小区停水\n', [("1", "阳光小区停水")], "text behind a closing quote"),
        ('编号,内容\n1,管径5"漏水\n2,好\n', [("1", '管径5"漏水'), ("2", "好")], "inches"),
    ],
)
def test_well_and_less_well_formed(text: str, rows: list[tuple[str, str]], reason: str) -> None:
    assert outcome(text) == rows, reason


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        (
            '编号,内容\n1,"停水\n2,停电\n3,路灯\n',
            [("1", "bad_quoting"), ("2", "停电"), ("3", "路灯")],
            "never closed",
        ),
        (
            '编号,内容\n1,"停水\n2,"停电"\n3,路灯\n',
            [("1", "bad_quoting"), ("2", "停电"), ("3", "路灯")],
            "closed by the next row's opening quote",
        ),
        (
            '编号,内容,区\n1,"停水,甲\n2,停电,乙\n3,管径5",丙\n4,好,丁\n',
            [("1", "bad_quoting"), ("2", "停电"), ("3", '管径5"'), ("4", "好")],
            "closed by chance, rows later, with the right number of cells",
        ),
        (
            '编号,内容,区\n101,"停水,甲\n102,停电,乙\n103,"路灯,丙\n104,好,丁\n',
            [("101", "bad_quoting"), ("102", "停电"), ("103", "bad_quoting"), ("104", "好")],
            "two of them",
        ),
        ('内容\n"停水\n', [("row-1", "bad_quoting")], "the last row"),
        (
            '编号,内容,区\n1,"阳光"小区,"停水\n2,停电,乙\n',
            [("1", "bad_quoting"), ("2", "停电")],
            "one stray pair and one not closed",
        ),
    ],
)
def test_a_quote_not_closed_costs_one_row(
    text: str, rows: list[tuple[str, str]], reason: str
) -> None:
    assert outcome(text) == rows, reason


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("一、停水\n二、停电\n三、路灯", "a list"),
        ("1,停水\n2,停电", "a list with commas"),
        ("a,b\nc,d", "as many commas in each line as the heading"),
        ("\n\n停水\n\n", "blank lines"),
        ('他说"停水"\n然后"停电"', "quotes and line ends"),
    ],
)
def test_texts_of_several_lines_are_not_taken_for_lost_quotes(cell: str, reason: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["编号", "内容", "区"], ["17", cell, "甲"], ["18", "好", "乙"]])
    assert outcome(out.getvalue()) == [("17", cell), ("18", "好")], reason


def test_an_open_quote_does_not_swallow_a_large_file() -> None:
    rows = "".join(f"{n},停电\n" for n in range(2, 60_000))
    found = outcome(f'编号,内容\n1,"停水\n{rows}')
    assert found[0] == ("1", "bad_quoting")
    assert found[1:] == [(str(n), "停电") for n in range(2, 60_000)]


def test_a_row_of_bad_bytes_is_an_error_and_keeps_its_id() -> None:
    data = "编号,内容\n1,停水不通\n".encode() + b"2,\xcd\xa3\xb5\xe7\n" + "3,路灯坏了\n".encode()
    assert outcome(data) == [("1", "停水不通"), ("2", "bad_encoding"), ("3", "路灯坏了")]


def test_bad_bytes_inside_quoted_lines_cost_that_record_alone() -> None:
    data = "编号,内容\n1,停水不通\n".encode() + b'2,"a\n\xb5\xe7b"\n' + "3,路灯坏了\n".encode()
    assert outcome(data) == [("1", "停水不通"), ("2", "bad_encoding"), ("3", "路灯坏了")]


def test_a_cell_over_the_csv_modules_limit() -> None:
    long = "灯" * 500_000
    assert outcome(f'编号,内容\n1,"{long}"\n') == [("1", long)]
    assert outcome(f'编号,内容\n1,"{long}{long}灯"\n2,好\n') == [("1", "too_long"), ("2", "好")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("编号,标题\n1,停水\n", "编号, 标题"),
        ("", "no columns"),
        ("\n\n", "no columns"),
        ("a;b;c\n1;2;3\n", "a, b, c"),
    ],
)
def test_no_text_column_is_one_clear_error(text: str, found: str) -> None:
    with pytest.raises(InputError) as caught:
        read_appeals(io.BytesIO(text.encode()), format="csv")
    assert caught.value.code == "no_text_column"
    assert f"found {'' if 'no ' in found else 'the columns '}{found}" in caught.value.message
    assert "诉求内容" in caught.value.message


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        (
            "停水了\n\n停电了,两天\n",
            [("row-1", "停水了"), ("row-2", "停电了,两天")],
            "a text a line",
        ),
        ("编号\t内容\n1\t停水\n", [("1", "停水")], "a table under another name"),
        ('他说"停水\n好\n', [("row-1", '他说"停水'), ("row-2", "好")], "quotes mean nothing here"),
    ],
)
def test_txt(text: str, rows: list[tuple[str, str]], reason: str) -> None:
    assert outcome(text, "txt") == rows, reason


# "\r" becomes "\n" where a file has no other line end, and is then not the same text.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=30)
filled = cells.filter(lambda cell: bool(cell.strip()))


@given(
    records=st.lists(st.tuples(filled, cells, filled), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_csv_writes_comes_back(
    records: list[tuple[str, str, str]], delimiter: str, encoding: str, quoting: int
) -> None:
    out = io.StringIO()
    # A first row long enough to tell the encoding by.
    first = ("id 0", "路灯坏了半个月没有人来修理", "甲")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)
    writer.writerows([("工单编号", "诉求内容", "note"), first])
    # Rows that begin alike are what a lost quote looks like: keep their ids unlike the text.
    writer.writerows((f"id {n}", text, note) for n, (text, _, note) in enumerate(records, 1))
    rows = read(out.getvalue().encode(encoding))
    assert [row.id for row in rows] == [f"id {n}" for n in range(len(records) + 1)]
    for row, (text, _, note) in zip(rows[1:], records, strict=True):
        assert row.appeal is not None
        assert row.appeal.text == text
        assert row.extra["note"] == note


def physical_rows() -> Iterator[str]:
    yield from ("停水", '"停水"', '"停水', '停"水', '停水"', '""', '"a""', "")


@given(st.lists(st.sampled_from(list(physical_rows())), max_size=12))
def test_every_id_of_a_line_comes_back_however_the_quotes_stand(said: list[str]) -> None:
    text = "编号,区,内容\n" + "".join(f"{n:04},甲,{cell}\n" for n, cell in enumerate(said))
    assert [row.id for row in read(text)] == [f"{n:04}" for n in range(len(said))]
