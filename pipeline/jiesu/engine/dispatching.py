"""Who should own an appeal and by which route, as the verdict says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.decide.route import choose_route
from jiesu.engine.build import build, fields_of
from jiesu.jurisdiction import Jurisdiction, exact_unit, unit_by_name
from jiesu.schema import Candidate, Demand, Dispatch, DispositionCode, TypeCode
from jiesu.text.places import Place

_LIKELY = 0.5
_DISPATCH = fields_of(Dispatch)
_CANDIDATE = fields_of(Candidate)


class Dispatcher:
    """Turns the unit head's best labels and a place into a dispatch by the catalogue."""

    def __init__(self, jurisdiction: Jurisdiction, functions: Sequence[str]) -> None:
        self._jurisdiction = jurisdiction
        self._functions = tuple(functions)
        self._units = [unit_by_name(jurisdiction, name) for name in functions]
        self._catalogue = jurisdiction.catalogue
        self._area_units = {area.name: area.unit for area in jurisdiction.areas}
        self._names: dict[tuple[str | None, str | None], list[str]] = {}

    def exact(self, column: int, place: Place) -> str:
        """Return the exact unit of a label at a place."""
        names = self._names.get((place.area, place.subdistrict)) or self._names_at(place)
        return names[column]

    def several(
        self,
        parts: Sequence[tuple[int, int, int]],
        scores: NDArray[Any],
        places: Sequence[Place],
        leads: NDArray[np.int64],
    ) -> dict[int, tuple[Demand, ...]]:
        """Return the demands of appeals that call for more than one unit, by number.

        parts: (number, start, end); scores: (p, k) of each part; leads: the label of each appeal.
        A part counts once its unit is likelier than not.
        """
        found: dict[int, list[Demand]] = {}
        calls: dict[int, set[int]] = {}
        best = scores.argmax(axis=1)
        for number, (row, start, end) in enumerate(parts):
            column, confidence = int(best[number]), float(scores[number, best[number]])
            if confidence < _LIKELY:
                continue
            found.setdefault(row, []).append(
                Demand(
                    start=start,
                    end=end,
                    unit=self.exact(column, places[number]),
                    function=self._functions[column],
                    confidence=round(confidence, 6),
                )
            )
            calls.setdefault(row, {int(leads[row])}).add(column)
        return {row: tuple(demands) for row, demands in found.items() if len(calls[row]) > 1}

    def dispatch(
        self,
        columns: Sequence[int],
        scores: Sequence[float],
        place: Place,
        *,
        set_size: int,
        demands: tuple[Demand, ...],
        disposition: DispositionCode,
        type_code: TypeCode,
        type_sure: bool,
        unit_sure: bool,
    ) -> Dispatch:
        """Return the dispatch. columns, scores: the best labels, best first."""
        names = self._names.get((place.area, place.subdistrict)) or self._names_at(place)
        best = columns[0]
        unit = self._units[best]
        routed = choose_route(
            unit,
            sure=unit_sure,
            others=[names[column] for column in columns[1:set_size]],
            set_size=set_size,
            demands=tuple(dict.fromkeys(d.unit for d in demands if d.unit != names[best])),
            has_subdistrict=place.subdistrict is not None,
            area_unit=self._area_units.get(place.area) if place.area else None,
            disposition=disposition,
            type_code=type_code,
            type_sure=type_sure,
        )
        candidates = [
            build(
                Candidate,
                _CANDIDATE,
                {
                    "unit": names[column],
                    "function": self._functions[column],
                    "confidence": score,
                },
            )
            for column, score in zip(columns, scores, strict=True)
        ]
        return build(
            Dispatch,
            _DISPATCH,
            {
                "route": routed.route,
                "unit": names[best],
                "function": unit.name,
                "area": place.area,
                "subdistrict": place.subdistrict,
                "confidence": scores[0],
                "candidates": tuple(candidates),
                "cc": routed.cc,
                "co_units": routed.co_units,
                "demands": demands,
                "catalogue": self._catalogue,
                "reason": routed.reason,
            },
        )

    def _names_at(self, place: Place) -> list[str]:
        """Return the exact unit of every function at a place; there are few places."""
        names = [
            exact_unit(self._jurisdiction, function, place.area, place.subdistrict)
            for function in self._functions
        ]
        self._names[place.area, place.subdistrict] = names
        return names
