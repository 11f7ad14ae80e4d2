"""Street office or town government: the same function, and the place says which of them it is."""

from __future__ import annotations

from collections.abc import Sequence

from jiesu.heads.linear import Floats
from jiesu.jurisdiction import Jurisdiction, unit_by_name
from jiesu.text.places import Place


class StreetOrTown:
    """Moves probability between the street and the town unit once the subdistrict is known.

    What is a 街道 and what a 镇 is a fact of the jurisdiction, which no model need guess.
    """

    def __init__(self, jurisdiction: Jurisdiction, labels: Sequence[str]) -> None:
        kinds = [unit_by_name(jurisdiction, label).kind for label in labels]
        self._columns = {
            kind: [number for number, other in enumerate(kinds) if other == kind]
            for kind in ("subdistrict", "town")
        }
        self._kind = {
            (area.name, sub.name): sub.kind
            for area in jurisdiction.areas
            for sub in area.subdistricts
        }

    def settle(self, probabilities: Floats, places: Sequence[Place]) -> None:
        """Change probabilities (n, k) of the unit head in place; each row still sums to one."""
        if any(len(columns) != 1 for columns in self._columns.values()):
            return
        for row, place in enumerate(places):
            if place.subdistrict is not None and place.area is not None:
                kind = self._kind[place.area, place.subdistrict]
                mine = self._columns[kind][0]
                other = self._columns["town" if kind == "subdistrict" else "subdistrict"][0]
                probabilities[row, mine] += probabilities[row, other]
                probabilities[row, other] = 0.0
