"""Fixed expressions: found in every way of writing them, longest first, each in its own text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.text.lexicon import Lexicon
from jiesu.text.ngrams import hash_codes
from jiesu.text.normalise import normalise


def found(entries: list[str], texts: list[str]) -> list[tuple[str, int, str]]:
    """Entry, text number and the original stretch of every match, in order."""
    batch = normalise(texts)
    matches = Lexicon(entries).find(batch, hash_codes(batch.codes))
    spans = [(match, batch.original_span(match.start, match.end)) for match in matches]
    return [(entries[m.entry], m.row, texts[m.row][a:b]) for m, (a, b) in spans]


@pytest.mark.parametrize(
    ("entries", "text", "expected", "reason"),
    [
        (["海甸岛"], "我住海甸岛。", [("海甸岛", "海甸岛")], "as it is"),
        (["海甸島"], "海 甸岛", [("海甸島", "海 甸岛")], "white space and traditional characters"),
        (["etc公司"], "ＥＴＣ公司", [("etc公司", "ＥＴＣ公司")], "width and case"),
        (["海甸", "海甸岛"], "海甸岛", [("海甸岛", "海甸岛")], "the longest wins"),
        (["甲乙", "乙丙"], "甲乙丙", [("甲乙", "甲乙")], "then the first"),
        (["甲乙", "乙丙丁"], "甲乙丙丁", [("乙丙丁", "乙丙丁")], "the longest, though later"),
        (["甲甲"], "甲甲甲甲甲", [("甲甲", "甲甲")] * 2, "matches do not overlap"),
        (["甲乙"], "甲乙甲乙", [("甲乙", "甲乙")] * 2, "every place"),
        (["龙华区", "龍華區"], "龍華區", [("龙华区", "龍華區")], "one form twice: the first entry"),
        (["岛"], "海甸岛", [], "one character says too little"),
        (["", " ", "！！"], "！！", [], "an entry of nothing, or of one mark"),
        ([], "海甸岛", [], "no entries"),
        (["海甸岛"], "", [], "no text"),
        (["海甸岛三东路"], "海甸岛", [], "longer than the text"),
    ],
)
def test_find(entries: list[str], text: str, expected: list[tuple[str, str]], reason: str) -> None:
    assert [(entry, stretch) for entry, _, stretch in found(entries, [text])] == expected, reason


def test_matches_stay_in_their_text() -> None:
    texts = ["甲乙", "丙", "", "甲", "乙", "丙甲乙"]
    assert found(["甲乙", "乙丙"], texts) == [("甲乙", 0, "甲乙"), ("甲乙", 5, "甲乙")]


def test_a_greeting_does_not_move_a_match() -> None:
    assert found(["海甸岛"], ["您好，我在海甸岛"]) == [("海甸岛", 0, "海甸岛")]


def test_size_counts_all_entries() -> None:
    assert Lexicon(["海甸岛", "岛", "海甸島"]).size == 3


def slow(entries: list[str], text: str) -> list[tuple[int, int]]:
    taken: list[tuple[int, int]] = []
    for size in sorted({len(entry) for entry in entries}, reverse=True):
        for at in range(len(text) - size + 1):
            free = all(at + size <= a or b <= at for a, b in taken)
            if free and text[at : at + size] in entries:
                taken.append((at, at + size))
    return sorted(taken)


@given(
    entries=st.lists(st.text("甲乙丙", min_size=2, max_size=4), max_size=8),
    texts=st.lists(st.text("甲乙丙丁", max_size=20), min_size=1, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_finds_what_a_slow_search_finds(entries: list[str], texts: list[str]) -> None:
    batch = normalise(texts)
    matches = Lexicon(entries).find(batch, hash_codes(batch.codes))
    for row, text in enumerate(texts):
        start = int(batch.starts[row])
        mine = [(m.start - start, m.end - start) for m in matches if m.row == row]
        assert mine == slow(entries, text)
    assert all(batch.text[m.start : m.end] == entries[m.entry] for m in matches)
