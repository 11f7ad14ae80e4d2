"""Flags from both tiers: how sure one may be, and which stretch is shown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.heads.pieces import Cut
from jiesu.heads.stretches import Cutting, Stretches

CUTTING = Cutting(share=0.5, seed=0.9, begin=0.5, whole=0.6)


def pieces_of(text: str) -> Cut:
    places = np.arange(len(text))
    return Cut(places, places, places + 1)


def spans(text: str, marked: list[str], begins: list[str], cutting: Cutting = CUTTING) -> list[str]:
    """Return the stretches of a text whose words `marked` offend; begins: where one begins."""
    pieces = np.full(len(text), -9.0, dtype=np.float32)
    anew = np.full(len(text), -9.0, dtype=np.float32)
    for word in marked:
        pieces[text.index(word) : text.index(word) + len(word)] = 4.0
    for word in begins:
        anew[text.index(word)] = 4.0
    made = Stretches(np.array([0.5]), cutting, (0.0, 0.5, 0.5, 0.0))
    return [text[a:b] for a, b in made.spans(text, pieces_of(text), pieces, anew)]


STRETCHES = [
    (
        "路灯坏了，你们就是饭桶，快修",
        ["就是饭桶"],
        [],
        ["你们就是饭桶"],
        "nearly a clause: all of it",
    ),
    (
        "路灯坏了，你们那个科长就是饭桶",
        ["饭桶"],
        [],
        ["饭桶"],
        "a small part of a clause stays one",
    ),
    ("sb物业又断我家电梯卡", ["sb物业"], ["sb"], ["sb物业"], "an insult at the head of a matter"),
    (
        "饭桶蠢猪快修灯吧好不好",
        ["饭桶", "蠢猪"],
        ["饭", "蠢"],
        ["饭桶", "蠢猪"],
        "two in one breath",
    ),
    (
        "蛮子就是脏，趁早别招",
        ["蛮子就是脏，趁早别招"],
        ["蛮"],
        ["蛮子就是脏，趁早别招"],
        "one over a comma",
    ),
    (
        "市民：饭桶\n坐席：您好\n市民：蠢猪",
        ["饭桶", "蠢猪"],
        [],
        ["饭桶", "蠢猪"],
        "not the answer",
    ),
    ("饭桶\n蠢猪", ["饭桶\n蠢猪"], [], ["饭桶", "蠢猪"], "nor over turns"),
    ("饭桶，然后呢，蠢猪", ["饭桶", "蠢猪"], [], ["饭桶", "蠢猪"], "nor what is between"),
    ("，。！", ["，。！"], [], ["，。！"], "marks alone are what was said"),
]


@pytest.mark.parametrize(("text", "marked", "begins", "expected", "reason"), STRETCHES)
def test_a_stretch_is_what_offends(
    text: str, marked: list[str], begins: list[str], expected: list[str], reason: str
) -> None:
    assert spans(text, marked, begins) == expected, reason


@given(st.text("你们是饭桶，。 \n“”ab", min_size=1, max_size=40), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=200)
def test_stretches_are_in_order_apart_and_within_the_text(text: str, random: st.Random) -> None:
    odds = np.array([random.uniform(-9, 9) for _ in text], dtype=np.float32)
    anew = np.array([random.uniform(-9, 9) for _ in text], dtype=np.float32)
    cutting = Cutting(random.choice([0.2, 0.6]), 0.7, random.choice([0.3, 0.7]), 0.4)
    made = Stretches(np.array([0.5]), cutting, (0.0, 0.5, 0.5, 0.0))
    found = made.spans(text, pieces_of(text), odds, anew)
    has_words = any(char.isalnum() for char in text)
    assert bool(found) == bool(text.strip())
    ends = [0, *(end for _, end in found)]
    for (start, end), before in zip(found, ends, strict=False):
        assert before <= start < end <= len(text)
        assert not has_words or (text[start].isalnum() and text[end - 1].isalnum())


def test_a_faint_echo_is_no_stretch_of_its_own() -> None:
    text = "路灯坏了，你们就是饭桶"
    pieces = np.full(len(text), -9.0, dtype=np.float32)
    pieces[text.index("就是饭桶") :] = 4.0
    pieces[0] = 0.3  # a chance of .57, above half of the likeliest piece's
    made = Stretches(np.array([0.5]), CUTTING, (0.0, 0.5, 0.5, 0.0))
    nothing = np.full(len(text), -9.0, dtype=np.float32)
    found = made.spans(text, pieces_of(text), pieces, nothing)
    assert [text[a:b] for a, b in found] == ["你们就是饭桶"]


def test_no_pieces_no_stretch() -> None:
    made = Stretches(np.array([0.5]), CUTTING, (0.0, 0.5, 0.5, 0.0))
    nothing = np.zeros(0, dtype=np.float32)
    assert made.spans("", pieces_of(""), nothing, nothing) == []


def test_an_appeal_offends_by_all_that_is_said_of_it() -> None:
    made = Stretches(np.array([0.5]), CUTTING, (0.0, 0.5, 0.5, 0.0))
    pieces = np.array([-9, 4, 4, -9], dtype=np.float32)[:, None]
    clause = np.array([0.5])
    high, low = (np.array([value], dtype=np.float32) for value in (9.0, -9.0))
    assert made.scores(high, pieces, clause)[0] > 0.9
    assert made.scores(low, pieces, clause)[0] < 0.2
    assert made.scores(high, pieces[:0], clause).tolist() == [0.0]


def test_what_the_linear_tier_says_of_a_clause_counts_too() -> None:
    made = Stretches(np.array([0.5]), CUTTING, (-1.0, 0.5, 0.5, 1.0))
    logit, pieces = np.zeros(1, dtype=np.float32), np.zeros((3, 1), dtype=np.float32)
    chances = [made.scores(logit, pieces, np.array([value]))[0] for value in (0, 0.1, 0.9, 1)]
    assert chances == sorted(chances)
    assert chances[0] < 0.01 < 0.99 < chances[-1]
