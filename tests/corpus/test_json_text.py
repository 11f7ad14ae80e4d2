import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.encoding import CHUNK, LINE_LIMIT
from jiesu.corpus.read import read_appeals


def outcome(text: str | bytes, kind: str = "jsonl") -> list[tuple[str, str]]:
    data = text.encode() if isinstance(text, str) else text
    return [
        (row.id, row.appeal.text if row.appeal else row.error.code if row.error else "")
        for row in read_appeals(io.BytesIO(data), format=kind)
    ]


GOOD = '{"id": "1", "text": "停水"}'


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ("", [], "an empty file"),
        ("\n \n", [], "blank lines"),
        (GOOD, [("1", "停水")], "no line end"),
        (f"\ufeff{GOOD}\r\n\r\n{GOOD}", [("1", "停水")] * 2, "a mark, CR LF, a blank line"),
        (f"{GOOD}\n{{broken\n{GOOD}", [("1", "停水"), ("row-2", "bad_json"), ("1", "停水")], "cut"),
        ('[1]\nnull\n3\n"x"', [(f"row-{n}", "bad_type") for n in (1, 2, 3, 4)], "no objects"),
        ('{"id": 7, "text": "a\tb\\u0000"}', [("7", "a\tb\0")], "control characters"),
        ('{"text": "\\ud800灯"}', [("row-1", "\ufffd灯")], "a lone surrogate"),
        ('{"text": "\\ud83d\\ude00"}', [("row-1", "😀")], "a pair"),
        ('{"text": "a\u2028b"}', [("row-1", "a\u2028b")], "a separator that is no line end"),
        ('{"text": ' + "[" * 100_000, [("row-1", "bad_json")], "too deep"),
        ('{"text": "灯", "n": ' + "9" * 5000 + "}", [("row-1", "bad_json")], "too long a number"),
        ('{"text": "灯", "n": NaN}', [("row-1", "灯")], "what Python writes for no number"),
    ],
)
def test_json_lines(text: str, rows: list[tuple[str, str]], reason: str) -> None:
    assert outcome(text) == rows, reason


def test_an_error_names_the_place_and_not_the_text() -> None:
    row = next(read_appeals(io.BytesIO('{"text": "秘密" x}'.encode()), format="jsonl"))
    assert row.error is not None
    assert row.error.code == "bad_json"
    assert "character 15" in row.error.message
    assert "秘密" not in row.error.message


def test_a_line_of_bad_bytes_keeps_its_id() -> None:
    data = f"{GOOD}\n".encode() + b'{"id": "2", "text": "\xcd\xa3\xb5\xe7"}\n' + GOOD.encode()
    assert outcome(data) == [("1", "停水"), ("2", "bad_encoding"), ("1", "停水")]


def test_a_line_over_the_limit() -> None:
    long = '{"text": "' + "x" * LINE_LIMIT + '"}'
    assert outcome(f"{long}\n{GOOD}") == [("row-1", "too_long"), ("1", "停水")]


@pytest.mark.parametrize(
    ("text", "rows", "reason"),
    [
        ("", [], "an empty file"),
        ("[]", [], "an empty list"),
        (f" [ {GOOD} ,\n{GOOD} ] ", [("1", "停水")] * 2, "a list"),
        (GOOD, [("1", "停水")], "one object"),
        (f"{GOOD}\n{GOOD}", [("1", "停水")] * 2, "JSON Lines under another name"),
        (
            f"[{GOOD}, 12, null]",
            [("1", "停水"), ("row-2", "bad_type"), ("row-3", "bad_type")],
            "mixed",
        ),
        (
            f'[{GOOD}, {{"a": nope}}, {GOOD}]',
            [("1", "停水"), ("row-2", "bad_json"), ("1", "停水")],
            "broken",
        ),
        (
            f'[{{"id": "0", "text": "a}}, {GOOD}, {GOOD}]',
            [("row-1", "bad_json"), ("1", "停水"), ("1", "停水")],
            "a string never closed",
        ),
        (f"[nope, {GOOD}]", [("row-1", "bad_json"), ("1", "停水")], "no JSON, then some"),
        (f"[{GOOD}, nope]", [("1", "停水"), ("row-2", "bad_json")], "no JSON at all"),
        (f"[{GOOD}, ", [("1", "停水"), ("row-2", "bad_json")], "a list without end"),
        (
            f'[{GOOD}, {{"id": ',
            [("1", "停水"), ("row-2", "bad_json"), ("row-3", "bad_json")],
            "cut",
        ),
        ("[" * 100_000, [("row-1", "bad_json"), ("row-2", "bad_json")], "too deep"),
    ],
)
def test_a_json_list(text: str, rows: list[tuple[str, str]], reason: str) -> None:
    assert outcome(text, "json") == rows, reason


def test_a_broken_object_across_pieces_costs_one_row() -> None:
    broken = '{"id": nope, "text": "' + "灯,]}" * (CHUNK // 8) + '"}'
    assert outcome(f"[{GOOD}, {broken}, {GOOD}]", "json") == [
        ("1", "停水"),
        ("row-2", "bad_json"),
        ("1", "停水"),
    ]


def test_bad_bytes_in_a_list_cost_one_row() -> None:
    data = f"[{GOOD},".encode() + b'{"id": "2", "text": "\xff"},' + f"{GOOD}]".encode()
    assert outcome(data, "json") == [("1", "停水"), ("2", "bad_encoding"), ("1", "停水")]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
records = st.lists(
    values
    | st.fixed_dictionaries(
        {"text": st.text(max_size=20)}, optional={"id": values, "turns": values}
    ),
    max_size=10,
)


@given(records, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.booleans())
def test_as_many_rows_as_records_in_order(
    found: list[Any], encoding: str, ascii_only: bool
) -> None:
    written = [
        json.dumps(
            {**item, "place": place} if isinstance(item, dict) else item, ensure_ascii=ascii_only
        )
        for place, item in enumerate(found)
    ]
    for text, kind in (("\n".join(written), "jsonl"), (f"[{', '.join(written)}]", "json")):
        data = text.encode(encoding)
        rows = list(read_appeals(io.BytesIO(data), format=kind))
        assert [row.number for row in rows] == list(range(1, len(found) + 1))
        for place, (row, item) in enumerate(zip(rows, found, strict=True)):
            if isinstance(item, dict):
                assert row.extra["place"] == place
            if row.appeal is not None and "title" not in item and item.get("text"):
                assert row.appeal.text == item["text"]


def test_values_longer_than_a_piece() -> None:
    found = [{"id": str(n), "text": "灯" * size} for n, size in enumerate((10, 700_000, 90_000, 3))]
    text = json.dumps(found, ensure_ascii=False)
    assert outcome(text, "json") == [(item["id"], item["text"]) for item in found]
    assert outcome(json.dumps(found, indent=1), "json") == [(i["id"], i["text"]) for i in found]
