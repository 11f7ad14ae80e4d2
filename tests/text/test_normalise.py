"""The normal form: what it folds and drops, and offsets that stay exact whatever it did."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.corpus.read import read_appeals
from jiesu.resources import resource
from jiesu.text.normalise import GAP, NormalBatch, fold_table, normalise

DROPPED = 0xFFFFFFFF
# No greeting can begin with it and no run of punctuation can reach over it.
GUARD = "。x"

ANY_TEXT = st.text(st.characters(codec=None), max_size=40)
# Characters that fold, vanish or collapse, so that short texts meet every rule.
BUSY_TEXT = st.text(
    st.sampled_from(
        "路燈灯壞Ａa１1！!？?。，,　 \t\n\0\u200b\u202e\ufe0f\ud83d😀👍❤您好喂领导局長：:"
    ),
    max_size=60,
)
TEXT = st.one_of(ANY_TEXT, BUSY_TEXT)


def form(text: str) -> str:
    return normalise([text]).row(0)


def plain_form(text: str) -> str:
    """The normal form without the skipping of a greeting."""
    return form(GUARD + text)[len(GUARD) :]


@pytest.fixture(scope="module")
def appeals() -> list[str]:
    rows = read_appeals(resource("data", "samples", "appeals.jsonl"))
    return [row.appeal.text for row in rows if row.appeal is not None]


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("ＡＢＣ，ｘ！％", "abc,x!%", "full width is half width"),
        ("Etc公司", "etc公司", "case is folded"),
        ("路燈壞了，沒人修", "路灯坏了,没人修", "traditional is simplified"),
        ("太吵了！！！！", "太吵了!", "a run of one mark is one mark"),
        ("太吵了！!！", "太吵了!", "the run may mix widths"),
        ("真的？！？！", "真的?!?!", "two marks in turn are no run"),
        ("好好好，哈哈哈", "好好好,哈哈哈", "letters repeat as they were said"),
        ("南门12号３楼", "南门00号0楼", "which number it is is not read, how long it is is"),
        ("路 灯　坏\t了\r\n没人", "路灯坏了没人", "white space of any width goes"),
        ("！ ！", "!", "what is dropped does not break a run"),
    ],
)
def test_folds(text: str, expected: str, reason: str) -> None:
    assert form(text) == expected, reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("路\0灯", "NUL, which is also what stands between texts"),
        ("路\u200b\u200c\u200d\u2060灯\ufeff", "zero-width characters"),
        ("\u202e路灯\u202c\u200f", "marks of writing direction"),
        ("路😀灯👨‍👩‍👧🇨🇳", "emoji, joined ones and flags"),
        ("路❤️灯1️⃣"[:-3], "a symbol with its variation selector"),
        ("路\ud800灯\udfff", "lone surrogates"),
        ("路灯\ue000\U000f0001", "private use"),
        ("路\x07\x1b灯\x85", "control characters"),
        ("路\u0301灯\u20e3", "combining marks"),
        ("路灯\U000e0041\U000e0100", "tags and far variation selectors"),
    ],
)
def test_drops_what_says_nothing(text: str, reason: str) -> None:
    assert form(text) == "路灯", reason


@pytest.mark.parametrize("text", ["", " ", "\0", "😀" * 50, "\ud83d", "\u200b\u200b", "　\n"])
def test_a_text_of_nothing_is_empty(text: str) -> None:
    batch = normalise(["甲", text, "乙"])
    assert [batch.row(index) for index in range(3)] == ["甲", "", "乙"]


def test_no_texts_are_an_empty_batch() -> None:
    assert len(normalise([])) == 0


def test_a_megabyte_keeps_its_last_offset() -> None:
    text = "路 灯" * 350_000 + "坏"
    batch = normalise([text])
    assert batch.original_span(int(batch.ends[0]) - 1, int(batch.ends[0])) == (
        len(text) - 1,
        len(text),
    )


def test_ascii_and_full_width_are_one() -> None:
    wide = "".join(map(chr, range(0xFF01, 0xFF5F)))
    narrow = "".join(map(chr, range(0x21, 0x7F)))
    assert form(GUARD + wide) == form(GUARD + narrow)


def test_folding_twice_changes_nothing() -> None:
    table = fold_table()
    targets = np.unique(table[table != DROPPED])
    assert [chr(code) for code in targets[table[targets] != targets]] == []


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("您好，路灯坏了", "路灯坏了", "the plain greeting"),
        ("你好 路灯坏了", "路灯坏了", "without a mark"),
        ("喂，您好，路灯坏了", "路灯坏了", "two greetings"),
        ("尊敬的王市长：您好！路灯坏了", "路灯坏了", "with a title before"),
        ("各位领导你们好，路灯坏了", "路灯坏了", "to several"),
        ("您好！！！！路灯坏了", "路灯坏了", "the run of marks goes with it"),
        ("早上好呀~路灯坏了", "路灯坏了", "a time of day and a particle"),
        ("您好", "您好", "nothing else is left: it stays"),
        ("您好！！", "您好!", "nothing but a mark is left: it stays"),
        ("路灯坏了，您好", "路灯坏了,您好", "a greeting is at the start"),
        ("良好的路灯", "良好的路灯", "好 alone greets nobody"),
        ("领导不管路灯", "领导不管路灯", "a title alone greets nobody"),
    ],
)
def test_greetings(text: str, expected: str, reason: str) -> None:
    assert form(text) == expected, reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("喂养流浪猫的人太多", "喂养 is to feed"),
        ("喂狗的在楼下吵", "喂 is to feed"),
        ("你好几次不接电话", "你 好几次, not 你好"),
    ],
)
def test_no_greeting(text: str, reason: str) -> None:
    assert form(text) == text, reason


@given(text=TEXT)
@settings(max_examples=100, deadline=None)
def test_a_skipped_greeting_is_only_a_start(text: str) -> None:
    assert plain_form(text).endswith(form(text))


def stretches(
    batch: NormalBatch, row: int, rng: random.Random, count: int
) -> list[tuple[int, int]]:
    start, end = int(batch.starts[row]), int(batch.ends[row])
    if start == end:
        return []
    pairs = (sorted(rng.sample(range(start, end + 1), 2)) for _ in range(count))
    return [(a, b) for a, b in pairs]


@given(texts=st.lists(TEXT, min_size=1, max_size=4), seed=st.integers(0, 1 << 16))
@settings(max_examples=250, deadline=None)
def test_any_stretch_has_its_span_of_the_original(texts: list[str], seed: int) -> None:
    batch = normalise(texts)
    for row, text in enumerate(texts):
        for a, b in stretches(batch, row, random.Random(seed), 4):
            start, end = batch.original_span(a, b)
            assert 0 <= start < end <= len(text)
            assert plain_form(text[start:end]) == batch.text[a:b]
            # No wider than need be: it begins and ends with what the stretch does.
            assert plain_form(text[start]) == batch.text[a]
            assert plain_form(text[end - 1]) == batch.text[b - 1]


WRITTEN_WIDE = {chr(code - 0xFEE0): chr(code) for code in range(0xFF01, 0xFF5F)}
NOISE = (" ", "　", "\t", "\n", "\0", "\u200b", "\u202e", "\ufe0f", "😀", "👍🏽", "❤", "\ud83d")


def disguise(text: str, rng: random.Random, traditional: dict[str, str]) -> tuple[str, list[int]]:
    """Write a text in another way, and say where each of its characters went."""
    out = ""
    places = []
    for char in text:
        before, written, after = "", char, ""
        chance = rng.random()
        if chance < 0.1:
            written = WRITTEN_WIDE.get(char, char)
        elif chance < 0.2:
            written = traditional.get(char, char)
        elif chance < 0.3:
            before = "".join(rng.choices(NOISE, k=rng.randint(1, 3)))
        elif chance < 0.4 and char in "，。！？,!?":
            after = char * rng.randint(1, 4)
        places.append(len(out + before))
        out += before + written + after
    return out, places


def test_disguised_appeals_have_one_form_and_exact_offsets(appeals: Sequence[str]) -> None:
    rng = random.Random(20180101)
    table = fold_table()
    traditional = {
        chr(table[code]): chr(code) for code in range(0x4E00, 0xA000) if table[code] != code
    }
    originals = rng.choices(appeals, k=1000)
    disguised = [disguise(text, rng, traditional) for text in originals]
    plain, other = normalise(originals), normalise([text for text, _ in disguised])
    for row, (text, places) in enumerate(disguised):
        assert other.row(row) == plain.row(row)
        was = plain.origin[plain.starts[row] : plain.ends[row]]
        now = other.origin[other.starts[row] : other.ends[row]]
        assert now.tolist() == [places[index] for index in was.tolist()]
        for a, b in stretches(other, row, rng, 3):
            start, end = other.original_span(a, b)
            assert plain_form(text[start:end]) == other.text[a:b]


@given(texts=st.lists(TEXT, max_size=6).filter(bool))
@settings(max_examples=100, deadline=None)
def test_a_batch_is_its_texts_one_by_one(texts: list[str]) -> None:
    batch = normalise(texts)
    for row, text in enumerate(texts):
        alone = normalise([text])
        assert batch.row(row) == alone.row(0)
        assert (
            batch.origin[batch.starts[row] : batch.ends[row]].tolist()
            == alone.origin[alone.starts[0] : alone.ends[0]].tolist()
        )


def test_texts_never_touch() -> None:
    batch = normalise(["甲！", "！乙", "", "\0", "丙"])
    assert [batch.row(row) for row in range(5)] == ["甲!", "!乙", "", "", "丙"]
    assert batch.codes[0] == batch.codes[-1] == GAP
    assert all(batch.codes[end] == GAP for end in batch.ends)


@pytest.mark.parametrize(
    ("text", "spans", "expected", "reason"),
    [
        ("甲乙丙丁", [(0, 4)], "甲乙丙丁", "all of it"),
        ("甲乙丙丁", [], "", "none of it"),
        ("甲乙丙丁", [(1, 3)], "乙丙", "a stretch"),
        ("甲乙丙丁", [(0, 1), (3, 4)], "甲\0丁", "what is between leaves a gap"),
        ("甲乙丙丁", [(0, 2), (2, 4)], "甲乙丙丁", "touching stretches have none"),
        ("甲！坐！乙", [(0, 2), (3, 5)], "甲!\0!乙", "a run does not reach over a gap"),
        ("坐席您好市民您好，灯坏", [(6, 11)], "灯坏", "the greeting of what is kept is skipped"),
    ],
)
def test_keep(text: str, spans: list[tuple[int, int]], expected: str, reason: str) -> None:
    assert normalise([text], keep=[spans]).row(0) == expected, reason


@given(data=st.data(), text=TEXT)
@settings(max_examples=150, deadline=None)
def test_kept_spans_are_all_that_is_kept(data: st.DataObject, text: str) -> None:
    whole = f"{GUARD}旁{text}"
    size = len(whole)
    cuts = sorted(data.draw(st.sets(st.integers(len(GUARD) + 1, size), max_size=6)))
    spans = [(0, len(GUARD)), *zip(cuts[::2], cuts[1::2], strict=False)]
    batch = normalise(["前面", whole, "后面"], keep=[None, spans, None])
    pieces = [piece for piece in batch.row(1).split("\0") if piece]
    assert pieces == [piece for a, b in spans if (piece := own(whole[a:b]))]
    codes = slice(int(batch.starts[1]), int(batch.ends[1]))
    said = batch.origin[codes][batch.codes[codes] != GAP]
    assert all(any(a <= place < b for a, b in spans) for place in said.tolist())
    assert (batch.row(0), batch.row(2)) == ("前面", "后面")


def own(text: str) -> str:
    return GUARD if text == GUARD else plain_form(text)


def test_every_code_point_is_safe() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    batch = normalise([GUARD + every])
    assert GAP not in batch.codes[batch.starts[0] : batch.ends[0]]
    batch.text.encode("utf-8")
