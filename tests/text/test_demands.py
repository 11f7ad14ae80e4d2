"""Several demands in one appeal: cut where they are counted or turned to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.text.demands import may_hold_several, split_demands

LAMP, PARKING, BUS = "路灯坏了三天没有人修", "车乱停占了消防通道", "公交车总是晚点半小时"


@pytest.mark.parametrize(
    ("text", "parts", "reason"),
    [
        (f"1、{LAMP}。2、{PARKING}。", [f"1、{LAMP}。", f"2、{PARKING}。"], "counted in figures"),
        (f"（一）{LAMP}；（二）{PARKING}", [f"（一）{LAMP}；", f"（二）{PARKING}"], "in brackets"),
        (f"一是{LAMP}，二是{PARKING}", [f"一是{LAMP}，", f"二是{PARKING}"], "in words"),
        (f"反映两事：1.{LAMP} 2.{BUS}", [f"1.{LAMP} ", f"2.{BUS}"], "the heading is no demand"),
        (f"{LAMP}。另外，{PARKING}", [f"{LAMP}。", f"另外，{PARKING}"], "turned to"),
        (f"{LAMP}，此外{BUS}", [f"{LAMP}，", f"此外{BUS}"], "turned to after a comma"),
        (f"{LAMP}，{PARKING}", [], "one matter, as far as anything tells"),
        ("灯坏了。另外谢谢", [], "too short to be two matters"),
        ("第1.5期工程噪音大影响休息", [], "a figure is no count"),
        ("", [], "nothing"),
    ],
)
def test_splits(text: str, parts: list[str], reason: str) -> None:
    assert [text[start:end] for start, end in split_demands(text)] == parts, reason


@given(st.text(alphabet="路灯坏了。，；1234567、.（）一二三是另外此外还有一个\n 请", max_size=120))
@settings(max_examples=300, deadline=None)
def test_parts_follow_one_another_and_nothing_is_split_unseen(text: str) -> None:
    found = split_demands(text)
    assert len(found) != 1
    assert all(0 <= a < b <= len(text) for a, b in found)
    assert all(first[1] <= second[0] for first, second in pairwise(found))
    assert may_hold_several(text) or not found
