"""Where it is: a text cut into chains of address parts, and the chain that says most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from jiesu.text.element_words import (
    BESIDE,
    BLAMED,
    CUTS,
    ESTATES,
    ORGS,
    REGIONS,
    RELATIONS,
    ROADS,
    SHORT_ESTATES,
    SITES,
    TAIL,
    TO_WHOM,
    TOWNS,
    VILLAGES,
    by_first,
    conditioned,
    entries_of,
)

_MOST_MARKS = 600
"""A text with more marks than these, some 3,000 characters, is not searched for places further."""


class _Kind(NamedTuple):
    """A kind of address word: its words, the longest name before one, what it says of a place."""

    words: str
    longest: int = 0
    weight: float = 0.0


_KINDS = {
    "region": _Kind(REGIONS, 6, 1.0),
    "town": _Kind(TOWNS, 6, 2.0),
    "village": _Kind(VILLAGES, 8, 3.0),
    "road": _Kind(ROADS, 8, 3.0),
    "estate": _Kind(ESTATES, 12, 4.0),
    "short": _Kind(SHORT_ESTATES, 8, 3.0),
    "site": _Kind(SITES, 14, 2.5),
    "org": _Kind(ORGS, 16),
    "relation": _Kind(RELATIONS, 10, 1.0),
    "cut": _Kind(CUTS),
}
# These may follow another at once: 农行宿舍 + 小区.
_GLUED = ("estate", "short", "site", "relation", "org")


class Part(NamedTuple):
    """One step of an address: its kind, where it stands, where its name ends and what it weighs."""

    kind: str
    start: int
    end: int
    weight: float


class Thing(NamedTuple):
    """A stretch that may be what the appeal is about."""

    weight: float
    start: int
    end: int


@cache
def _marks() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern of all words of addresses, and the kind of each."""
    entries = [
        (before, word, after, name)
        for name, kind in _KINDS.items()
        for before, word, after in entries_of(kind.words)
    ]
    written = [conditioned(entry[:3]) for entry in entries]
    # Spaces and dates cut as well.
    pattern = by_first([*written, *((space, "", "") for space in " \n\t\r\u3000")])
    dates = "|".join(f"{digit}[0-9]{{0,3}}[年月日点元]" for digit in range(10))
    return re.compile(f"{pattern}|{dates}"), {word: name for _, word, _, name in entries}


@cache
def _tail() -> re.Pattern[str]:
    return re.compile(TAIL)


def walk(text: str) -> tuple[list[list[Part]], list[Thing]]:
    """Cut a text into chains of address parts, and gather the names of organisations."""
    chains: list[list[Part]] = [[]]
    things: list[Thing] = []
    begin = 0
    pattern, kinds = _marks()
    kind_of = kinds.get
    for number, mark in enumerate(pattern.finditer(text)):
        if number == _MOST_MARKS:
            break
        start, end = mark.span()
        if start < begin:
            continue
        word = mark[0]
        kind = kind_of(word, "cut")
        chain = chains[-1]
        if kind == "cut":
            # Roads that cross, 甲路与乙路, and what is said to lie opposite go on.
            joins = word == "与" or (word == "的" and chain and chain[-1].kind == "relation")
            if chain and (start > begin or not joins):
                chains.append([])
            begin = end
            continue
        length = start - begin
        last = chain[-1].kind if chain else None
        if not length and chain and kind not in _GLUED:
            continue
        if not length and not chain:
            if kind in ("org", "site") and not TO_WHOM.search(text, start, end):
                things.append(Thing(2.3, start, end))
            begin = end
            continue
        if length > _KINDS[kind].longest:
            if chain:
                chains.append([])
            begin = end
            continue
        if kind == "short" and not chain and not _is_building(text, end):
            continue
        if kind in ("org", "site") and length:
            things.append(_organisation(text, begin, start, end, kind))
        if kind != "relation" and (
            last == "org" or (last == "relation" and text[begin - 1] != "的")
        ):
            chains.append([])
        if (kind == "region" and last not in (None, "region")) or (
            kind == "town" and last not in (None, "region", "town")
        ):
            kind = "village"
        part = _numbered(text, Part(kind, begin, end, _KINDS[kind].weight))
        chains[-1].append(part)
        begin = part.end
    return chains, things


def _is_building(text: str, end: int) -> bool:
    tail = _tail().match(text, end)
    numbered = tail is not None and tail["house"] is not None
    return numbered or text[end : end + 2] in ("业主", "住户")


def _numbered(text: str, part: Part) -> Part:
    """Add the number, phase and building that stand behind a road or an estate."""
    if part.kind not in ("road", "estate", "short", "site", "village"):
        return part
    tail = _tail().match(text, part.end)
    if tail is None or tail.end() == part.end:
        return part
    # A number in a village is a home.
    if part.kind == "village" and tail["house"] is None:
        return part
    return part._replace(end=tail.end(), weight=part.weight + 1.0)


def _organisation(text: str, begin: int, start: int, end: int, kind: str) -> Thing:
    weight = 3.0 if kind == "site" else 3.2
    if BESIDE.match(text, end):
        return Thing(1.0, begin, end)
    if BLAMED.search(text, max(0, begin - 4), begin):
        weight += 2.0
    if TO_WHOM.search(text, start, end):
        weight -= 1.5
    return Thing(weight, begin, end)


def _weight(chain: Sequence[Part]) -> float:
    # A school or shop by itself says little of where, and its name may begin too early.
    if len(chain) == 1 and chain[0].kind == "site":
        return 1.0
    return sum([part.weight for part in chain])


def find_place(
    text: str, chains: Sequence[Sequence[Part]], area: str | None, subdistrict: str | None
) -> str | None:
    """Join the most specific chain with the record's area and subdistrict."""
    best: Sequence[Part] = max(chains, key=_weight, default=())
    best = best if _weight(best) > 0 else ()
    regions = "".join(text[part.start : part.end] for part in best if part.kind == "region")
    towns = "".join(text[part.start : part.end] for part in best if part.kind == "town")
    rest = [part for part in best if part.kind not in ("region", "town")]
    named = text[rest[0].start : rest[-1].end] if rest else ""
    if area and area not in regions + named and not regions.endswith(("区", "县")):
        regions += area
    if subdistrict and not towns and subdistrict not in named:
        towns = subdistrict
    return f"{regions}{towns}{named}" or None
