"""By which route an appeal goes (Art. 11, 12, 14): a row a rule."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.decide.route import MOST_UNITS, ROUTE_REASONS, Routed, choose_route
from jiesu.jurisdiction import Unit, UnitKind
from jiesu.schema import DispositionCode, Route, TypeCode

KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
DISPOSITIONS: tuple[DispositionCode, ...] = get_args(DispositionCode)
DISTRICT = "东区政府"
KNOWN: dict[str, Any] = {
    "sure": True,
    "others": (),
    "set_size": 1,
    "demands": (),
    "has_subdistrict": False,
    "area_unit": DISTRICT,
    "disposition": "normal",
    "type_code": "complaint",
    "type_sure": True,
}
UNSURE = {"sure": False, "set_size": 2, "others": ("乙单位",)}


def unit(kind: UnitKind) -> Unit:
    return Unit(name="甲单位", kind=kind, duty="职责")


@pytest.mark.parametrize(
    ("kind", "given", "expected", "reason"),
    [
        ("department", {}, Routed("direct", "unit_sure"), "a sure department, no copy for it"),
        ("company", {"area_unit": None}, Routed("direct", "unit_sure"), "a sure company"),
        ("district", {}, Routed("direct", "unit_sure"), "a sure district"),
        ("platform", {"area_unit": None}, Routed("direct", "unit_sure"), "the hotline's desk"),
        (
            "subdistrict",
            {"has_subdistrict": True},
            Routed("direct", "unit_sure", cc=(DISTRICT,)),
            "a known street, with a copy to its district (Art. 12(1))",
        ),
        (
            "town",
            {"has_subdistrict": True},
            Routed("direct", "unit_sure", cc=(DISTRICT,)),
            "a town like a street",
        ),
        (
            "town",
            {"has_subdistrict": True, "area_unit": None},
            Routed("direct", "unit_sure"),
            "no district known: no copy",
        ),
        (
            "subdistrict",
            {},
            Routed("district", "subdistrict_unknown"),
            "some street of a known district: the district decides which",
        ),
        (
            "subdistrict",
            {"area_unit": None},
            Routed("consult", "place_unknown"),
            "some street of nowhere",
        ),
        ("department", UNSURE, Routed("district", "unit_unsure"), "the area is certain (12(2))"),
        (
            "department",
            {**UNSURE, "area_unit": None},
            Routed("consult", "place_unknown", co_units=("乙单位",)),
            "nothing certain: consultation before dispatch, the next best at the table",
        ),
        (
            "department",
            {**UNSURE, "set_size": MOST_UNITS + 1},
            Routed("consult", "many_candidates", co_units=("乙单位",)),
            "too many units might own it, though the area is certain",
        ),
        (
            "department",
            {"demands": ("丙单位", "丁单位")},
            Routed("consult", "several_units", co_units=("丙单位", "丁单位")),
            "several demands: the best leads, the others assist (Art. 14)",
        ),
        ("outside", {}, Routed("transfer", "outside_units"), "not of this hotline"),
        ("outside", UNSURE, Routed("transfer", "outside_units"), "the best guess is not ours"),
        (
            "department",
            {"type_code": "consultation"},
            Routed("answer", "answer_at_once"),
            "a question, answered at once (Art. 11)",
        ),
        (
            "department",
            {"type_code": "consultation", "type_sure": False},
            Routed("direct", "unit_sure"),
            "perhaps no question: dispatched as usual",
        ),
        (
            "department",
            {"type_code": "other"},
            Routed("none", "no_appeal"),
            "nothing is asked for",
        ),
        (
            "outside",
            {"disposition": "emergency", "type_code": "other"},
            Routed("transfer", "emergency_line"),
            "an emergency before all else (Art. 11(1))",
        ),
        (
            "department",
            {"disposition": "statutory"},
            Routed("none", "told_statutory"),
            "the caller is told the statutory channel (Art. 11(2))",
        ),
        (
            "department",
            {"disposition": "repeat", "demands": ("丙单位",)},
            Routed("none", "told_repeat"),
            "the caller is told how it stands (Art. 11(3))",
        ),
    ],
)
def test_routes(kind: UnitKind, given: dict[str, Any], expected: Routed, reason: str) -> None:
    assert choose_route(unit(kind), **{**KNOWN, **given}) == expected, reason


@given(
    kind=st.sampled_from(KINDS),
    given=st.fixed_dictionaries(
        {
            "sure": st.booleans(),
            "others": st.lists(st.sampled_from(["乙单位", "丙单位"]), max_size=4).map(tuple),
            "set_size": st.integers(1, 70),
            "demands": st.lists(st.sampled_from(["乙单位", "丙单位"]), max_size=6).map(tuple),
            "has_subdistrict": st.booleans(),
            "area_unit": st.sampled_from([None, DISTRICT]),
            "disposition": st.sampled_from(DISPOSITIONS),
            "type_code": st.sampled_from(get_args(TypeCode)),
            "type_sure": st.booleans(),
        }
    ),
)
@settings(max_examples=300, deadline=None)
def test_every_case_has_a_route_and_a_reason(kind: UnitKind, given: dict[str, Any]) -> None:
    found = choose_route(unit(kind), **given)
    assert found.route in get_args(Route)
    assert found.reason in ROUTE_REASONS
    assert not found.cc or (found.route == "direct" and found.cc == (DISTRICT,))
    assert not found.co_units or found.route == "consult"
    assert (found.route == "none") <= (given["disposition"] != "normal" or given["type_sure"])
    if given["disposition"] == "emergency":
        assert found == Routed("transfer", "emergency_line")
