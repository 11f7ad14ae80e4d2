"""By which route an appeal goes (Art. 11, 12, 14), from what was found about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jiesu.jurisdiction import Unit, UnitKind
from jiesu.schema import DispositionCode, Route, TypeCode

ROUTE_REASONS = {
    "emergency_line": "紧急事项，转110/119/120/122",
    "outside_units": "不属于本市热线承办单位",
    "told_statutory": "告知法定渠道",
    "told_repeat": "告知办理进展或者结果",
    "told_secrecy": "涉密、涉隐私，做好解释",
    "told_out_of_scope": "超出职责范围，告知其他渠道",
    "told_unlawful": "违法或者违背公序良俗，劝导教育",
    "no_appeal": "没有诉求",
    "answer_at_once": "咨询，能够即时答复的即时答复",
    "several_units": "涉及多个单位，首接单位牵头",
    "many_candidates": "可能的单位较多，派单前会商",
    "unit_sure": "权责明确",
    "unit_unsure": "单位不确定，由区协调",
    "subdistrict_unknown": "街道、乡镇不明，由区协调",
    "place_unknown": "地点和单位都不明确，派单前会商",
    "error": "无法研判",
}
"""Every reason of a route, and what it says to a supervisor."""

MOST_UNITS = 5
"""A prediction set with more units than this is too large for one district to sort out unasked."""

_CO_UNITS = 4
_STREET_KINDS: frozenset[UnitKind] = frozenset(("subdistrict", "town"))


class Routed(NamedTuple):
    """The route, who gets a copy, who else must act, and the reason (ROUTE_REASONS)."""

    route: Route
    reason: str
    cc: tuple[str, ...] = ()
    co_units: tuple[str, ...] = ()


def choose_route(
    unit: Unit,
    *,
    sure: bool,
    others: Sequence[str],
    set_size: int,
    demands: Sequence[str],
    has_subdistrict: bool,
    area_unit: str | None,
    disposition: DispositionCode,
    type_code: TypeCode,
    type_sure: bool,
) -> Routed:
    """Return the route of Art. 11-12 for the best unit.

    others: the next best exact units of the prediction set, which holds `set_size` in all.
    demands: the exact units, besides the best, that further demands of the same appeal call for.
    The verdict names a unit in any case; the route says what happens with it.
    """
    if disposition == "emergency":
        return Routed("transfer", "emergency_line")
    if disposition != "normal":
        return Routed("none", f"told_{disposition}")
    if type_code == "other" and type_sure:
        return Routed("none", "no_appeal")
    if unit.kind == "outside":
        return Routed("transfer", "outside_units")
    if demands:
        return Routed("consult", "several_units", co_units=tuple(demands[:_CO_UNITS]))
    if type_code == "consultation" and type_sure:
        return Routed("answer", "answer_at_once")
    if sure:
        return _direct(unit, has_subdistrict=has_subdistrict, area_unit=area_unit)
    close = tuple(others[:_CO_UNITS])
    if set_size > MOST_UNITS:
        return Routed("consult", "many_candidates", co_units=close)
    if area_unit:
        return Routed("district", "unit_unsure")
    return Routed("consult", "place_unknown", co_units=close)


def _direct(unit: Unit, *, has_subdistrict: bool, area_unit: str | None) -> Routed:
    """Dispatch to a sure unit; a street or town only if it is known which (Art. 12(1))."""
    if unit.kind not in _STREET_KINDS:
        return Routed("direct", "unit_sure")
    if has_subdistrict:
        return Routed("direct", "unit_sure", cc=(area_unit,) if area_unit else ())
    if area_unit:
        return Routed("district", "subdistrict_unknown")
    return Routed("consult", "place_unknown")
