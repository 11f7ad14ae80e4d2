"""The contract: frozen, closed, and every verdict accepts."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from jiesu import schema
from jiesu.schema import (
    TYPE_CODES,
    Action,
    Appeal,
    Candidate,
    DispositionCode,
    ErrorInfo,
    Evidence,
    Flag,
    FlagKind,
    Frozen,
    Route,
    Span,
    Tier,
    Turn,
    TypeCode,
    Verdict,
)

ROUTES: tuple[Route, ...] = get_args(Route)
MODELS = [
    model
    for _, model in inspect.getmembers(schema, inspect.isclass)
    if issubclass(model, Frozen) and model is not Frozen
]


def verdict(
    *, route: str = "direct", code: str | None = "help", error: bool = False
) -> dict[str, Any]:
    """A verdict as JSON would bring it."""
    return {
        "id": "a-1",
        "accepted": True,
        "error": {"code": "no_text", "message": "row 3 has no text"} if error else None,
        "type": {"code": code, "name": code, "confidence": 0.8, "scores": {"help": 0.8}},
        "dispatch": {
            "route": route,
            "unit": "东区城管局",
            "function": "城管局",
            "area": "东区",
            "subdistrict": None,
            "confidence": 0.7,
            "candidates": [{"unit": "东区城管局", "function": "城管局", "confidence": 0.7}],
            "catalogue": "small-town@1",
            "reason": "unit_sure",
        },
        "disposition": {"code": "normal", "basis": "第十一条", "confidence": 0.9},
        "decision": {"action": "auto"},
        "model": {"bundle": "b", "version": "1", "tier": "linear", "jurisdiction": "small-town@1"},
    }


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("code", [*TYPE_CODES, None])
@pytest.mark.parametrize("error", [False, True])
def test_every_verdict_accepts(route: str, code: str | None, error: bool) -> None:
    record = verdict(route=route, code=code, error=error)
    assert Verdict.model_validate(record).accepted is True
    del record["accepted"]
    assert Verdict.model_validate(record).accepted is True, "unsaid, it is so"
    for refusal in (False, None, 0, "false", "no", ""):
        with pytest.raises(ValidationError, match="accepted"):
            Verdict.model_validate({**record, "accepted": refusal})


def test_no_built_verdict_can_be_turned_into_a_refusal() -> None:
    made = Verdict.model_validate(verdict())
    with pytest.raises(ValidationError, match="frozen"):
        made.accepted = False  # what must not pass
    with pytest.raises(ValidationError, match="accepted"):
        Verdict.model_validate_json(
            made.model_dump_json().replace('"accepted":true', '"accepted":false')
        )
    assert Verdict.model_json_schema()["properties"]["accepted"]["const"] is True


def test_a_verdict_survives_json() -> None:
    made = Verdict.model_validate(verdict(error=True))
    assert Verdict.model_validate_json(made.model_dump_json()) == made


def test_the_fields_of_a_verdict_are_the_contracts() -> None:
    assert tuple(Verdict.model_fields) == (
        "id",
        "accepted",
        "error",
        "type",
        "dispatch",
        "topic",
        "disposition",
        "advisory",
        "reports_illegality",
        "risk",
        "elements",
        "due",
        "decision",
        "explanation",
        "redacted_text",
        "pii",
        "words",
        "model",
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (get_args(TypeCode), set(TYPE_CODES)),
        (TYPE_CODES, {"consultation", "help", "complaint", "report", "suggestion", "other"}),
        (ROUTES, {"direct", "district", "consult", "answer", "transfer", "none"}),
        (
            get_args(DispositionCode),
            {"normal", "emergency", "statutory", "repeat", "secrecy", "out_of_scope", "unlawful"},
        ),
        (
            get_args(FlagKind),
            {"abuse", "threat", "obscene", "unlawful_demand", "discrimination", "harassment"},
        ),
        (get_args(Action), {"auto", "review"}),
        (get_args(Tier), {"linear", "transformer", "cascade"}),
    ],
)
def test_codes_are_the_contracts(found: tuple[str, ...], expected: set[str]) -> None:
    assert set(found) == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_part_is_frozen_and_closed(model: type[Frozen]) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate({"surprise": 1})
    assert model.model_config["frozen"] is True


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Appeal(id="1", text="路灯"), "text"),
        (Turn(speaker="caller", text="路灯"), "speaker"),
        (ErrorInfo(code="c", message="m"), "code"),
        (Candidate(unit="u", function="f", confidence=0.5), "confidence"),
        (Span(text="路灯", start=0, end=2), "end"),
        (Evidence(text="路灯", weight=0.5, start=0, end=2), "weight"),
    ],
)
def test_values_do_not_change(value: Frozen, field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(value, field, getattr(value, field))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"route": "reject"}, "no route refuses"),
        ({"confidence": "sure"}, "confidence is a number"),
        ({"candidates": [{"unit": "u"}]}, "a candidate is whole"),
        ({"note": "x"}, "a part is closed too"),
    ],
)
def test_a_wrong_dispatch_is_refused(change: dict[str, Any], reason: str) -> None:
    record = verdict()
    record["dispatch"] |= change
    with pytest.raises(ValidationError, match="dispatch"):
        Verdict.model_validate(record)


@pytest.mark.parametrize("actor", ["operator", "unknown", None])
def test_only_a_caller_is_flagged(actor: str | None) -> None:
    flag = {"kind": "abuse", "start": 0, "end": 1, "text": "呸", "confidence": 0.9}
    assert Flag.model_validate({**flag, "actor": "caller"}).actor == "caller"
    with pytest.raises(ValidationError, match="actor"):
        Flag.model_validate({**flag, "actor": actor})


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": "1"}, "no text"),
        ({"text": "路灯"}, "no id"),
        ({"id": 1, "text": "路灯"}, "an id is a string"),
        ({"id": "1", "text": None}, "a text is a string"),
        ({"id": "1", "text": "路灯", "turns": [{"speaker": "judge", "text": "x"}]}, "who is that"),
    ],
)
def test_a_wrong_appeal_is_refused(record: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError):
        Appeal.model_validate(record)
