"""The shipped samples: one content in four files, valid labels, no text twice, nobody real."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import combinations
from typing import Any, get_args

import openpyxl
import pytest
from derive_samples import appeals, csv_bytes, folder, table, turn_records, turns_text

from jiesu.corpus.record import appeal_from
from jiesu.jurisdiction.strict_yaml import parse_yaml
from jiesu.resources import resource
from jiesu.schema import TYPE_CODES, DispositionCode

FORMS = {"note": (30, 80), "message": (100, 600), "transcript": (4, 14)}
COUNTS = {
    "type": {
        "consultation": 45,
        "help": 42,
        "complaint": 48,
        "report": 35,
        "suggestion": 30,
        "other": 15,
    },
    "form": {"note": 99, "message": 61, "transcript": 55},
}
LABELS = {"type", "alt", "unit", "topic", "disposition", "form", "traits"}
# These may be shorter than their form asks for.
SHORT = {"very_short", "unintelligible", "callback", "test_call"}

# The only identifiers that the samples may hold: none is, or can be, anybody's.
MOBILE = r"1990000\d{4}"
LANDLINE = r"0898600000\d{2}"
ID_CARD = r"4601991901\d{7}[\dX]"
BANK_CARD = r"62000000\d{8,11}"
ALLOWED_NUMBERS = re.compile(f"(?:{MOBILE}|{LANDLINE}|{ID_CARD}|{BANK_CARD})")
SPOKEN = "零一二三四五六七八九幺两拐洞"
ALLOWED_SPOKEN = re.compile(f"幺九九零零零零[{SPOKEN}]{{4,5}}")
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE = re.compile(rf"[{PROVINCES}][A-Z][·\d{SPOKEN}A-Z]{{5,6}}")
LATIN_HANDLE = re.compile(r"[A-Za-z][\w.@-]{4,}", re.ASCII)
TRAIT_SIGNS = {
    "pii_phone": re.compile(f"{MOBILE}|{ALLOWED_SPOKEN.pattern}"),
    "pii_landline": re.compile(LANDLINE),
    "pii_id": re.compile(ID_CARD),
    "pii_bank": re.compile(BANK_CARD),
    "pii_plate": PLATE,
    "pii_email": re.compile(r"@example\.com"),
    "pii_wechat": re.compile(r"\blizi_\w+", re.ASCII),
    "spoken_digits": re.compile(rf"[{SPOKEN}]{{5,}}"),
}

RECORDS = appeals()


def words(record: dict[str, Any]) -> str:
    """All that an appeal says: title, text and the words of both speakers."""
    turns = [turn["text"] for turn in record.get("turns", [])]
    return "\n".join([record.get("title", ""), record.get("text", ""), *turns])


def plain(record: dict[str, Any]) -> str:
    """The words in half-width, without what people put between digits."""
    return re.sub(r"(?<=\d)[ -](?=\d)", "", unicodedata.normalize("NFKC", words(record)))


def entries(name: str) -> list[dict[str, Any]]:
    """The entries of one list of the jurisdiction that the samples are set in."""
    path = resource("configs", "jurisdictions", "haikou-2018", name)
    found, faults = parse_yaml(path.read_text("utf-8"), name)
    assert not faults
    return found


def numbers() -> Iterator[tuple[str, str]]:
    for record in RECORDS:
        for run in re.findall(r"\d{7,}X?", plain(record)):
            yield record["id"], run


def test_csv_is_the_master_as_table() -> None:
    data = (folder() / "appeals.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "spreadsheet programs need the BOM"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == table()
    assert data == csv_bytes()


def test_xlsx_is_the_master_as_table() -> None:
    book = openpyxl.load_workbook(folder() / "appeals.xlsx", read_only=True)
    rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    book.close()
    assert [[_written(cell) for cell in row] for row in rows] == table()


def _written(cell: Any) -> str:
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else cell or ""


def test_turns_are_the_calls_of_the_master() -> None:
    text = (folder() / "turns.jsonl").read_text("utf-8")
    assert [json.loads(line) for line in text.splitlines()] == turn_records()
    assert text == turns_text()


def test_every_file_reads_as_the_same_appeals() -> None:
    master = [appeal_from(record, number=n) for n, record in enumerate(RECORDS, 1)]
    heading, *rows = table()
    cells = [dict(zip(heading, row, strict=True)) for row in rows]
    from_table = [appeal_from(row, number=n) for n, row in enumerate(cells, 1)]
    calls = {row.id: row.appeal for row in master if row.appeal and row.appeal.turns}
    from_turns = [appeal_from(call, number=n) for n, call in enumerate(turn_records(), 1)]
    assert all(row.error is None for row in master)
    assert [row.appeal for row in from_table] == [row.appeal for row in master]
    assert {row.id: row.appeal for row in from_turns} == calls


def test_labels_are_never_read_as_fields_of_the_appeal() -> None:
    for number, record in enumerate(RECORDS, 1):
        row = appeal_from(record, number=number)
        assert set(row.extra) == LABELS & set(record), record["id"]


def test_labels_are_valid() -> None:
    units = {unit["name"] for unit in entries("units.yaml")}
    topics = {topic["name"] for topic in entries("topics.yaml")}
    for record in RECORDS:
        name = record["id"]
        assert record["type"] in TYPE_CODES, name
        assert record.get("alt") in (None, *TYPE_CODES), name
        assert record.get("alt") != record["type"], name
        assert record["unit"] in units, name
        assert record["topic"] in topics, name
        assert record["disposition"] in get_args(DispositionCode), name


def test_areas_and_subdistricts_are_of_haikou() -> None:
    known = {
        area["name"]: {sub["name"] for sub in area["subdistricts"]}
        for area in entries("areas.yaml")
    }
    for record in RECORDS:
        if "area" in record:
            assert record["area"] in known, record["id"]
        if "subdistrict" in record:
            assert record["subdistrict"] in known[record["area"]], record["id"]


def test_all_seventy_function_units_occur() -> None:
    assert len({record["unit"] for record in RECORDS}) == 70


@pytest.mark.parametrize("field", COUNTS)
def test_counts_are_those_of_the_data_card(field: str) -> None:
    assert Counter(record[field] for record in RECORDS) == COUNTS[field]


def test_data_card_counts_every_unit_trait_and_disposition() -> None:
    card = (folder() / "README.md").read_text("utf-8")
    found = Counter(trait for record in RECORDS for trait in record["traits"])
    for field in ("type", "form", "unit", "disposition"):
        found += Counter(record[field] for record in RECORDS)
    assert {name: int(n) for name, n in re.findall(r"`([^`]+)` (\d+)", card)} == dict(found)


def test_lengths_fit_the_form() -> None:
    for record in RECORDS:
        low, high = FORMS[record["form"]]
        size = len(record["turns"]) if "turns" in record else len(record["text"])
        assert size <= high, record["id"]
        assert size >= low or SHORT & set(record["traits"]), record["id"]
        assert ("turns" in record) == (record["form"] == "transcript"), record["id"]
        assert ("turns" in record) != ("text" in record), record["id"]


def test_ids_are_unique_and_times_in_order() -> None:
    ids = [record["id"] for record in RECORDS]
    times = [record["received_at"] for record in RECORDS]
    assert len(set(ids)) == len(ids)
    assert times == sorted(times)
    assert "2017-12-01" <= times[0] <= times[-1] < "2018-06-01"


def test_no_two_appeals_are_alike() -> None:
    def trigrams(text: str) -> set[str]:
        letters = re.sub(r"\W", "", text)
        return {letters[i : i + 3] for i in range(len(letters) - 2)} or {letters}

    grams = {record["id"]: trigrams(words(record)) for record in RECORDS}
    for (one, a), (other, b) in combinations(grams.items(), 2):
        assert len(a & b) < 0.5 * len(a | b), f"{one} and {other}"


def test_every_long_number_is_an_invented_one() -> None:
    for name, run in numbers():
        assert ALLOWED_NUMBERS.fullmatch(run), name


def test_id_and_bank_cards_have_valid_checksums() -> None:
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    seen: Counter[str] = Counter()
    for name, run in numbers():
        if re.fullmatch(ID_CARD, run):
            total = sum(int(d) * w for d, w in zip(run[:17], weights, strict=True))
            assert "10X98765432"[total % 11] == run[17], name
            seen["id"] += 1
        elif re.fullmatch(BANK_CARD, run):
            doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(run))]
            assert sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0, name
            seen["bank"] += 1
    assert seen == {"id": 2, "bank": 1}


def test_spoken_numbers_plates_and_handles_are_invented() -> None:
    for record in RECORDS:
        name, text = record["id"], plain(record)
        for run in re.findall(rf"[{SPOKEN}]{{9,}}", text):
            assert ALLOWED_SPOKEN.fullmatch(run), name
        for plate in PLATE.findall(text):
            assert plate.startswith("琼Z"), name
        for handle in LATIN_HANDLE.findall(PLATE.sub("", text)):
            assert handle.startswith("lizi_") or handle.endswith("@example.com"), name


@pytest.mark.parametrize("trait", TRAIT_SIGNS)
def test_traits_of_personal_data_are_where_the_data_is(trait: str) -> None:
    sign = TRAIT_SIGNS[trait]
    marked = {record["id"] for record in RECORDS if trait in record["traits"]}
    assert {record["id"] for record in RECORDS if sign.search(plain(record))} == marked
