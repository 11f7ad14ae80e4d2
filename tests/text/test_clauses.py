"""Clauses: where a text is cut, what hides a word and what does not, and whose words they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.text.clauses import VOICES, ClauseBatch, cut_clauses
from jiesu.text.turns import caller_spans


def clauses(cut: ClauseBatch) -> list[str]:
    spans = zip(cut.starts.tolist(), cut.ends.tolist(), strict=True)
    return [cut.batch.text[start:end] for start, end in spans]


def voices(text: str) -> dict[str, str]:
    cut = cut_clauses([text])
    return dict(zip(clauses(cut), (VOICES[voice] for voice in cut.voices), strict=True))


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("路灯坏了，没人管。", ["路灯坏了", "没人管"], "stops"),
        ("你是傻*逼", ["你是傻逼"], "a symbol put between"),
        ("你是傻 逼", ["你是傻逼"], "a blank beside a single character hides a word"),
        ("就门口 我记下来了", ["就门口", "我记下来了"], "a blank between words is a pause"),
        ("路灯坏了\n没人管", ["路灯坏了", "没人管"], "a line break"),
        ("Ｓ．Ｂ物业", ["sb物业"], "full width, with a symbol between"),
        ("你媽的廢物", ["你妈的废物"], "traditional characters"),
        ("你是sв", ["你是sb"], "a Cyrillic letter"),
        ("250块", ["250块"], "digits stay"),
        ("，。！", [], "nothing is said"),
        ("", [], "nothing at all"),
        ("字" * 100, ["字" * 34, "字" * 34, "字" * 32], "no stop at all: cut by length"),
    ],
)
def test_where_clauses_are_cut(text: str, expected: list[str], reason: str) -> None:
    assert clauses(cut_clauses([text])) == expected, reason


@pytest.mark.parametrize(
    ("text", "clause", "voice", "reason"),
    [
        ("你们都是废物", "你们都是废物", "direct", "the caller's own words"),
        ("他骂我“你是废物”", "你是废物", "quoted", "another's words in quotation marks"),
        ("司机骂我老不死的", "司机骂我老不死的", "reported", "another is said to say it"),
        ("他就吼，你个死老太婆", "你个死老太婆", "reported", "what follows is still his"),
        ("他骂我了。你们都是废物", "你们都是废物", "direct", "a sentence later the caller speaks"),
        ("他骂我，我看你们才是废物", "我看你们才是废物", "direct", "the caller speaks up"),
        (
            "来电人辱骂坐席废物",
            "来电人辱骂坐席废物",
            "note",
            "the operator notes what the caller does",
        ),
        ("来电人辱骂坐席“废物”", "废物", "noted", "the note quotes the caller"),
        ("来电人称邻居骂其“废物”", "废物", "quoted", "the note quotes a neighbour"),
    ],
)
def test_whose_words_they_are(text: str, clause: str, voice: str, reason: str) -> None:
    assert voices(text)[clause] == voice, reason


def test_only_the_caller_s_turns_are_cut() -> None:
    text = "坐席：您好请讲\n市民：路灯坏了\n坐席：好的"
    cut = cut_clauses([text], keep=[caller_spans(text)])
    assert clauses(cut) == ["路灯坏了"]


@given(st.lists(st.text(max_size=60), max_size=5))
@settings(max_examples=200, deadline=None)
def test_every_clause_points_into_its_own_text(texts: list[str]) -> None:
    cut = cut_clauses(texts)
    assert (np.diff(cut.rows) >= 0).all()
    for row, start, end in zip(cut.rows, cut.starts, cut.ends, strict=True):
        first, last = cut.batch.original_span(int(start), int(end))
        assert 0 <= first < last <= len(texts[row])
        assert (cut.number[start:end] == cut.number[start]).all()


@given(
    st.lists(
        st.text(alphabet="你他骂我废物，。“” \n来电人说傻逼*", max_size=40), min_size=1, max_size=6
    )
)
@settings(max_examples=200, deadline=None)
def test_a_batch_is_cut_as_its_texts_are_one_by_one(texts: list[str]) -> None:
    together = cut_clauses(texts)
    alone = [cut_clauses([text]) for text in texts]
    assert clauses(together) == [clause for cut in alone for clause in clauses(cut)]
    assert together.voices.tolist() == [voice for cut in alone for voice in cut.voices.tolist()]
