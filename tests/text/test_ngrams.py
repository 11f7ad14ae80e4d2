"""N-grams by hash: the same keys by every way of making them, and a table that never errs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.errors import BundleError
from jiesu.text import ngrams
from jiesu.text.ngrams import (
    KeyTable,
    NgramSpec,
    Stretches,
    char_stretches,
    entry_keys,
    hash_codes,
    skip_stretches,
    word_stretches,
)
from jiesu.text.normalise import NormalBatch, normalise
from jiesu.text.segment import Segmenter

Bounds = tuple[np.ndarray, np.ndarray]
Found = list[tuple[int, int, int]]

TEXTS = st.lists(
    st.text(st.sampled_from("路灯坏了没人修水管业主噪音a1,。、! \ud800"), max_size=14),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter()


def found(stretches: Stretches) -> Found:
    columns = (stretches.keys.tolist(), stretches.starts.tolist(), stretches.ends.tolist())
    return list(zip(*columns, strict=True))


def inside(batch: NormalBatch, items: Found) -> Found:
    """Only what lies in one text: the rest reaches over a gap."""
    return [item for item in items if "\0" not in batch.text[item[1] : item[2]]]


def key(kind: str, entry: str) -> int:
    return int(entry_keys([kind], [entry])[0])


def words_of(batch: NormalBatch, bounds: Bounds) -> list[list[tuple[int, int]]]:
    pairs = list(zip(bounds[0].tolist(), bounds[1].tolist(), strict=True))
    return [
        [pair for pair in pairs if start <= pair[0] and pair[1] <= end]
        for start, end in zip(batch.starts, batch.ends, strict=True)
    ]


def is_said(word: str) -> bool:
    return len(word) > 1 or "\u4e00" <= word < "\ua000"


@given(texts=TEXTS)
@settings(max_examples=60, deadline=None)
def test_character_keys_are_those_of_entries(texts: list[str]) -> None:
    batch = normalise(texts)
    for order, stretches in enumerate(char_stretches(hash_codes(batch.codes), 3), start=1):
        expected = [
            (key("c", batch.text[at : at + order]), at, at + order)
            for start, end in zip(batch.starts.tolist(), batch.ends.tolist(), strict=True)
            for at in range(start, end - order + 1)
        ]
        assert inside(batch, found(stretches)) == expected


@given(texts=TEXTS)
@settings(max_examples=60, deadline=None)
def test_word_keys_are_those_of_entries(segmenter: Segmenter, texts: list[str]) -> None:
    batch = normalise(texts)
    bounds = segmenter.boundaries(batch)
    rows, text = words_of(batch, bounds), batch.text
    expected: list[Found] = [
        [(key("w", text[a:b]), a, b) for row in rows for a, b in row],
        [
            (key("w", f"{text[a:b]} {text[c:d]}"), a, d)
            for row in rows
            for (a, b), (c, d) in pairwise(row)
        ],
    ]
    orders = [found(part) for part in word_stretches(hash_codes(batch.codes), bounds, 2)]
    assert orders + [[]] * (2 - len(orders)) == expected


@given(texts=TEXTS, most=st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_pairs_over_a_gap_ignore_marks_and_stay_in_their_text(
    segmenter: Segmenter, texts: list[str], most: int
) -> None:
    batch = normalise(texts)
    bounds = segmenter.boundaries(batch)
    text = batch.text
    said = [[(a, b) for a, b in row if is_said(text[a:b])] for row in words_of(batch, bounds)]
    for apart, part in enumerate(
        skip_stretches(batch, hash_codes(batch.codes), bounds, most), start=2
    ):
        assert found(part) == [
            (key("s", f"{text[a:b]} {text[c:d]}"), a, d)
            for row in said
            for (a, b), (c, d) in zip(row, row[apart:], strict=False)
        ]


def pairs(batch: NormalBatch, words: Sequence[str], most: int) -> set[str]:
    """The pairs over a gap of one text, spelt out. `words` joined are the text."""
    ends = np.cumsum([len(word) for word in words]) + int(batch.starts[0])
    starts = ends - np.array([len(word) for word in words])
    spelt = {key("s", f"{a} {b}"): f"{a} {b}" for a in words for b in words}
    parts = skip_stretches(batch, hash_codes(batch.codes), (starts, ends), most)
    return {spelt[number] for part in parts for number in part.keys.tolist()}


@pytest.mark.parametrize(
    ("words", "most", "expected", "reason"),
    [
        (["路灯", "一直", "坏"], 1, {"路灯 坏"}, "one word between"),
        (["路灯", "坏"], 2, set(), "neighbours are word pairs, not these"),
        (["路灯", ",", "一直", "、", "坏"], 1, {"路灯 坏"}, "marks count as nothing"),
        (["甲", "乙", "丙", "丁"], 1, {"甲 丙", "乙 丁"}, "one of two"),
        (["甲", "乙", "丙", "丁"], 2, {"甲 丙", "乙 丁", "甲 丁"}, "one or two"),
        (["甲", "乙", "丙", "丁"], 0, set(), "none wanted"),
    ],
)
def test_pairs_over_a_gap(words: list[str], most: int, expected: set[str], reason: str) -> None:
    assert pairs(normalise(["".join(words)]), words, most) == expected, reason


def test_a_gap_matches_no_entry(segmenter: Segmenter) -> None:
    text = "路灯坏了没人修"
    batch = normalise(["路灯坏", "了没人修"])
    hashed, bounds = hash_codes(batch.codes), segmenter.boundaries(batch)
    across = [
        (kind, entry)
        for kind, entry in [
            *(("c", text[at : at + size]) for size in (2, 3) for at in range(4 - size, 3)),
            ("w", "坏 了"),
            ("w", "坏了"),
        ]
    ]
    table = KeyTable(entry_keys(*zip(*across, strict=True)))
    for part in (*char_stretches(hashed, 3), *word_stretches(hashed, bounds, 2)):
        assert len(table.find(part.keys)[0]) == 0


def test_kinds_of_one_spelling_are_three_entries() -> None:
    kinds, entries = ("c", "w", "w", "s"), ("路灯", "路灯", "路 灯", "路 灯")
    assert len(set(entry_keys(kinds, entries).tolist())) == 4


def test_no_entries_have_no_keys() -> None:
    assert len(KeyTable(entry_keys("", [])).find(entry_keys("c", ["路"]))[0]) == 0


def test_texts_shorter_than_an_n_gram(segmenter: Segmenter) -> None:
    batch = normalise([])
    hashed, bounds = hash_codes(batch.codes), segmenter.boundaries(batch)
    assert [inside(batch, found(part)) for part in char_stretches(hashed, 3)] == [[]]
    assert list(word_stretches(hashed, bounds, 2)) == []
    assert list(skip_stretches(batch, hashed, bounds, 2)) == []


def test_the_blocks_and_what_they_count() -> None:
    scales = NgramSpec(word_scale=0.25, skip_scale=0.125).scales()
    assert scales == {"c": 1.0, "w": 0.25, "s": 0.125}


def random_keys(count: int, seed: int) -> np.ndarray:
    # No key is 0, which is what an empty slot holds: a stretch has it once in 2**64.
    return np.random.default_rng(seed).integers(1, 1 << 64, count, dtype=np.uint64)


@given(count=st.integers(0, 300), seed=st.integers(0, 1 << 32))
@settings(max_examples=200, deadline=None)
def test_a_table_finds_all_and_only_its_keys(count: int, seed: int) -> None:
    keys = np.unique(random_keys(count, seed))
    np.random.default_rng(seed).shuffle(keys)
    table = KeyTable(keys)
    others = np.setdiff1d(random_keys(500, seed + 1), keys)
    asked = np.concatenate((others, keys, keys[:3]))
    np.random.default_rng(seed + 2).shuffle(asked)
    place = {number: at for at, number in enumerate(keys.tolist())}
    known = [(at, place[number]) for at, number in enumerate(asked.tolist()) if number in place]
    which, ids = table.find(asked)
    assert list(zip(which.tolist(), ids.tolist(), strict=True)) == known


@pytest.mark.parametrize("count", [20_000, 50_000])
def test_a_large_table_finds_all_and_only_its_keys(count: int) -> None:
    keys = np.unique(random_keys(2 * count, count))
    table = KeyTable(keys[::2])
    which, ids = table.find(keys)
    assert which.tolist() == list(range(0, len(keys), 2))
    assert ids.tolist() == list(range(len(keys[::2])))


def test_the_hash_of_real_entries_finds_room() -> None:
    entries = [chr(a) + chr(b) for a in range(0x4E00, 0x4F00) for b in range(0x5E00, 0x5E80)]
    table = KeyTable(entry_keys("c" * len(entries), entries))
    assert len(table.find(entry_keys("w" * len(entries), entries))[0]) == 0
    assert len(table.find(entry_keys("c" * len(entries), entries))[0]) == len(entries)


@pytest.mark.parametrize(
    ("kinds", "entries", "reason"),
    [
        ("cc", ("路灯", "路灯"), "characters"),
        ("www", ("路灯", "坏", "路灯"), "words"),
        ("ss", ("路灯 坏", "路灯 坏"), "pairs over a gap"),
    ],
)
def test_an_entry_twice_is_refused(kinds: str, entries: tuple[str, ...], reason: str) -> None:
    with pytest.raises(BundleError) as caught:
        KeyTable(entry_keys(kinds, entries))
    assert caught.value.code == "duplicate_entry", reason


def test_powers_are_whole_whoever_grows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = [np.arange(size, dtype=np.uint32) for size in range(1, 4000, 130)]
    expected = [hash_codes(part).sums for part in codes]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    wrong: list[object] = []

    def hash_all(order: int) -> None:
        try:
            for at in range(len(codes)):
                at = (at * (order + 1)) % len(codes)
                if not np.array_equal(hash_codes(codes[at]).sums, expected[at]):
                    wrong.append(at)
        except (ValueError, IndexError) as error:
            wrong.append(error)

    try:
        for _ in range(20):
            monkeypatch.setattr(ngrams, "_POWERS", ngrams._Powers())
            threads = [threading.Thread(target=hash_all, args=(order,)) for order in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
