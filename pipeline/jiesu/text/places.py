"""Where it is: area and subdistrict from the record's own fields, the address and the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from jiesu.jurisdiction import Jurisdiction
from jiesu.text.lexicon import Lexicon, Match
from jiesu.text.ngrams import Hashed, hash_codes
from jiesu.text.normalise import NormalBatch, normalise


@dataclass(frozen=True, slots=True)
class Place:
    """An area and a subdistrict of the jurisdiction, each None if nothing says which."""

    area: str | None = None
    subdistrict: str | None = None


NOWHERE = Place()

# A name of the subdistrict says more than one of the area, and that more than a landmark's.
_AREA_NAME, _SUBDISTRICT_NAME, _LANDMARK = 3, 4, 1


@dataclass(frozen=True, slots=True)
class _Sign:
    area: str
    subdistrict: str | None
    strength: int


class Gazetteer:
    """The place names of a jurisdiction."""

    def __init__(self, jurisdiction: Jurisdiction) -> None:
        signs: dict[str, list[_Sign]] = defaultdict(list)
        for area in jurisdiction.areas:
            for name in (area.name, *area.aliases):
                signs[name].append(_Sign(area.name, None, _AREA_NAME))
            for name in area.places:
                signs[name].append(_Sign(area.name, None, _LANDMARK))
            for sub in area.subdistricts:
                for name in (sub.name, *sub.aliases, sub.unit):
                    signs[name].append(_Sign(area.name, sub.name, _SUBDISTRICT_NAME))
                for name in sub.places:
                    signs[name].append(_Sign(area.name, sub.name, _LANDMARK))
        self._signs = list(signs.values())
        self._lexicon = Lexicon(signs)

    def locate(self, batch: NormalBatch, hashed: Hashed) -> list[Place]:
        """Return the place that each text speaks of."""
        places = [NOWHERE] * len(batch)
        by_row: dict[int, list[Match]] = defaultdict(list)
        for match in self._lexicon.find(batch, hashed):
            by_row[match.row].append(match)
        for row, matches in by_row.items():
            places[row] = self._weigh([self._signs[match.entry] for match in matches])
        return places

    def locate_fields(self, fields: Sequence[str]) -> list[Place]:
        """Return the place that each address or area field names."""
        batch = normalise(fields)
        return self.locate(batch, hash_codes(batch.codes))

    def _weigh(self, found: Sequence[Sequence[_Sign]]) -> Place:
        """Let every name vote for its area; a name of several areas counts where others agree."""
        votes: dict[str, int] = {}
        for signs in found:
            if len({sign.area for sign in signs}) == 1:
                area = signs[0].area
                votes[area] = votes.get(area, 0) + signs[0].strength
        if not votes:
            return NOWHERE
        best = max(votes, key=votes.__getitem__)
        inside: dict[str, int] = {}
        for signs in found:
            for sign in signs:
                if sign.area == best and sign.subdistrict:
                    inside[sign.subdistrict] = inside.get(sign.subdistrict, 0) + sign.strength
        return Place(best, max(inside, key=inside.__getitem__) if inside else None)


def merge(stated: Place, read: Place) -> Place:
    """Return what the record's fields state, completed by what was read where they agree."""
    if stated.area is None:
        return read
    if stated.subdistrict is None and read.area == stated.area:
        return read
    return stated
