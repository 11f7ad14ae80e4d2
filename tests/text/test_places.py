"""Where it is: names of areas, subdistricts and landmarks, and who is believed."""

from __future__ import annotations

import pytest

from jiesu.jurisdiction import About, Area, Basis, Jurisdiction, Subdistrict
from jiesu.text.ngrams import hash_codes
from jiesu.text.normalise import normalise
from jiesu.text.places import NOWHERE, Gazetteer, Place, merge

RIVER = Subdistrict(
    name="河街道",
    kind="subdistrict",
    aliases=("河边街",),
    places=("河里小区",),
    unit="东区河街道办",
)
HILL = Subdistrict(name="山口镇", kind="town", places=("石村",), unit="东区山口镇政府")
FAR_HILL = Subdistrict(name="山口镇", kind="town", unit="西区山口镇政府")
EAST = Area(
    name="东区", aliases=("东边城",), places=("塔园",), unit="东区政府", subdistricts=(RIVER, HILL)
)
WEST = Area(name="西区", places=("湖园",), unit="西区政府", subdistricts=(FAR_HILL,))
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
    units=(),
    areas=(EAST, WEST),
    topics=(),
    dispositions=(),
    advice=(),
    time_limits=(),
    words=(),
    content_hash="0",
)


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer(TOWN)


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("路灯坏了", NOWHERE, "no place"),
        ("", NOWHERE, "no text"),
        ("东区路灯坏了", Place("东区"), "an area's name"),
        ("東區路燈壞了", Place("东区"), "in traditional characters"),
        ("东边城路灯坏了", Place("东区"), "its alias"),
        ("塔园门口", Place("东区"), "its landmark"),
        ("河街道路灯", Place("东区", "河街道"), "a subdistrict names its area too"),
        ("河边街路灯", Place("东区", "河街道"), "by its alias"),
        ("东区河街道办不管", Place("东区", "河街道"), "by its office"),
        ("河里小区停水", Place("东区", "河街道"), "by an estate in it"),
        ("山口镇停水", NOWHERE, "a subdistrict of two areas alone says neither"),
        ("西区山口镇停水", Place("西区", "山口镇"), "an area's name says which"),
        ("山口镇，在湖园旁边", Place("西区", "山口镇"), "so does a landmark"),
        ("东区山口镇停水", Place("东区", "山口镇"), "and the other way"),
        ("我从湖园搬到东区", Place("东区"), "a name outweighs a landmark"),
        (
            "塔园旁的西区河街道",
            Place("东区", "河街道"),
            "a subdistrict and a landmark outweigh a name",
        ),
        ("西区和东区", Place("西区"), "equal: the first named"),
    ],
)
def test_locate(gazetteer: Gazetteer, text: str, expected: Place, reason: str) -> None:
    batch = normalise([text])
    assert gazetteer.locate(batch, hash_codes(batch.codes)) == [expected], reason


def test_each_text_has_its_own_place(gazetteer: Gazetteer) -> None:
    texts = ["东区", "", "路灯", "西区", "东", "区"]
    expected = [Place("东区"), NOWHERE, NOWHERE, Place("西区"), NOWHERE, NOWHERE]
    assert gazetteer.locate_fields(texts) == expected
    assert gazetteer.locate_fields([]) == []


@pytest.mark.parametrize(
    ("stated", "read", "expected", "reason"),
    [
        (NOWHERE, NOWHERE, NOWHERE, "nobody says"),
        (NOWHERE, Place("东区", "河街道"), Place("东区", "河街道"), "only the text says"),
        (Place("东区"), NOWHERE, Place("东区"), "only the fields say"),
        (Place("东区"), Place("东区", "河街道"), Place("东区", "河街道"), "the text completes"),
        (Place("东区"), Place("西区", "山口镇"), Place("东区"), "the fields are believed"),
        (
            Place("东区", "山口镇"),
            Place("东区", "河街道"),
            Place("东区", "山口镇"),
            "also for the subdistrict",
        ),
    ],
)
def test_merge(stated: Place, read: Place, expected: Place, reason: str) -> None:
    assert merge(stated, read) == expected, reason


def test_a_subdistrict_by_name_outweighs_one_by_landmark(gazetteer: Gazetteer) -> None:
    assert gazetteer.locate_fields(["从石村来到河街道办事"]) == [Place("东区", "河街道")]
