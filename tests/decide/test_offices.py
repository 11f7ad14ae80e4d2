"""Street or town: the place settles which of them, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from jiesu.decide.offices import StreetOrTown
from jiesu.errors import ConfigError
from jiesu.jurisdiction import About, Area, Basis, Jurisdiction, Subdistrict, Unit
from jiesu.text.places import NOWHERE, Place

TOWN = Jurisdiction(
    about=About(
        id="small-town",
        version="1",
        name="小城",
        city="小城",
        description="测试",
        law=Basis(law="法"),
    ),
    types=(),
    units=(
        Unit(name="城管局", kind="department", duty="市容"),
        Unit(name="街道办事处", kind="subdistrict", duty="街道"),
        Unit(name="镇人民政府", kind="town", duty="镇村"),
    ),
    areas=(
        Area(
            name="东区",
            unit="东区政府",
            subdistricts=(
                Subdistrict(name="河街道", kind="subdistrict", unit="东区河街道办"),
                Subdistrict(name="山口", kind="town", unit="东区山口镇政府"),
            ),
        ),
        Area(
            name="西区",
            unit="西区政府",
            subdistricts=(Subdistrict(name="山口", kind="subdistrict", unit="西区山口街道办"),),
        ),
    ),
    topics=(),
    dispositions=(),
    advice=(),
    time_limits=(),
    words=(),
    content_hash="0",
)
BOTH = ("城管局", "街道办事处", "镇人民政府")
BEFORE = [0.5, 0.3, 0.2]


def settled(labels: tuple[str, ...], place: Place, before: list[float]) -> list[float]:
    probabilities = np.array([before], dtype=np.float32)
    StreetOrTown(TOWN, labels).settle(probabilities, [place])
    assert probabilities.sum() == pytest.approx(1, abs=1e-6)
    return [round(value, 6) for value in probabilities[0].tolist()]


@pytest.mark.parametrize(
    ("place", "expected", "reason"),
    [
        (Place("东区", "河街道"), [0.5, 0.5, 0.0], "a street: all of it to the street office"),
        (Place("东区", "山口"), [0.5, 0.0, 0.5], "a town: all of it to the town government"),
        (Place("西区", "山口"), [0.5, 0.5, 0.0], "the same name is a street elsewhere"),
        (Place("东区"), BEFORE, "no subdistrict known"),
        (NOWHERE, BEFORE, "no place known"),
    ],
)
def test_settle(place: Place, expected: list[float], reason: str) -> None:
    assert settled(BOTH, place, BEFORE) == expected, reason


def test_the_order_of_labels_is_free() -> None:
    labels = ("镇人民政府", "城管局", "街道办事处")
    assert settled(labels, Place("东区", "河街道"), [0.2, 0.5, 0.3]) == [0.0, 0.5, 0.5]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (("城管局", "街道办事处"), "no town to take from"),
        (("城管局", "镇人民政府"), "no street to give to"),
    ],
)
def test_one_kind_alone_is_left_as_it_is(labels: tuple[str, ...], reason: str) -> None:
    assert settled(labels, Place("东区", "河街道"), [0.6, 0.4]) == [0.6, 0.4], reason


def test_each_row_by_its_own_place_and_all_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    places = [Place("东区", "河街道"), NOWHERE, Place("东区", "山口"), Place("西区")] * 10
    before = rng.dirichlet(np.ones(3), len(places)).astype(np.float32)
    after = before.copy()
    StreetOrTown(TOWN, BOTH).settle(after, places)
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-6)
    assert (after[:, 0] == before[:, 0]).all(), "a department keeps its share"
    assert (after[1::4] == before[1::4]).all()
    assert not after[0::4, 2].any()
    assert not after[2::4, 1].any()


def test_a_bundle_without_a_unit_head_has_nothing_to_settle() -> None:
    probabilities = np.array([[0.3, 0.7]], dtype=np.float32)
    StreetOrTown(TOWN, ()).settle(probabilities, [Place("东区", "河街道")])
    assert probabilities.tolist() == [[pytest.approx(0.3), pytest.approx(0.7)]]


def test_a_label_that_the_catalogue_lacks_is_named() -> None:
    with pytest.raises(ConfigError, match="火星局"):
        StreetOrTown(TOWN, ("城管局", "火星局"))
