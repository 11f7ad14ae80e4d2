import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.dialogue import read_turns
from jiesu.errors import InputError
from jiesu.schema import Turn
from jiesu.text.turns import find_turns, transcript


def plain(value: Any) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in read_turns(value)]


@pytest.mark.parametrize(
    ("written", "turns", "reason"),
    [
        (
            "市民：楼上漏水\n坐席：请讲地址",
            [("caller", "楼上漏水"), ("operator", "请讲地址")],
            "the plain form",
        ),
        (
            "来电人: 停电了\r\n接线员: 好的",
            [("caller", "停电了"), ("operator", "好的")],
            "half-width colon, CR LF",
        ),
        (
            "【话务员】：您好\n[市民] ：喂",
            [("operator", "您好"), ("caller", "喂")],
            "names in brackets",
        ),
        (
            "A: 你好\nb：请讲",
            [("unknown", "你好"), ("unknown", "请讲")],
            "A and B: who is not known",
        ),
        (
            "[00:12] 市民：喂\n00:15.2 客服：您好",
            [("caller", "喂"), ("operator", "您好")],
            "the recogniser's times",
        ),
        (
            "市民：第一句\n第二句\n坐席：好",
            [("caller", "第一句 第二句"), ("operator", "好")],
            "a turn goes on",
        ),
        (
            "通话开始\n市民：喂",
            [("unknown", "通话开始"), ("caller", "喂")],
            "words before any name",
        ),
        ("市民：他说：快走", [("caller", "他说：快走")], "only the first colon names a speaker"),
        ("市民：\n坐席：您好", [("operator", "您好")], "a turn without words is left out"),
        (
            "市民：我打了客服：没人接",
            [("caller", "我打了客服：没人接")],
            "a name inside a line is words",
        ),
        (
            "老王：漏水了\n市民：是的",
            [("unknown", "老王：漏水了"), ("caller", "是的")],
            "a name unknown",
        ),
        ("楼上漏水，请处理", [], "no name at all: text, not turns"),
        (" \n ", [], "blank"),
    ],
)
def test_a_transcript_in_one_string(
    written: str, turns: list[tuple[str, str]], reason: str
) -> None:
    assert plain(written) == turns, reason


@pytest.mark.parametrize(
    ("value", "turns", "reason"),
    [
        ([{"speaker": "市民", "text": "喂"}], [("caller", "喂")], "a Chinese speaker"),
        ([{"speaker": "Operator", "text": "喂"}], [("operator", "喂")], "an English one"),
        ([{"role": "agent", "content": "喂"}], [("operator", "喂")], "keys of chat logs"),
        ([{"说话人": "客服", "内容": "喂"}], [("operator", "喂")], "Chinese keys"),
        ([{"speaker": "张某", "text": "喂"}], [("unknown", "喂")], "a speaker not in the table"),
        ([{"speaker": None, "text": "喂"}], [("unknown", "喂")], "no speaker"),
        ([{"speaker": "市民", "text": " "}], [], "no words"),
        (
            [{"speaker": "市民", "text": "喂\n坐席：好"}],
            [("caller", "喂 坐席：好")],
            "one line a turn",
        ),
        (["市民：喂", "坐席：您好"], [("caller", "喂"), ("operator", "您好")], "a list of lines"),
        ([Turn(speaker="caller", text="喂")], [("caller", "喂")], "turns already"),
        ([], [], "none"),
    ],
)
def test_turns_in_a_list(value: Any, turns: list[tuple[str, str]], reason: str) -> None:
    assert plain(value) == turns, reason


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (7, "turns: found a number"),
        ({"speaker": "市民"}, "turns: found an object"),
        ([3], "turns -> [0]: found a number"),
        ([{"text": "喂"}, {"text": ["秘密"]}], "turns -> [1] -> text: found a list"),
        ([{"speaker": 1, "text": "喂"}], "turns -> [0] -> speaker: found a number"),
    ],
)
def test_other_types_are_named_and_not_shown(value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_turns(value)
    assert caught.value.code == "bad_type"
    assert caught.value.message.startswith(message)
    assert "秘密" not in caught.value.message


words = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20
).filter(lambda text: text.strip())


@given(st.lists(st.tuples(st.sampled_from(["caller", "operator", "unknown"]), words), min_size=1))
def test_a_transcript_and_its_turns_say_the_same(spoken: list[tuple[Any, str]]) -> None:
    turns = read_turns([{"speaker": who, "text": said} for who, said in spoken])
    assert read_turns(transcript(turns)) == turns


@given(st.lists(st.tuples(st.sampled_from(["caller", "operator"]), words), min_size=2))
def test_the_text_room_finds_the_same_turns(spoken: list[tuple[Any, str]]) -> None:
    turns = read_turns([{"speaker": who, "text": said} for who, said in spoken])
    if not any(turn.speaker == "caller" for turn in turns) or len(turns) < 2:
        return
    text = transcript(turns)
    assert [(who, text[start:end]) for who, start, end in find_turns(text)] == [
        (turn.speaker, turn.text) for turn in turns
    ]


@pytest.mark.parametrize(
    "hostile",
    ["12:30" + " " * 500_000, "市民" + " " * 500_000 + "x", "\n" * 500_000, "[" * 500_000],
)
def test_hostile_lines_cost_no_more_than_their_length(hostile: str) -> None:
    begun = time.perf_counter()
    read_turns(hostile)
    assert time.perf_counter() - begun < 2
