"""Labels: every spelling that counts, the contract's order, and where rare ones go."""

from __future__ import annotations

from collections import Counter

import pytest

from jiesu.jurisdiction import Jurisdiction, Unit, load_jurisdiction
from jiesu.learn.labels import label_names, label_order, pool_rare
from jiesu.schema import TYPE_CODES


@pytest.fixture(scope="module")
def haikou() -> Jurisdiction:
    return load_jurisdiction("haikou-2018")


@pytest.fixture(scope="module")
def family(haikou: Jurisdiction) -> Jurisdiction:
    """Return a jurisdiction of four units: 孙 pools to 子, 子 to 父; 独 has no parent."""
    parents = {"父": None, "子": "父", "孙": "子", "独": None}
    units = tuple(
        Unit(name=name, kind="department", duty="职责", parent=parent, aliases=(f"{name}局",))
        for name, parent in parents.items()
    )
    return haikou.model_copy(update={"units": units})


def test_a_type_may_be_a_code_or_a_name(haikou: Jurisdiction) -> None:
    names = label_names("type", haikou)
    assert {names[code] for code in TYPE_CODES} == set(TYPE_CODES)
    assert all(names[item.name] == item.code for item in haikou.types)


def test_a_unit_may_be_any_alias(haikou: Jurisdiction) -> None:
    names = label_names("unit", haikou)
    for unit in haikou.units:
        assert {names[alias] for alias in (unit.name, *unit.aliases)} == {unit.name}
    assert set(names.values()) == {unit.name for unit in haikou.units}


def test_a_topic_of_an_older_tree_is_today_s(haikou: Jurisdiction) -> None:
    names = label_names("topic", haikou)
    for topic in haikou.topics:
        assert {names[alias] for alias in (topic.name, *topic.aliases)} == {topic.name}


def test_a_head_of_one_s_own_has_any_labels(haikou: Jurisdiction) -> None:
    assert not label_names("mood", haikou)
    assert label_order("mood", {"b", "a", "c"}, haikou) == ("a", "b", "c")


def test_order_is_the_jurisdiction_s_and_only_what_is_present(haikou: Jurisdiction) -> None:
    assert label_order("type", {"other", "help", "consultation"}, haikou) == (
        "consultation",
        "help",
        "other",
    )
    units = [unit.name for unit in haikou.units]
    assert label_order("unit", {units[5], units[0]}, haikou) == (units[0], units[5])


POOLS = [
    pytest.param("父子孙独", 0, "父子孙独", {}, id="nothing is rare below 0"),
    pytest.param("父父子子孙", 2, "父父子子子", {"孙": "子"}, id="the rare one goes to its parent"),
    pytest.param("父父子孙", 3, "父父父父", {"子": "父", "孙": "父"}, id="as far up as it takes"),
    pytest.param("父父独", 2, "父父独", {}, id="no parent, no pooling, nothing vanishes"),
    pytest.param("父子子", 2, "父子子", {}, id="a rare parent stays"),
    pytest.param("孙孙", 5, "父父", {"孙": "父", "子": "父"}, id="past a parent without rows"),
]


@pytest.mark.parametrize(("labels", "below", "expected", "said"), POOLS)
def test_pooling(
    labels: str, below: int, expected: str, said: dict[str, str], family: Jurisdiction
) -> None:
    pooled, where = pool_rare("unit", list(labels), below, family)
    assert ("".join(pooled), where) == (expected, said)


def test_pooling_leaves_no_rare_class_with_a_parent(haikou: Jurisdiction) -> None:
    labels = [unit.name for number, unit in enumerate(haikou.units) for _ in range(number % 6 + 1)]
    pooled, where = pool_rare("unit", labels, 4, haikou)
    parents = {unit.name: unit.parent for unit in haikou.units}
    counts = Counter(pooled)
    assert sum(counts.values()) == len(labels)
    assert all(count >= 4 or not parents[name] for name, count in counts.items())
    assert [where.get(name, name) for name in labels] == pooled
    assert not set(where) & set(pooled)


def test_a_type_never_pools(haikou: Jurisdiction) -> None:
    assert pool_rare("type", ["other"], 100, haikou) == (["other"], {})
