"""The unit that a name means: function units, aliases, exact and former names, offices by place."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from jiesu.corpus.columns import plain_name
from jiesu.jurisdiction import Jurisdiction
from jiesu.jurisdiction.lookup import MUNICIPAL
from jiesu.learn.labels import label_names

_LISTS = re.compile(r"[、,，;；/|\n]+")
_OFFICES = {"subdistrict": ("", "办", "办事处"), "town": ("", "政府", "人民政府")}


class Owner(NamedTuple):
    """A unit that an order went to: the function unit, and the place as far as the name says it.

    area: that of a branch, `市` for the municipal body, None where the name leaves it open.
    """

    function: str
    area: str | None = None
    subdistrict: str | None = None

    def is_same(self, other: Owner) -> bool:
        """Say whether both may be one unit: what either leaves open does not set them apart."""
        places = ((self.area, other.area), (self.subdistrict, other.subdistrict))
        return self.function == other.function and not any(a and b and a != b for a, b in places)


class UnitNames:
    """Finds units by the names of a catalogue: function units, aliases, exact and former names."""

    def __init__(self, jurisdiction: Jurisdiction) -> None:
        found: dict[str, set[Owner]] = defaultdict(set)
        made: dict[str, set[Owner]] = defaultdict(set)
        for name, function in label_names("unit", jurisdiction).items():
            found[plain_name(name)].add(Owner(function))
        for unit in jurisdiction.units:
            for area, name in unit.exact.items():
                found[plain_name(name)].add(Owner(unit.name, area))
        kinds = {unit.kind: unit.name for unit in jurisdiction.units}
        self._areas: dict[str, str] = {}
        for place in jurisdiction.areas:
            spellings = (place.name, *place.aliases)
            self._areas |= {plain_name(name): place.name for name in spellings}
            if "district" in kinds:
                found[plain_name(place.unit)].add(Owner(kinds["district"], place.name))
            for sub in place.subdistricts:
                if sub.kind not in kinds:
                    continue
                owner = Owner(kinds[sub.kind], place.name, sub.name)
                found[plain_name(sub.unit)].add(owner)
                for name in (sub.name, *sub.aliases):
                    for office in _OFFICES[sub.kind]:
                        for before in ("", *spellings):
                            made[plain_name(before + name + office)].add(owner)
        # What the catalogue lists goes before what is made up of its parts: 首都机场 is a company.
        agreed = {name: _agreed(owners) for name, owners in (made | found).items()}
        self._owners = {name: owner for name, owner in agreed.items() if owner is not None}
        for unit in jurisdiction.units:
            for name in unit.supersedes:
                self._owners.setdefault(plain_name(name), Owner(unit.name))
        self._city = plain_name(jurisdiction.about.city)
        self._asked: dict[str, Owner | None] = {}

    def find(self, written: str) -> Owner | None:
        """Return the unit of a name, None if the catalogue has none or several.

        City and area may stand before it (海口市龙华区城管局). Of a list the first leads (Art. 14).
        """
        if written not in self._asked:
            first = next(filter(str.strip, _LISTS.split(written)), "")
            self._asked[written] = self._find(plain_name(written)) or self._find(plain_name(first))
        return self._asked[written]

    def _find(self, name: str) -> Owner | None:
        # 市 is cut after the whole city: 海口市住建局 and 市住建局 are the same.
        for city in ("", self._city, MUNICIPAL):
            if not name.startswith(city):
                continue
            rest = name.removeprefix(city)
            if rest in self._owners:
                return self._owners[rest]
            for spelling, area in self._areas.items():
                owner = self._owners.get(rest.removeprefix(spelling))
                if rest.startswith(spelling) and owner is not None and owner.area is None:
                    return owner._replace(area=area)
        return None


def _agreed(owners: set[Owner]) -> Owner | None:
    """Return what all owners of a name have in common, None if that is not even the function."""
    if len(owners) == 1:
        return next(iter(owners))
    functions = {owner.function for owner in owners}
    return Owner(functions.pop()) if len(functions) == 1 else None
