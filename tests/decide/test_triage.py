"""Whether a supervisor must look, why, and what comes first: a row a rule."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from jiesu.decide.triage import REASONS, triage
from jiesu.schema import DispositionCode, RiskLevel

DISPOSITIONS: tuple[DispositionCode, ...] = get_args(DispositionCode)
THRESHOLDS = {"type": 0.7, "unit": 0.6}
SURE: dict[str, Any] = {"type_confidence": 0.9, "unit_confidence": 0.9, "thresholds": THRESHOLDS}


@pytest.mark.parametrize(
    ("given", "reasons", "reason"),
    [
        ({}, (), "sure of both, nothing special"),
        ({"type_confidence": 0.7, "unit_confidence": 0.6}, (), "a threshold is enough"),
        ({"type_confidence": 0.69}, ("type_unsure",), "unsure of the type"),
        ({"unit_confidence": 0.59}, ("unit_unsure",), "unsure of the unit"),
        (
            {"type_confidence": 0.1, "unit_confidence": 0.1},
            ("type_unsure", "unit_unsure"),
            "unsure of both",
        ),
        ({"thresholds": {"type": 0.7}}, ("unit_unsure",), "nothing certified: never sure"),
        ({"thresholds": {}}, ("type_unsure", "unit_unsure"), "nothing certified at all"),
        ({"disposition": "emergency"}, ("disposition_emergency",), "an emergency, however sure"),
        (
            {"doubts": ("secrecy", "repeat")},
            ("maybe_secrecy", "maybe_repeat"),
            "what cannot be ruled out",
        ),
        (
            {"disposition": "statutory", "doubts": ("emergency",)},
            ("disposition_statutory", "maybe_emergency"),
            "one is judged, another not ruled out",
        ),
        ({"flagged": True}, ("advisory",), "the caller's words call for advice"),
        ({"risk": "urgent"}, ("risk_urgent",), "an incident may come"),
        ({"risk": "watch"}, ("risk_watch",), "signs of one"),
        ({"has_words": False}, ("no_words",), "nothing to judge"),
    ],
)
def test_triage(given: dict[str, Any], reasons: tuple[str, ...], reason: str) -> None:
    found = triage(**{**SURE, **given})
    assert found.reasons == reasons, reason
    assert found.action == ("review" if reasons else "auto")
    assert set(found.reasons) <= set(REASONS)
    assert found.priority >= 0 if reasons else found.priority == 0


def priority(type_p: float = 0.5, unit_p: float = 0.5, **given: Any) -> float:
    return triage(
        type_confidence=type_p, unit_confidence=unit_p, thresholds=THRESHOLDS, **given
    ).priority


@pytest.mark.parametrize(
    ("sooner", "later", "reason"),
    [
        (
            priority(0.9, 0.9, disposition="emergency"),
            priority(0.0, 0.0, disposition="unlawful"),
            "an emergency is first",
        ),
        (priority(0.9, 0.9, risk="urgent"), priority(0.0, 0.0), "then a risk to others"),
        (
            priority(0.9, 0.9, doubts=("emergency",)),
            priority(0.0, 0.0),
            "a possible emergency before any doubt",
        ),
        (priority(0.2, 0.5), priority(0.4, 0.5), "the more doubtful type"),
        (priority(0.5, 0.1), priority(0.5, 0.4), "the more doubtful unit"),
        (priority(0.5, 0.5, flagged=True), priority(0.5, 0.5), "advice before none"),
        (
            priority(0.5, 0.5, has_words=False),
            priority(0.5, 0.5),
            "nothing to judge before a doubt",
        ),
    ],
)
def test_what_a_supervisor_sees_first(sooner: float, later: float, reason: str) -> None:
    assert sooner > later, reason


def test_every_special_disposition_and_risk_has_reason_codes() -> None:
    special = [code for code in DISPOSITIONS if code != "normal"]
    expected = {f"{name}_{code}" for name in ("disposition", "maybe") for code in special}
    risks = {f"risk_{level}" for level in get_args(RiskLevel) if level != "none"}
    assert expected | risks <= set(REASONS)
