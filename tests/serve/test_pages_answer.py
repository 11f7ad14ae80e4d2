"""From the form of a case to changes of the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jiesu.errors import InputError
from jiesu.jurisdiction import Jurisdiction, exact_unit, load_jurisdiction
from jiesu.schema import Candidate, Verdict
from jiesu.serve.pages.answer import OTHER_UNIT, Answer, answer_of, changes_of
from jiesu.serve.pages.choices import OTHER_KEY, TYPE_KEYS, UNIT_KEYS, choices_of
from jiesu.store.labels import check_changes
from store_rows import verdict

CITY = "城市管理行政执法局"
POWER = "海南电网海口供电局"


@pytest.fixture(scope="module")
def place() -> Jurisdiction:
    return load_jurisdiction("haikou-2018")


def one(place: Jurisdiction) -> Verdict:
    made = verdict("a", function=CITY, unit="龙华区城管局", area="龙华区", flags=["abuse"])
    candidates = tuple(
        Candidate(unit=exact_unit(place, name, "龙华区"), function=name, confidence=0.5)
        for name in (CITY, "教育局", "公安局")
    )
    return made.model_copy(
        update={"dispatch": made.dispatch.model_copy(update={"candidates": candidates})}
    )


def changes(catalogue: Jurisdiction, /, **fields: Any) -> dict[str, Any]:
    made = one(catalogue)
    found = changes_of(replace(answer_of(made), **fields), made, catalogue)
    assert check_changes(found) == found
    return found


def test_an_untouched_form_changes_nothing(place: Jurisdiction) -> None:
    assert changes(place) == {}


def test_a_form_that_says_nothing_changes_nothing(place: Jurisdiction) -> None:
    made = one(place)
    found = changes_of(Answer(flags=("abuse",), place="龙华区"), made, place)
    assert found == {}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"type": "help"}, {"type": "help"}, id="type"),
        pytest.param({"disposition": "repeat"}, {"disposition": "repeat"}, id="disposition"),
        pytest.param({"risk": "urgent", "route": "direct"}, {"risk": "urgent", "route": "direct"},
                     id="risk and route"),
        pytest.param({"flags": ()}, {"flags": []}, id="no advice after all"),
        pytest.param({"flags": ("threat", "abuse")}, {"flags": ["abuse", "threat"]}, id="more"),
        pytest.param(
            {"function": "教育局"}, {"function": "教育局", "unit": "海口市龙华区教育局"},
            id="a candidate has its exact unit",
        ),
        pytest.param(
            {"place": "美兰区"},
            {"area": "美兰区", "subdistrict": None, "function": CITY, "unit": "美兰区城管局"},
            id="another area, another exact unit",
        ),
        pytest.param({"place": ""}, {"area": None, "subdistrict": None, "function": CITY,
                                     "unit": CITY}, id="no place"),
    ],
)  # fmt: skip
def test_what_is_changed(
    place: Jurisdiction, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = changes(place, **fields)
    if "unit" in expected and fields.get("function") == "教育局":
        expected["unit"] = exact_unit(place, "教育局", "龙华区")
    assert found == expected


def test_a_unit_beside_the_candidates_gets_the_exact_unit_of_the_place(
    place: Jurisdiction,
) -> None:
    area = place.areas[0]
    part = area.subdistricts[0]
    found = changes(
        place, function=OTHER_UNIT, other=" 街道办事处 ", place=f"{area.name}|{part.name}"
    )
    assert found["function"] == "街道办事处"
    assert found["unit"] == exact_unit(place, "街道办事处", area.name, part.name)
    assert found["subdistrict"] == part.name


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"function": OTHER_UNIT, "other": "  "}, "unknown_unit", id="no name"),
        pytest.param({"function": OTHER_UNIT, "other": "某局"}, "unknown_unit", id="unknown"),
        pytest.param({"function": "某局"}, "unknown_unit", id="forged"),
        pytest.param({"place": "某区"}, "unknown_place", id="no such area"),
        pytest.param({"place": "龙华区|某街道"}, "unknown_place", id="no such part"),
    ],
)
def test_what_the_catalogue_does_not_have(
    place: Jurisdiction, fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        changes(place, **fields)
    assert caught.value.code == code


def test_a_verdict_without_type_and_unit_can_be_given_both(place: Jurisdiction) -> None:
    made = one(place)
    bare = made.model_copy(
        update={
            "type": made.type.model_copy(update={"code": None}),
            "dispatch": made.dispatch.model_copy(
                update={"function": None, "unit": None, "candidates": (), "area": None}
            ),
        }
    )
    before = answer_of(bare)
    assert (before.type, before.function) == ("", "")
    answer = replace(before, type="help", function=OTHER_UNIT, other=CITY)
    assert changes_of(answer, bare, place) == {
        "type": "help",
        "function": CITY,
        "unit": exact_unit(place, CITY),
    }


def test_a_unit_that_is_no_candidate_stands_in_the_field(place: Jurisdiction) -> None:
    made = one(place)
    odd = made.model_copy(
        update={"dispatch": made.dispatch.model_copy(update={"function": "环境卫生管理局"})}
    )
    before = answer_of(odd)
    assert (before.function, before.other) == (OTHER_UNIT, "环境卫生管理局")
    assert choices_of(odd, place).has_other_unit


def test_each_choice_has_a_key_of_its_own(place: Jurisdiction) -> None:
    made = choices_of(one(place), place)
    keys = [choice.key for choice in (*made.types, *made.units)]
    assert len(set(keys)) == len(keys) == 9
    assert not {*TYPE_KEYS, *UNIT_KEYS, OTHER_KEY} & {"e", "n", "u", "q", "?", "j", "k"}
    assert [choice.is_verdict for choice in made.units] == [True, False, False]
    assert [choice.label for choice in made.types][2] == "投诉"
