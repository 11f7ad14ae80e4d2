"""The shipped jurisdictions are sound, and the Haikou catalogue is complete."""

from __future__ import annotations

import time

import pytest

from jiesu.jurisdiction import Jurisdiction, exact_unit, inspect_jurisdiction, load_jurisdiction
from jiesu.resources import resource_names

SHIPPED = resource_names("configs", "jurisdictions")


@pytest.fixture(scope="module")
def haikou() -> Jurisdiction:
    return load_jurisdiction("haikou-2018")


@pytest.mark.parametrize("name", SHIPPED)
def test_it_loads_without_fault(name: str) -> None:
    jurisdiction, faults = inspect_jurisdiction(name)
    assert faults == []
    assert jurisdiction is not None
    assert jurisdiction.about.id == name


@pytest.mark.parametrize("name", SHIPPED)
def test_it_loads_fast_enough_for_a_cold_start(name: str) -> None:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        inspect_jurisdiction(name)
        best = min(best, time.process_time() - start)
    assert best < 0.15


@pytest.mark.parametrize("name", SHIPPED)
def test_types_keep_their_chinese_names(name: str) -> None:
    names = {t.code: t.name for t in load_jurisdiction(name).types}
    assert names == {
        "consultation": "咨询",
        "help": "求助",
        "complaint": "投诉",
        "report": "举报",
        "suggestion": "建议",
        "other": "其他",
    }


def test_haikou_has_every_function_unit_with_a_duty(haikou: Jurisdiction) -> None:
    assert len(haikou.units) == 70
    for unit in haikou.units:
        # In callers' words: long enough to be found by, short enough to be read.
        assert 200 <= len(unit.duty) <= 260, unit.name
        if unit.kind != "outside":
            assert unit.aliases, unit.name
    assert len({unit.duty for unit in haikou.units}) == 70


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("outside", {"其他单位", "省级单位", "除海口外的市县", "省外单位"}),
        ("platform", {"数字城管专席"}),
        ("subdistrict", {"街道办事处"}),
        ("town", {"镇人民政府"}),
    ],
)
def test_haikou_kinds_that_steer_the_route(
    haikou: Jurisdiction, kind: str, names: set[str]
) -> None:
    assert {unit.name for unit in haikou.units if unit.kind == kind} == names


def test_haikou_pools_in_one_step(haikou: Jurisdiction) -> None:
    """A parent is no rare unit or topic itself, so that one step of pooling is enough."""
    parents = {unit.name: unit.parent for unit in haikou.units}
    topics = {topic.name: topic.parent for topic in haikou.topics}
    assert sum(p is not None for p in parents.values()) == 16
    assert sum(p is not None for p in topics.values()) == 25
    for tree in (parents, topics):
        assert all(tree[p] is None for p in tree.values() if p is not None)


def test_haikou_has_all_streets_and_towns(haikou: Jurisdiction) -> None:
    kinds = {
        area.name: [
            sum(sub.kind == kind for sub in area.subdistricts) for kind in ("subdistrict", "town")
        ]
        for area in haikou.areas
    }
    assert kinds == {"龙华区": [6, 5], "美兰区": [9, 4], "秀英区": [2, 6], "琼山区": [4, 7]}
    assert all(15 <= len(area.places) <= 40 for area in haikou.areas)


@pytest.mark.parametrize(
    ("function", "area", "subdistrict", "expected"),
    [
        ("城市管理行政执法局", "龙华区", None, "龙华区城管局"),
        ("公安局交通警察支队", "龙华区", None, "市公安局交通警察支队"),
        ("街道办事处", "琼山区", "凤翔街道", "琼山区凤翔街道办"),
        ("镇人民政府", "秀英区", "海秀镇", "秀英区海秀镇人民政府"),
        ("其他单位", "美兰区", None, "其他单位"),
    ],
)
def test_haikou_exact_units_read_as_orders_record_them(
    haikou: Jurisdiction, function: str, area: str, subdistrict: str | None, expected: str
) -> None:
    assert exact_unit(haikou, function, area, subdistrict) == expected


def test_haikou_claims_no_checked_law(haikou: Jurisdiction) -> None:
    """Haikou's rules were not available: nothing may pass for verified."""
    bases = [
        haikou.about.law,
        *(d.basis for d in haikou.dispositions),
        *(b for a in haikou.advice for b in a.basis),
        *(t.basis for t in haikou.time_limits),
    ]
    assert not any(basis.verified for basis in bases)


def test_haikou_words_are_words(haikou: Jurisdiction) -> None:
    assert len(set(haikou.words)) == len(haikou.words) > 150
    assert all(2 <= len(word) <= 8 and not set(word) & set(" ，。") for word in haikou.words)
