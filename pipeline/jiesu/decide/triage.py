"""Whether a supervisor must look, why, and how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from jiesu.schema import Action, DispositionCode, RiskLevel

_SPECIAL: Mapping[DispositionCode, str] = {
    "emergency": "紧急事项",
    "statutory": "法定途径事项",
    "repeat": "重复诉求",
    "secrecy": "涉密涉隐私事项",
    "out_of_scope": "超出职责事项",
    "unlawful": "违法或者违背公序良俗事项",
}
REASONS: Mapping[str, str] = {
    "type_unsure": "诉求类型把握不足",
    "unit_unsure": "承办单位把握不足",
    **{f"disposition_{code}": f"判为{name}，请确认" for code, name in _SPECIAL.items()},
    **{f"maybe_{code}": f"可能是{name}" for code, name in _SPECIAL.items()},
    "advisory": "诉求人言行需要劝导",
    "risk_urgent": "有突发事件风险",
    "risk_watch": "有需要留意的苗头",
    "no_words": "没有可供判断的文字",
    "error": "无法研判",
}
"""Every reason code of a decision, and what it says to a supervisor."""

_WEIGHT = {
    "disposition_emergency": 4.0,
    "maybe_emergency": 3.0,
    "risk_urgent": 4.0,
    "risk_watch": 1.0,
    "disposition_unlawful": 1.0,
    "advisory": 1.0,
    "error": 2.0,
    "no_words": 0.5,
}


class Triage(NamedTuple):
    """Auto or review, why, and how soon (larger first)."""

    action: Action
    reasons: tuple[str, ...]
    priority: float


def triage(
    *,
    type_confidence: float,
    unit_confidence: float,
    thresholds: Mapping[str, float],
    disposition: DispositionCode = "normal",
    doubts: Sequence[DispositionCode] = (),
    flagged: bool = False,
    risk: RiskLevel = "none",
    has_words: bool = True,
) -> Triage:
    """Decide auto or review.

    A head without a certified threshold is never sure. What is not dispatched as usual, or might
    not be, and what calls for advice or haste, always gets a supervisor's eyes.
    """
    reasons = [] if disposition == "normal" else [f"disposition_{disposition}"]
    reasons += [f"maybe_{code}" for code in doubts]
    if risk != "none":
        reasons.append(f"risk_{risk}")
    if flagged:
        reasons.append("advisory")
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
