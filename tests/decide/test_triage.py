"""Which route, whether a supervisor must look, and which time limit: a row a rule."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.decide.triage import REASONS, Routed, choose_route, due_rule, triage
from jiesu.jurisdiction import Basis, TimeLimit, Unit, UnitKind
from jiesu.schema import DispositionCode, Due, Route, TypeCode

KINDS: tuple[UnitKind, ...] = get_args(UnitKind)
DISPOSITIONS: tuple[DispositionCode, ...] = get_args(DispositionCode)
DISTRICT = "东区政府"


def unit(kind: UnitKind) -> Unit:
    return Unit(name="某单位", kind=kind, duty="职责")


@pytest.mark.parametrize(
    ("kind", "sure", "subdistrict", "area", "expected", "reason"),
    [
        ("department", True, False, None, Routed("direct", (), "unit_sure"), "a sure department"),
        ("department", True, True, DISTRICT, Routed("direct", (), "unit_sure"), "no copy for it"),
        ("company", True, False, DISTRICT, Routed("direct", (), "unit_sure"), "a sure company"),
        ("district", True, False, DISTRICT, Routed("direct", (), "unit_sure"), "a sure district"),
        ("platform", True, False, None, Routed("direct", (), "unit_sure"), "the hotline's desk"),
        (
            "subdistrict",
            True,
            True,
            DISTRICT,
            Routed("direct", (DISTRICT,), "unit_sure"),
            "a known street, with a copy to its district",
        ),
        (
            "town",
            True,
            True,
            DISTRICT,
            Routed("direct", (DISTRICT,), "unit_sure"),
            "a town like a street",
        ),
        (
            "town",
            True,
            True,
            None,
            Routed("direct", (), "unit_sure"),
            "no district known: no copy",
        ),
        (
            "subdistrict",
            True,
            False,
            DISTRICT,
            Routed("district", (), "subdistrict_unknown"),
            "some street of a known district: the district decides which",
        ),
        (
            "subdistrict",
            True,
            False,
            None,
            Routed("consult", (), "place_unknown"),
            "some street of nowhere",
        ),
        (
            "department",
            False,
            False,
            DISTRICT,
            Routed("district", (), "unit_unsure"),
            "an unsure unit in a known district",
        ),
        (
            "subdistrict",
            False,
            True,
            DISTRICT,
            Routed("district", (), "unit_unsure"),
            "an unsure street, though the place is known",
        ),
        (
            "department",
            False,
            False,
            None,
            Routed("consult", (), "unit_unsure"),
            "nothing known: consultation before dispatch",
        ),
        ("outside", True, False, DISTRICT, Routed("transfer", (), "outside_units"), "not ours"),
        (
            "outside",
            False,
            False,
            DISTRICT,
            Routed("transfer", (), "outside_units"),
            "the best guess is not ours",
        ),
    ],
)
def test_routes(
    kind: UnitKind,
    sure: bool,
    subdistrict: bool,
    area: str | None,
    expected: Routed,
    reason: str,
) -> None:
    found = choose_route(
        unit(kind), sure=sure, has_subdistrict=subdistrict, area_unit=area, disposition="normal"
    )
    assert found == expected, reason


@given(
    kind=st.sampled_from(KINDS),
    sure=st.booleans(),
    subdistrict=st.booleans(),
    area=st.sampled_from([None, DISTRICT]),
    disposition=st.sampled_from(DISPOSITIONS),
)
@settings(max_examples=200, deadline=None)
def test_every_case_has_a_route(
    kind: UnitKind,
    sure: bool,
    subdistrict: bool,
    area: str | None,
    disposition: DispositionCode,
) -> None:
    found = choose_route(
        unit(kind),
        sure=sure,
        has_subdistrict=subdistrict,
        area_unit=area,
        disposition=disposition,
    )
    assert found.route in get_args(Route)
    assert found.reason
    assert set(found.cc) <= {DISTRICT}
    assert not found.cc or found.route == "direct"
    if disposition == "emergency":
        assert found == Routed("transfer", (), "emergency_line")


THRESHOLDS = {"type": 0.7, "unit": 0.6}


@pytest.mark.parametrize(
    ("type_p", "unit_p", "thresholds", "cues", "words", "reasons", "reason"),
    [
        (0.9, 0.9, THRESHOLDS, (), True, (), "sure of both"),
        (0.7, 0.6, THRESHOLDS, (), True, (), "a threshold is enough"),
        (0.69, 0.9, THRESHOLDS, (), True, ("type_unsure",), "unsure of the type"),
        (0.9, 0.59, THRESHOLDS, (), True, ("unit_unsure",), "unsure of the unit"),
        (0.1, 0.1, THRESHOLDS, (), True, ("type_unsure", "unit_unsure"), "unsure of both"),
        (1.0, 1.0, {"type": 0.7}, (), True, ("unit_unsure",), "no threshold: never sure"),
        (1.0, 1.0, {}, (), True, ("type_unsure", "unit_unsure"), "no thresholds at all"),
        (0.9, 0.9, THRESHOLDS, ("emergency",), True, ("cue_emergency",), "a cue, however sure"),
        (
            0.9,
            0.9,
            THRESHOLDS,
            ("secrecy", "repeat"),
            True,
            ("cue_secrecy", "cue_repeat"),
            "two cues in order",
        ),
        (
            0.1,
            0.9,
            THRESHOLDS,
            ("unlawful",),
            True,
            ("cue_unlawful", "type_unsure"),
            "a cue and a doubt",
        ),
        (0.9, 0.9, THRESHOLDS, (), False, ("no_words",), "nothing to judge"),
    ],
)
def test_triage(
    type_p: float,
    unit_p: float,
    thresholds: dict[str, float],
    cues: tuple[str, ...],
    words: bool,
    reasons: tuple[str, ...],
    reason: str,
) -> None:
    found = triage(
        type_confidence=type_p,
        unit_confidence=unit_p,
        thresholds=thresholds,
        cues=cues,
        has_words=words,
    )
    assert found.reasons == reasons, reason
    assert found.action == ("review" if reasons else "auto")
    assert set(found.reasons) <= set(REASONS)
    assert found.priority >= 0 if reasons else found.priority == 0


def priority(type_p: float = 0.5, unit_p: float = 0.5, *cues: str, words: bool = True) -> float:
    found = triage(
        type_confidence=type_p,
        unit_confidence=unit_p,
        thresholds=THRESHOLDS,
        cues=cues,
        has_words=words,
    )
    return found.priority


@pytest.mark.parametrize(
    ("sooner", "later", "reason"),
    [
        (priority(0.9, 0.9, "emergency"), priority(0.0, 0.0, "unlawful"), "an emergency is first"),
        (priority(0.2, 0.5), priority(0.4, 0.5), "the more doubtful type"),
        (priority(0.5, 0.1), priority(0.5, 0.4), "the more doubtful unit"),
        (priority(0.5, 0.5, "unlawful"), priority(0.5, 0.5), "a cue before none"),
        (priority(0.5, 0.5, words=False), priority(0.5, 0.5), "nothing to judge before a doubt"),
    ],
)
def test_what_a_supervisor_sees_first(sooner: float, later: float, reason: str) -> None:
    assert sooner > later, reason


def test_every_disposition_with_cues_has_a_reason_code() -> None:
    assert {f"cue_{code}" for code in DISPOSITIONS if code != "normal"} <= set(REASONS)


BASIS = Basis(law="热线规则")
LIMITS = (
    TimeLimit(id="now", dispositions=("emergency",), hours=0, basis=BASIS),
    TimeLimit(id="water", types=("help",), topics=("供水", "供电"), hours=4, basis=BASIS),
    TimeLimit(id="ask", types=("consultation", "suggestion"), hours=8, basis=BASIS),
    TimeLimit(id="rest", types=("help", "complaint", "report"), hours=40, basis=BASIS),
)


@pytest.mark.parametrize(
    ("type_code", "disposition", "topic", "expected", "reason"),
    [
        ("help", "normal", "供水", Due(rule="water", hours=4), "type and topic"),
        ("help", "normal", "市容", Due(rule="rest", hours=40), "another topic"),
        ("help", "normal", None, Due(rule="rest", hours=40), "no topic is not any topic"),
        ("complaint", "normal", "供水", Due(rule="rest", hours=40), "another type"),
        ("suggestion", "normal", "供水", Due(rule="ask", hours=8), "one of several types"),
        ("help", "emergency", "供水", Due(rule="now", hours=0), "the first that applies wins"),
        (None, "emergency", None, Due(rule="now", hours=0), "a limit of any type"),
        ("other", "normal", None, Due(), "no limit for it"),
        (None, "normal", None, Due(), "no type, no limit of types"),
    ],
)
def test_due_rule(
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
    expected: Due,
    reason: str,
) -> None:
    found = due_rule(LIMITS, type_code=type_code, disposition=disposition, topic=topic)
    assert found == expected, reason


def test_a_limit_without_conditions_applies_to_all() -> None:
    limits = (TimeLimit(id="all", hours=15, basis=BASIS),)
    found = due_rule(limits, type_code=None, disposition="repeat", topic=None)
    assert found == Due(rule="all", hours=15)
