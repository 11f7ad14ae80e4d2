"""What a supervisor chose in the form of a case, and what that changes of the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jiesu.errors import InputError
from jiesu.jurisdiction import Jurisdiction, exact_unit
from jiesu.schema import Verdict
from jiesu.store import Labels, labels_of

OTHER_UNIT = "other"
"""The choice of a unit that is none of the candidates; its name is in a field of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The form as it was sent. place: `area`, `area|subdistrict` or empty."""

    type: str = ""
    function: str = ""
    other: str = ""
    place: str = ""
    disposition: str = ""
    route: str = ""
    risk: str = ""
    flags: tuple[str, ...] = ()
    comment: str = ""

    @property
    def unit(self) -> str:
        """The name of the function unit that was chosen, among the candidates or beside them."""
        return self.other.strip() if self.function == OTHER_UNIT else self.function


def answer_of(verdict: Verdict) -> Answer:
    """Return the form as it stands before anything is changed."""
    shown = labels_of(verdict)
    known = [one.function for one in verdict.dispatch.candidates]
    is_listed = shown.function is None or shown.function in known
    return Answer(
        type=shown.type or "",
        function=(shown.function or "") if is_listed else OTHER_UNIT,
        other="" if is_listed else shown.function or "",
        place=place_of(shown),
        disposition=shown.disposition or "",
        route=shown.route or "",
        risk=shown.risk or "",
        flags=shown.flags,
    )


def place_of(labels: Labels) -> str:
    """Return area and subdistrict as one choice."""
    return "|".join(part for part in (labels.area, labels.subdistrict) if part)


def changes_of(answer: Answer, verdict: Verdict, jurisdiction: Jurisdiction) -> dict[str, Any]:
    """Return what an answer changes, as the store takes it; empty if nothing.

    The exact unit follows from function unit and place, as the catalogue has it. Raises InputError
    `unknown_unit` or `unknown_place` for what the catalogue does not have.
    """
    shown = labels_of(verdict)
    changes: dict[str, Any] = {
        name: value
        for name in ("type", "disposition", "route", "risk")
        if (value := getattr(answer, name)) and value != getattr(shown, name)
    }
    if tuple(sorted(answer.flags)) != shown.flags:
        changes["flags"] = sorted(set(answer.flags))
    is_moved = answer.place != place_of(shown)
    area, subdistrict = shown.area, shown.subdistrict
    if is_moved:
        area, subdistrict = _place(answer.place, jurisdiction)
        changes |= {"area": area, "subdistrict": subdistrict}
    is_unnamed = answer.function == OTHER_UNIT and not answer.unit
    function = answer.unit or shown.function
    if is_unnamed:
        raise _unknown("unit", jurisdiction)
    if function is None or (function == shown.function and not is_moved):
        return changes
    if function not in jurisdiction.units_by_name:
        raise _unknown("unit", jurisdiction)
    named = {} if is_moved else _named(verdict)
    unit = named.get(function) or exact_unit(jurisdiction, function, area, subdistrict)
    if (function, unit) != (shown.function, shown.unit):
        changes |= {"function": function, "unit": unit}
    return changes


def _place(choice: str, jurisdiction: Jurisdiction) -> tuple[str | None, str | None]:
    name, _, part = choice.partition("|")
    if not name:
        return None, None
    area = next((one for one in jurisdiction.areas if one.name == name), None)
    if area is None or (part and part not in {sub.name for sub in area.subdistricts}):
        raise _unknown("place", jurisdiction)
    return area.name, part or None


def _named(verdict: Verdict) -> Mapping[str, str]:
    return {one.function: one.unit for one in verdict.dispatch.candidates}


def _unknown(what: str, jurisdiction: Jurisdiction) -> InputError:
    return InputError(f"unknown_{what}", f"expected a {what} of {jurisdiction.catalogue}")
