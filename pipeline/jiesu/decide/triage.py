"""A plain first triage: which route, and whether a supervisor must look, from what was found.

Thresholds here are estimates of the training run and certify nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jiesu.jurisdiction import TimeLimit, Unit, UnitKind
from jiesu.schema import Action, DispositionCode, Due, Route, TypeCode

REASONS: Mapping[str, str] = {
    "type_unsure": "诉求类型把握不足",
    "unit_unsure": "承办单位把握不足",
    "cue_emergency": "出现紧急情形用语",
    "cue_statutory": "出现法定途径用语",
    "cue_repeat": "出现重复反映用语",
    "cue_secrecy": "出现涉密或隐私用语",
    "cue_out_of_scope": "出现超出职责用语",
    "cue_unlawful": "出现违法或违背公序良俗用语",
    "no_words": "没有可供判断的文字",
    "error": "无法研判",
}
"""Every reason code of a decision, and what it says to a supervisor."""

_WEIGHT = {"cue_emergency": 4.0, "cue_unlawful": 1.0, "error": 2.0, "no_words": 0.5}

_STREET_KINDS: frozenset[UnitKind] = frozenset(("subdistrict", "town"))


class Triage(NamedTuple):
    """Auto or review, why, and how soon (larger first)."""

    action: Action
    reasons: tuple[str, ...]
    priority: float


class Routed(NamedTuple):
    """The route of Art. 12, whom to send a copy, and the reason."""

    route: Route
    cc: tuple[str, ...]
    reason: str


def choose_route(
    unit: Unit,
    *,
    sure: bool,
    has_subdistrict: bool,
    area_unit: str | None,
    disposition: DispositionCode,
) -> Routed:
    """Return the route of Art. 11-12 for the best unit.

    An emergency and a unit outside the hotline are transferred; a sure unit is dispatched to
    directly, a street or town with a copy to its district; an unsure one goes to the district
    where the area is known, else to consultation before dispatch.
    """
    if disposition == "emergency":
        return Routed("transfer", (), "emergency_line")
    if unit.kind == "outside":
        return Routed("transfer", (), "outside_units")
    if sure and unit.kind in _STREET_KINDS:
        if has_subdistrict:
            return Routed("direct", (area_unit,) if area_unit else (), "unit_sure")
        if area_unit:
            return Routed("district", (), "subdistrict_unknown")
        return Routed("consult", (), "place_unknown")
    if sure:
        return Routed("direct", (), "unit_sure")
    if area_unit:
        return Routed("district", (), "unit_unsure")
    return Routed("consult", (), "unit_unsure")


def triage(
    *,
    type_confidence: float,
    unit_confidence: float,
    thresholds: Mapping[str, float],
    cues: Sequence[str],
    has_words: bool = True,
) -> Triage:
    """Decide auto or review. A head without a threshold is never sure; any cue asks for eyes."""
    reasons = [f"cue_{code}" for code in cues]
    if type_confidence < thresholds.get("type", 2.0):
        reasons.append("type_unsure")
    if unit_confidence < thresholds.get("unit", 2.0):
        reasons.append("unit_unsure")
    if not has_words:
        reasons.append("no_words")
    if not reasons:
        return Triage("auto", (), 0.0)
    doubt = 2.0 - type_confidence - unit_confidence
    weight = sum(_WEIGHT.get(reason, 0.0) for reason in reasons)
    return Triage("review", tuple(reasons), round(weight + doubt, 6))


def due_rule(
    limits: Sequence[TimeLimit],
    *,
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
) -> Due:
    """Return the first time limit (Art. 13) that applies. When it ends is not computed here."""
    for limit in limits:
        if (
            (not limit.types or type_code in limit.types)
            and (not limit.dispositions or disposition in limit.dispositions)
            and (not limit.topics or topic in limit.topics)
        ):
            return Due(rule=limit.id, hours=limit.hours)
    return Due()
