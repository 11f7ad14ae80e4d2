"""Transcripts: who says what, where, and what is no transcript at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.schema import Speaker, Turn
from jiesu.text.normalise import normalise
from jiesu.text.turns import caller_spans, find_turns, may_have_turns, speaker_names, transcript


def said(text: str) -> list[tuple[Speaker, str]]:
    return [(who, text[start:end]) for who, start, end in find_turns(text)]


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        (
            "市民：灯坏了\n坐席：在哪里",
            [("caller", "灯坏了"), ("operator", "在哪里")],
            "the names that jiesu writes",
        ),
        (
            "座席员: 您好\n来电人: 灯坏了",
            [("operator", "您好"), ("caller", "灯坏了")],
            "aliases, half-width colons, the operator first",
        ),
        (
            "Agent: hello\nCALLER： no light",
            [("operator", "hello"), ("caller", "no light")],
            "English names in any case",
        ),
        (
            "【客服】：您好\n[市民]: 灯坏了\n（坐席）：好的",
            [("operator", "您好"), ("caller", "灯坏了"), ("operator", "好的")],
            "names in brackets",
        ),
        (
            "　市民　：　灯坏了\n\t坐席 : 好的",
            [("caller", "灯坏了"), ("operator", "好的")],
            "white space around name and colon",
        ),
        (
            "市民：灯坏了\n三天了\n坐席：好的",
            [("caller", "灯坏了\n三天了"), ("operator", "好的")],
            "a line without a name continues the turn",
        ),
        (
            "市民：灯坏了\n地点：南门\n坐席：好的",
            [("caller", "灯坏了\n地点：南门"), ("operator", "好的")],
            "a colon behind a word that names nobody continues the turn",
        ),
        (
            "市民：灯坏了\r\n坐席：好的\r\n",
            [("caller", "灯坏了"), ("operator", "好的")],
            "line ends of Windows are no words",
        ),
        (
            "通话开始\n市民：灯坏了\n坐席：好的",
            [("unknown", "通话开始\n"), ("caller", "灯坏了"), ("operator", "好的")],
            "words before the first name are nobody's",
        ),
        (
            "说话人1：灯坏了\n市民：是的",
            [("unknown", "灯坏了"), ("caller", "是的")],
            "a speaker whom nobody knows",
        ),
        (
            "市民：\n坐席：请讲\n市民：灯坏了",
            [("caller", ""), ("operator", "请讲"), ("caller", "灯坏了")],
            "an empty turn is a turn",
        ),
        ("市民：灯坏了", [], "one name alone is a note"),
        ("来电反映：\n客服：不管\n物业：不修", [], "a note that quotes 客服： once"),
        ("坐席：您好\n坐席：请讲", [], "operator only: nobody's appeal"),
        ("来电称，市民：灯坏了，坐席：好的", [], "names inside a line start no turn"),
        ("", [], "nothing"),
    ],
)
def test_find_turns(text: str, expected: list[tuple[Speaker, str]], reason: str) -> None:
    assert said(text) == expected, reason


@pytest.mark.parametrize("name", sorted(speaker_names()))
def test_every_name_is_understood(name: str) -> None:
    speaker = speaker_names()[name]
    text = f"{name.upper()}：甲乙\n市民：丙丁"
    assert said(text) == [(speaker, "甲乙"), ("caller", "丙丁")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("uſer：甲\ncaller：乙", "long s is an s to a pattern that ignores case, but no name's"),
        ("cıtizen：甲\ncaller：乙", "so is the dotless i"),
        ("\u212aser：甲\n市民：乙", "and the sign of kelvin"),
    ],
)
def test_letters_that_only_look_like_a_name(text: str, reason: str) -> None:
    assert find_turns(text) == [], reason


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        ("市民：灯坏了\n坐席：在哪\n市民：南门", ["灯坏了", "南门"], "the caller's turns alone"),
        ("说话人1：灯坏了\n市民：是的", ["灯坏了", "是的"], "who is unknown may be the caller"),
        ("转写\n市民：灯\n坐席：好", ["转写\n", "灯"], "so may what stands before"),
        ("市民：\n坐席：请讲\n市民：灯坏了", ["灯坏了"], "an empty turn has no span"),
        ("市民：灯坏了\n坐席：", ["灯坏了"], "an empty turn of the operator"),
        ("灯坏了。客服：不管", None, "a note counts whole"),
        ("坐席：您好\n坐席：请讲", None, "operator only counts whole"),
        ("灯坏了\n三天了", None, "two lines without names count whole"),
    ],
)
def test_caller_spans(text: str, kept: list[str] | None, reason: str) -> None:
    spans = caller_spans(text)
    assert (spans and [text[start:end] for start, end in spans]) == kept, reason


def test_what_the_operator_says_is_not_read() -> None:
    text = "坐席：是噪音扰民吗\n市民：路 燈壞了\n坐席：您要投诉物业吗\n市民：对"
    batch = normalise([text], keep=[caller_spans(text)])
    assert batch.row(0) == "路灯坏了\0对"
    end = int(batch.ends[0])
    assert batch.original_span(end - 1, end) == (len(text) - 1, len(text))


WORDS = st.text(st.sampled_from("灯坏了好的，。：:a1 \u200b😀"), max_size=8).map(str.strip)
TURNS = st.lists(
    st.builds(Turn, speaker=st.sampled_from(["caller", "operator", "unknown"]), text=WORDS),
    min_size=1,
    max_size=6,
)


@given(turns=TURNS)
@settings(max_examples=150, deadline=None)
def test_a_transcript_is_read_back(turns: list[Turn]) -> None:
    text = transcript(turns)
    heard = len(turns) > 1 and any(turn.speaker == "caller" for turn in turns)
    assert said(text) == ([(turn.speaker, turn.text) for turn in turns] if heard else [])


@given(text=st.text(st.sampled_from("市民坐席客服：: \n\r\t【】a甲ſ\ud800"), max_size=40))
@settings(max_examples=250, deadline=None)
def test_any_text_has_ordered_turns_and_no_crash(text: str) -> None:
    turns = find_turns(text)
    assert not turns or may_have_turns(text)
    place = 0
    for _, start, end in turns:
        assert place <= start <= end <= len(text)
        place = end
    for start, end in caller_spans(text) or []:
        assert start < end
