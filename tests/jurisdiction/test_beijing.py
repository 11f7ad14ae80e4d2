"""The shipped jurisdiction of Beijing: complete, lawful in tone, and quiet on ordinary appeals."""

from __future__ import annotations

from collections import Counter

import pytest

from jiesu.jurisdiction import Jurisdiction, exact_unit, load_jurisdiction


@pytest.fixture(scope="module")
def beijing() -> Jurisdiction:
    return load_jurisdiction("beijing")


def test_all_districts_and_subdistricts_are_there(beijing: Jurisdiction) -> None:
    endings = Counter(
        "街道" if sub.name.endswith("街道") else sub.name[-1]
        for area in beijing.areas
        for sub in area.subdistricts
    )
    assert len(beijing.areas) == 16
    assert endings == {"街道": 165, "镇": 143, "乡": 35}


def test_an_office_is_named_after_its_subdistrict(beijing: Jurisdiction) -> None:
    for area in beijing.areas:
        assert area.unit == f"{area.name}人民政府"
        for sub in area.subdistricts:
            office = "办事处" if sub.kind == "subdistrict" else "人民政府"
            assert sub.unit == sub.name + office


@pytest.mark.parametrize(
    ("function", "area", "subdistrict", "expected"),
    [
        ("城市管理综合行政执法局", "海淀区", None, "海淀区城市管理综合行政执法局"),  # regular
        ("住房和城乡建设委员会", "西城区", None, "西城区住房和城市建设委员会"),  # no countryside
        ("公安局", "朝阳区", None, "北京市公安局朝阳分局"),  # a branch, not a bureau
        ("水务局", "东城区", None, "北京市水务局"),  # no branch there: the municipal body
        ("自来水集团", "丰台区", None, "北京市自来水集团有限责任公司"),  # one company for all
        ("乡镇人民政府", "朝阳区", "常营回族乡", "常营回族乡人民政府"),  # 乡 within `town`
        ("街道办事处", "海淀区", "八里庄街道", "八里庄街道办事处"),  # name shared with 朝阳区
        ("区人民政府", "延庆区", None, "延庆区人民政府"),  # Art. 12(2)
    ],
)
def test_exact_units(
    beijing: Jurisdiction, function: str, area: str, subdistrict: str | None, expected: str
) -> None:
    assert exact_unit(beijing, function, area, subdistrict) == expected


def test_duty_texts_say_enough_and_no_more(beijing: Jurisdiction) -> None:
    lengths = {unit.name: len(unit.duty) for unit in beijing.units}
    assert {name: n for name, n in lengths.items() if not 40 <= n <= 100} == {}
    assert len({unit.duty for unit in beijing.units}) == len(beijing.units)


def test_scripts_advise_and_never_refuse(beijing: Jurisdiction) -> None:
    scripts = [rule.script for rule in beijing.dispositions] + [a.script for a in beijing.advice]
    for script in scripts:
        assert any(word in script for word in ("登记", "记录")), script
        refusals = ("不予受理", "不受理", "无法受理", "不能受理", "拒绝", "挂断您")
        assert not any(word in script for word in refusals), script


def test_verified_means_an_article_and_its_words(beijing: Jurisdiction) -> None:
    bases = [beijing.about.law]
    bases += [rule.basis for rule in beijing.dispositions]
    bases += [basis for script in beijing.advice for basis in script.basis]
    bases += [limit.basis for limit in beijing.time_limits]
    for basis in bases:
        if basis.verified:
            assert basis.law == "《北京市接诉即办工作条例》"
            assert basis.article
            assert basis.text
    # The regulation leaves the hours to the municipal department (Art. 13): only 即时 is its own.
    assert {rule.id for rule in beijing.time_limits if rule.basis.verified} == {"emergency-now"}


@pytest.mark.parametrize(
    "appeal",
    [
        "小区门口路灯坏了好几天，请尽快维修",  # help
        "举报楼下棋牌室有人聚众赌博，望查处",  # the act is another's: no `unlawful`
        "物业把电动车停在消防通道，存在火灾隐患",  # a hazard, not a fire
        "请问孩子落户需要什么材料，联系电话是多少",  # asks a number of an office: no `secrecy`
        "我家暖气不热，家里老人受不了",  # hardship, no danger
        "建议在公园增加急救设备",  # 急救 as a facility
        "路口红绿灯交替时间太短",  # 口交 and the like must not matter here
        "请问法院附近怎么停车",  # the court as a place
    ],
)
def test_cues_leave_ordinary_appeals_alone(beijing: Jurisdiction, appeal: str) -> None:
    found = [cue for rule in beijing.dispositions for cue in rule.cues if cue in appeal]
    assert found == []


@pytest.mark.parametrize(
    ("code", "appeal"),
    [
        ("emergency", "三楼起火了，烟很大"),
        ("emergency", "辅路上井盖丢失，刚有人摔倒"),
        ("statutory", "对法院判决不满意，要求改判"),
        ("repeat", "上个月之前反映过，又来问问"),
        ("secrecy", "想要楼上邻居的电话，请查对方的电话告诉我"),
        ("out_of_scope", "同学借钱不还，请政府帮我要"),
        ("unlawful", "老板欠我赌债，帮我要回来"),
    ],
)
def test_cues_find_the_special_cases(beijing: Jurisdiction, code: str, appeal: str) -> None:
    found = {rule.code for rule in beijing.dispositions for cue in rule.cues if cue in appeal}
    assert found == {code}
