"""What a reviewer may change of a verdict, and what the verdict then says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from jiesu.errors import InputError
from jiesu.schema import TYPE_CODES, DispositionCode, FlagKind, RiskLevel, Route, Verdict

ReviewAction = Literal["accept", "correct", "objection"]
ACTIONS: tuple[ReviewAction, ...] = get_args(ReviewAction)

COMPARED = ("type", "function", "disposition", "flagged")
"""What two reviewers must agree on."""

_CODES: Mapping[str, tuple[str, ...]] = {
    "type": TYPE_CODES,
    "disposition": get_args(DispositionCode),
    "route": get_args(Route),
    "risk": get_args(RiskLevel),
}
_NAMES = ("function", "unit", "area", "subdistrict")
_LONGEST_NAME = 100
CHANGEABLE = (*_CODES, *_NAMES, "flags")
"""Every key of `changes`: `function` is the function unit, `unit` the exact one."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a verdict says, or a reviewer: codes and units. flags: kinds, sorted."""

    type: str | None
    function: str | None
    unit: str | None
    area: str | None
    subdistrict: str | None
    disposition: str | None
    route: str | None
    risk: str | None
    flags: tuple[str, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether the caller's words call for advice."""
        return bool(self.flags)

    def differs(self, other: Labels) -> list[str]:
        """Return which of COMPARED two answers do not agree on."""
        return [name for name in COMPARED if getattr(self, name) != getattr(other, name)]

    def dump(self) -> str:
        """Return the labels as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


def labels_of(verdict: Verdict) -> Labels:
    """Return what a verdict says."""
    dispatch = verdict.dispatch
    return Labels(
        type=verdict.type.code,
        function=dispatch.function,
        unit=dispatch.unit,
        area=dispatch.area,
        subdistrict=dispatch.subdistrict,
        disposition=verdict.disposition.code,
        route=dispatch.route,
        risk=verdict.risk.level,
        flags=tuple(sorted({flag.kind for flag in verdict.advisory.flags})),
    )


def read_labels(written: str) -> Labels:
    """Return labels from what `dump` wrote."""
    values: dict[str, Any] = json.loads(written)
    return Labels(**{**values, "flags": tuple(values.get("flags", ()))})


def check_changes(
    changes: Mapping[str, Any] | None, *, action: ReviewAction | None = None
) -> dict[str, Any]:
    """Return changes as they are stored. Raises InputError `bad_changes` that names the key.

    Names are not looked up here: whoever takes them from outside holds them against the
    catalogue. `accept` changes nothing, `correct` something.
    """
    found = dict(changes or {})
    for key, value in found.items():
        if key not in CHANGEABLE:
            # The key is not shown: it comes from outside and may be anything.
            raise _bad(f"found an unknown key, expected some of {', '.join(CHANGEABLE)}")
        if key in _CODES and value not in _CODES[key]:
            raise _bad(f"{key}: expected one of {', '.join(_CODES[key])}")
        if key in _NAMES and not _is_name(value, optional=key != "function"):
            raise _bad(f"{key}: expected a name of 1 to {_LONGEST_NAME} characters")
    if "flags" in found:
        flags = found["flags"]
        kinds = get_args(FlagKind)
        if not isinstance(flags, list | tuple) or any(flag not in kinds for flag in flags):
            raise _bad(f"flags: expected a list of {', '.join(kinds)}")
        found["flags"] = sorted(set(flags))
    if found.get("unit") is not None and "function" not in found:
        raise _bad("unit: expected `function`, the function unit, beside it")
    if action == "accept" and found:
        raise _bad("found changes, expected none with `accept`")
    if action == "correct" and not found:
        raise _bad("found no changes, expected some with `correct`")
    return found


def changed(labels: Labels, changes: Mapping[str, Any]) -> Labels:
    """Return labels after changes. Another function without its exact unit leaves that open."""
    values = dict(changes)
    if "function" in values and "unit" not in values and values["function"] != labels.function:
        values["unit"] = None
    if "flags" in values:
        values["flags"] = tuple(values["flags"])
    return replace(labels, **values)


def _is_name(value: Any, *, optional: bool) -> bool:
    if value is None:
        return optional
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= _LONGEST_NAME


def _bad(message: str) -> InputError:
    return InputError("bad_changes", message)
