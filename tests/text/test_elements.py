"""When, where, of what, and what is wished: the elements of invented appeals."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.schema import Elements
from jiesu.text.elements import find_elements


def read(
    text: str,
    *,
    received_at: str | None = "2021-09-24T09:30:00",
    area: str | None = None,
    subdistrict: str | None = None,
    spans: list[tuple[int, int]] | None = None,
) -> Elements:
    return find_elements(
        text, received_at=received_at, area=area, subdistrict=subdistrict, spans=spans
    )


def test_a_note_has_all_elements() -> None:
    text = "市民来电反映：昨晚青山区柳河路18号锦绣花园3号楼2单元501楼道的路灯不亮，希望尽快修复。"
    assert read(text) == Elements(
        time="2021-09-23",
        place="青山区柳河路18号锦绣花园3号楼",
        object="路灯",
        demand="希望尽快修复",
        missing=(),
    )


def test_what_is_not_said_is_missing_in_order() -> None:
    assert read("") == Elements(missing=("time", "place", "object", "demand"))
    assert read("请帮帮我吧，请尽快处理").missing == ("time", "place", "object")


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("我在柳河路与青松路交叉口摔倒", "柳河路与青松路交叉口", "two roads that cross"),
        ("反映青山区锦绣花园5栋302漏水", "青山区锦绣花园5栋", "no room"),
        ("锦绣花园小区8号楼1单元602室漏水", "锦绣花园小区8号楼", "no unit"),
        ("其在柳河路18号瑞丰大厦门口被撞", "柳河路18号瑞丰大厦门口", "at the door of a building"),
        ("我是平安县石桥镇柳树村村民", "平安县石桥镇柳树村", "a village, not the villager"),
        ("平安县石桥镇柳树村12号停水", "平安县石桥镇柳树村", "a number in a village is a home"),
        ("柳河地铁站B口有人摆摊", "柳河地铁站B口", "an exit of the underground"),
        ("锦绣花园对面的春晖小区停水", "锦绣花园对面的春晖小区", "what lies opposite"),
        ("马路上的路灯坏了", None, "no road has a name"),
        ("我们小区停水", None, "nor has the estate"),
        ("在政府网站查不到", None, "no place at all"),
    ],
)
def test_place(text: str, expected: str | None, reason: str) -> None:
    assert read(text).place == expected, reason


@pytest.mark.parametrize(
    ("text", "area", "subdistrict", "expected", "reason"),
    [
        ("柳河路路灯坏了", "青山区", "石桥街道", "青山区石桥街道柳河路", "both from the record"),
        ("青山区柳河路路灯坏了", "青山区", None, "青山区柳河路", "not twice"),
        ("临江市柳河路路灯坏了", "青山区", None, "临江市青山区柳河路", "between city and road"),
        ("青山区柳河路路灯坏了", None, "石桥街道", "青山区石桥街道柳河路", "behind the area"),
        ("路灯坏了", "青山区", None, "青山区", "nothing but the record"),
    ],
)
def test_place_with_the_record(
    text: str, area: str | None, subdistrict: str | None, expected: str, reason: str
) -> None:
    assert read(text, area=area, subdistrict=subdistrict).place == expected, reason


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("投诉恒顺物业公司不作为", "恒顺物业公司", "a company complained of"),
        ("柳河路上的井盖破了", "井盖", "a broken thing"),
        ("公积金提取需要什么材料", "公积金", "the matter asked for"),
        ("老板拖欠工资三个月", "工资", "a matter says more than a role"),
        ("其在明德驾校报名后不退费", "明德驾校", "a school by its suffix"),
        ("恒顺公司旁边有人违停", "违停", "a company that is a landmark only"),
        ("下水道堵了", "下水道", "a thing and its defect"),
        ("单元停电梯", "电梯", "a lift that stops is no power cut"),
        ("谢谢您", None, "nothing"),
    ],
)
def test_object(text: str, expected: str | None, reason: str) -> None:
    assert read(text).object == expected, reason


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("路灯坏了，故来电希望尽快修复，谢谢！", "希望尽快修复，谢谢", "from the marker on"),
        ("请问居住证怎么办理？", "请问居住证怎么办理？", "a question"),
        ("路灯坏了。希望尽快回复。", "希望尽快回复", "an answer, where nothing else is wished"),
        ("请问居住证怎么办理？望回复。", "请问居住证怎么办理？", "a question outweighs politeness"),
        ("请修路。请装路灯。", "请装路灯", "the last one"),
        ("希望修路。难道没人管吗？", "希望修路", "a rhetorical question is no wish"),
        ("店家却要求多交50元", None, "another's demand"),
        ("市民要求退款", "要求退款", "the caller's demand in a note"),
        ("我已申请两次", None, "no wish in 申请"),
        ("这个学校是希望小学", None, "a name"),
        ("关于柳河路路灯的建议", None, "a title names no wish"),
        ("车辆年检是否要预约", "车辆年检是否要预约", "a question without its mark"),
    ],
)
def test_demand(text: str, expected: str | None, reason: str) -> None:
    assert read(text).demand == expected, reason


def test_a_long_demand_is_cut_at_a_comma() -> None:
    found = read("希望" + "尽快修好柳河路，" * 30).demand
    assert found is not None
    assert len(found) <= 80
    assert found.endswith("柳河路")


def test_only_the_callers_words_count() -> None:
    text = "话务员：请问有什么诉求？\n市民：柳河路的井盖破了，希望尽快修。\n话务员：好，昨天登记"
    start, end = text.index("柳河路"), text.index("\n话务员：好")
    found = read(text, spans=[(start, end)])
    assert (found.time, found.demand) == (None, "希望尽快修")
    assert (found.place, found.object) == ("柳河路", "井盖")
    assert read(text, spans=[]).missing == ("time", "place", "object", "demand")


WORDS = """请问 希望 要求 建议 是否 在 的 与 我 关于 昨天 5月3日 柳河 路 小区 镇 区 县 市 村 园 公司
学校 物业 店 门口 对面 3号楼 501 18号 一期 路灯 坏了 公积金 ？ 。 ， ( 「 x １"""
PIECES = st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=16).map("".join)


@given(text=PIECES | st.text(max_size=40), data=st.data())
@settings(max_examples=300, deadline=None)
def test_any_text_gives_stretches_of_itself(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False)) if data.draw(st.booleans()) else None
    found = read(text, spans=spans)
    for stretch in (found.object, found.demand):
        assert stretch is None or (stretch and stretch in text)
    assert found.demand is None or len(found.demand) <= 80
    named = {name: getattr(found, name) for name in ("time", "place", "object", "demand")}
    assert found.missing == tuple(name for name, value in named.items() if value is None)


@pytest.mark.parametrize(
    "unit", ["路", "请", "一", "1", "希望要求", "投诉电梯不", "请问青山区柳河路38号", "，", " "]
)
def test_time_is_linear(unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    read("")
    began = time.perf_counter()
    read(text)
    assert time.perf_counter() - began < 1.0
