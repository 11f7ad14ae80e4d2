"""The elements of a work order (Art. 10): when, where, of what or whom, and what is wished."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from jiesu.schema import Elements
from jiesu.text.element_words import (
    ASK,
    DEED,
    DEFECTS,
    DIRECT_ASK,
    INSIST,
    LEAD,
    MATTERS,
    POLITE,
    RHETORIC,
    ROLES,
    SURE_ASK,
    THINGS,
    WISH,
    by_first,
    conditioned,
    entries_of,
)
from jiesu.text.when import find_time, moment
from jiesu.text.where import Thing, find_place, walk

_SHORTEST_DEMAND, _LONGEST_DEMAND = 4, 80
_THING, _BROKEN = 2.3, 4.5
_OPENING, _EARLY, _AGAIN = 30, 0.6, 0.3

_SENTENCE = re.compile(r"[^。！？!?；;\n…]+[！？!?]{0,2}")
_CLAUSE_START = re.compile(r"[，,：:\s（(][^，,：:\s（(]*$")
_CLAUSE_END = re.compile(r".*(?=[，,、\s])", re.S)
_IS_WIDE = re.compile("[０-９：．]")
_WIDE = str.maketrans("０１２３４５６７８９：．", "0123456789:.")


def find_elements(
    text: str,
    *,
    received_at: str | None,
    area: str | None,
    subdistrict: str | None,
    spans: Sequence[tuple[int, int]] | None,
) -> Elements:
    """Return time, place, object and demand of an appeal, and which of them are missing (Art. 10).

    `received_at` is ISO 8601; `spans` are the caller's own stretches of a transcript. Time is as
    in `find_time`; a place ends at the building, never at a unit or room; object and demand are
    stretches of the text.
    """
    said = text if spans is None else "\n".join(text[start:end] for start, end in spans)
    shown = said.translate(_WIDE) if _IS_WIDE.search(said) else said
    chains, things = walk(shown)
    things.extend(_named_things(shown))
    found = {
        "time": find_time(shown, moment(received_at)),
        "place": find_place(shown, chains, area, subdistrict),
        "object": _object(said, things),
        "demand": _demand(said),
    }
    missing = tuple(name for name, value in found.items() if value is None)
    return Elements(**found, missing=missing)


@cache
def _nouns() -> tuple[re.Pattern[str], dict[str, float]]:
    """Return a pattern of things, matters and roles, and what each weighs as an object."""
    weights = {
        entry: weight
        for words, weight in ((ROLES, 2.2), (MATTERS, 2.9), (THINGS, _THING))
        for entry in entries_of(words)
    }
    return re.compile(by_first(list(map(conditioned, weights)))), {
        word: weight for (_, word, _), weight in weights.items()
    }


@cache
def _defects() -> re.Pattern[str]:
    return re.compile(DEFECTS)


def _named_things(text: str) -> Iterator[Thing]:
    """Yield the things, matters and roles that a text names; a broken thing weighs most."""
    pattern, weights = _nouns()
    for found in pattern.finditer(text):
        weight = weights[found[0]]
        if weight == _THING and _defects().match(text, found.end()):
            weight = _BROKEN
        yield Thing(weight, found.start(), found.end())


def _object(text: str, things: Sequence[Thing]) -> str | None:
    """Return what weighs most: what opens an appeal and what recurs gain; of equals the first."""
    weights: dict[str, float] = {}
    for weight, start, end in things:
        name = text[start:end].strip()
        if name in weights:
            weights[name] = max(weights[name], weight) + _AGAIN
        elif name:
            weights[name] = weight + (_EARLY if start < _OPENING else 0.0)
    return max(weights, key=weights.__getitem__, default=None)


@cache
def _demands() -> re.Pattern[str]:
    return re.compile(f"({WISH})|({INSIST})|{ASK}")


def _demand(text: str) -> str | None:
    """Return the clause that states the wish, or the question; the last of the strongest."""
    best, stretch = 0.0, ""
    for sentence in _SENTENCE.finditer(text):
        start, end = sentence.span()
        heaviest, place = 0.0, start
        for mark in _demands().finditer(text, start, end):
            weight = _wish_weight(text, mark, end)
            if weight > heaviest:
                heaviest, place = weight, mark.start() if mark.lastindex else -mark.start()
        if heaviest and heaviest >= best:
            best, stretch = heaviest, _clause(text, start, end, place)
    return stretch or None


def _wish_weight(text: str, mark: re.Match[str], end: int) -> float:
    """Say how surely a marker begins what the caller wishes or asks."""
    start = mark.start()
    if mark.lastindex == 1:
        if end - start < _SHORTEST_DEMAND:
            return 0.0
        end = min(end, start + _LONGEST_DEMAND)
        thin = POLITE.search(text, start, end) and not DEED.search(text, start, end)
        return 1.8 if thin else 3.0
    if mark.lastindex == 2:
        return 2.5
    if SURE_ASK.match(text, start):
        return 3.0
    if RHETORIC.search(text, max(0, start - 20), min(end, start + _LONGEST_DEMAND)):
        return 1.0
    if DIRECT_ASK.match(text, start):
        return 2.0
    return 1.5 if text[end - 1] in "？?" else 0.0


def _clause(text: str, start: int, end: int, place: int) -> str:
    """Return a wish from its marker on, or the question around its own, of 80 characters at most.

    `place` is where the marker stands: positive for a wish, negative for a question.
    """
    if place > 0:
        start = place
    elif end - start > _LONGEST_DEMAND // 2:
        before = _CLAUSE_START.search(text, max(start, -place - _LONGEST_DEMAND // 2), -place)
        start = before.start() if before else max(start, -place - _LONGEST_DEMAND // 2)
    lead = LEAD.match(text, start, end)
    start = lead.end() if lead and lead.end() < end else start
    stretch = text[start:end].rstrip("，,、！!）)（( 　")
    if len(stretch) > _LONGEST_DEMAND:
        cut = _CLAUSE_END.match(stretch, 10, _LONGEST_DEMAND + 1)
        stretch = stretch[: cut.end()] if cut and cut.end() > 10 else stretch[:_LONGEST_DEMAND]
    return stretch.strip()
