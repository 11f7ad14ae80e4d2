"""Redaction: recall and precision over a case table, exact offsets, idempotence, linear time."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.text.checksums import id_check_digit, is_id_number, is_luhn
from jiesu.text.redact import PLACEHOLDERS, find_personal_data, looks_personal, redact


def _table(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CASES = _table("redact_cases.csv")
NGRAMS = _table("ngram_cases.csv")
# What can follow or precede what in a real text, for the property tests.
FRAGMENTS = sorted(
    {word for row in CASES for word in (row["text"], *row["expected"].split(":")[1:])}
    | set("，。、：0123456789幺零一三八 -号栋室组张王李伟芳被的在[]京A@")
    | set(PLACEHOLDERS.values())
)


def _expected(row: dict[str, str]) -> list[str]:
    return sorted(item for item in row["expected"].split(" | ") if item)


def _found(text: str) -> list[str]:
    return sorted(f"{span.kind}:{text[span.start : span.end]}" for span in find_personal_data(text))


def test_table_is_large_and_has_every_kind():
    kinds = Counter(item.split(":")[0] for row in CASES for item in _expected(row))
    assert len(CASES) >= 350
    assert set(kinds) == set(PLACEHOLDERS)
    assert min(kinds.values()) >= 20
    assert sum(1 for row in CASES if not _expected(row)) >= 150
    assert all(row["reason"] for row in CASES)


def test_recall_over_the_table_by_kind():
    wanted: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    for row in CASES:
        found = _found(row["text"])
        for item in _expected(row):
            kind = item.split(":")[0]
            wanted[kind] += 1
            hit[kind] += item in found
    rates = {kind: hit[kind] / wanted[kind] for kind in wanted}
    assert hit.total() / wanted.total() >= 0.98
    assert min(rates.values()) >= 0.95, rates


def test_near_misses_stay():
    near = [row["text"] for row in CASES if not _expected(row)]
    kept = sum(redact(text) == (text, ()) for text in near)
    assert kept / len(near) >= 0.97


def test_positive_cases_lose_nothing_else():
    positive = [row for row in CASES if _expected(row)]
    exact = sum(_found(row["text"]) == _expected(row) for row in positive)
    assert exact / len(positive) >= 0.97


@pytest.mark.parametrize("row", CASES[::3], ids=lambda row: row["reason"])
def test_offsets_point_into_the_original_and_placeholders_replace_them(row: dict[str, str]):
    text = "😀尊敬的领导：\n" + row["text"] + "。\u200b谢谢"
    shown, spans = redact(text)
    parts, position = [], 0
    for span in spans:
        assert position <= span.start < span.end <= len(text)
        parts += (text[position : span.start], PLACEHOLDERS[span.kind])
        position = span.end
    assert "".join(parts) + text[position:] == shown


def test_redacting_twice_finds_nothing_new():
    for row in CASES:
        shown, _ = redact(row["text"])
        assert redact(shown) == (shown, ())


def test_redacting_the_table_as_one_text_twice_finds_nothing_new():
    shown, spans = redact("\n".join(row["text"] for row in CASES))
    assert len(spans) > 300
    assert redact(shown) == (shown, ())


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_ordered_spans(text: str):
    spans = find_personal_data(text)
    assert all(span.start < span.end <= len(text) for span in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=12).map("".join))
def test_any_mix_of_fragments_is_redacted_once_for_all(text: str):
    shown, spans = redact(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert redact(shown) == (shown, ())


@pytest.mark.parametrize("text", ["", "\0", "\ud800", "\ud83d138\udc00", "é" * 9, "٠١٢٣٤٥٦٧٨٩٠"])
def test_odd_texts_hold_nothing(text: str):
    assert redact(text) == (text, ())


@pytest.mark.parametrize(
    "unit",
    ["1", "幺", "1 3 ", "138,", "0", "a@", "3栋", "京A1", "村一", "6222 ", "wx1", "[手机号]"],
)
def test_a_megabyte_of_hostile_text_takes_two_seconds_at_most(unit: str):
    text = unit * (1_000_000 // len(unit))
    best = float("inf")
    for _ in range(4):
        start = time.process_time()
        find_personal_data(text)
        best = min(best, time.process_time() - start)
        if best < 2:
            return
    pytest.fail(f"took {best:.1f} s of processor time")


def test_time_grows_with_length_where_names_abound():
    def cost(count: int) -> float:
        start = time.process_time()
        find_personal_data("张伟、李小红被王建国打伤，" * count)
        return time.process_time() - start

    cost(10)
    assert cost(8000) < 10 * max(cost(2000), 0.05)


def test_import_loads_no_dictionary():
    code = (
        "import sys, jiesu.text.redact as r; r.redact('楼下烧烤店油烟扰民，请尽快处理');"
        "print([m for m in ('rjieba', 'jieba', 'numpy', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("row", NGRAMS, ids=lambda row: row["ngram"])
def test_ngrams_that_look_personal_are_refused(row: dict[str, str]):
    assert looks_personal(row["ngram"]) is (row["personal"] == "yes"), row["reason"]


def test_every_short_span_of_the_table_looks_personal():
    kinds = ("mobile", "id_card", "bank_card", "email", "plate")
    spans = [item for row in CASES for item in _expected(row) if item.split(":")[0] in kinds]
    # No n-gram holds a zero-width character, which normalising drops.
    grams = [span.split(":", 1)[1].replace(" ", "")[:8] for span in spans if "\u200b" not in span]
    refused = sum(looks_personal(gram) for gram in grams)
    assert refused / len(grams) >= 0.85


def test_check_digits_of_the_standards():
    # The examples of GB 11643-1999, annex A, and ISO/IEC 7812-1.
    assert id_check_digit("11010519491231002") == "X"
    assert id_check_digit("44052418800101001") == "4"
    assert is_id_number("11010519491231002X")
    assert not is_id_number("110105194912310021")
    assert not is_id_number("11010519491331002X"[:17] + id_check_digit("11010519491331002"))
    assert not is_id_number("990105194912310" + "021")
    assert is_luhn("79927398713")
    assert not is_luhn("79927398710")
