"""A transcript column, a list of turns or one string with a speaker's name a line, as turns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jiesu.corpus.columns import turn_field_of
from jiesu.errors import InputError
from jiesu.schema import Speaker, Turn
from jiesu.text.turns import speaker_names

_ENDS = re.compile(r"[\r\n]+")
# `[00:12] 市民：` too: recognisers put the time before the name. White space is bounded, so that
# a hostile line costs no more than its length.
_NAMED = re.compile(
    r"(?:[\[(（【]?\d{1,2}(?:[:：]\d{2}){1,2}(?:\.\d{1,6})?[\])）】]?\s{0,8})?"
    r"[\[(（【]?([^:：\[\]()（）【】]{1,16}?)[\])）】]?\s{0,8}[:：](.*)"
)


def read_turns(value: Any) -> tuple[Turn, ...]:
    """Return the turns of a list of {speaker, text} or of a string; none if it is blank.

    A string without any speaker's name gives no turns: it is text, and nobody knows whose. Each
    turn is one line: line ends inside it become one space, and turns without words are left out.
    Raises InputError `bad_type` for anything else.
    """
    if isinstance(value, str):
        return _from_lines(value)
    if not isinstance(value, list | tuple):
        raise bad_type("turns", value, "a list of {speaker, text} or a text")
    if value and all(isinstance(item, str) for item in value):
        return _from_lines("\n".join(value))
    turns = [_from_mapping(item, place) for place, item in enumerate(value)]
    return tuple(turn for turn in turns if turn.text)


def bad_type(field: str, value: Any, expected: str) -> InputError:
    """Return the error for a value of the wrong type; it names the type, never the value."""
    return InputError("bad_type", f"{field}: found {type_name(value)}, expected {expected}")


def type_name(value: Any) -> str:
    """Return what kind of value this is, in the words of JSON."""
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (type(None), "null"),
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a text"),
        ((list, tuple), "a list"),
        (Mapping, "an object"),
    )
    found = next((name for kind, name in names if isinstance(value, kind)), None)
    return found or f"a value of type {type(value).__name__}"


def _from_lines(text: str) -> tuple[Turn, ...]:
    spoken: list[tuple[Speaker, list[str]]] = []
    named = False
    for line in _lines(text):
        match = _NAMED.fullmatch(line)
        speaker = _speaker(match.group(1)) if match else None
        if match and speaker:
            spoken.append((speaker, [match.group(2).strip()]))
            named = True
        elif spoken:
            spoken[-1][1].append(line)
        else:
            spoken.append(("unknown", [line]))
    if not named:
        return ()
    turns = (Turn(speaker=who, text=" ".join(words).strip()) for who, words in spoken)
    return tuple(turn for turn in turns if turn.text)


def _from_mapping(item: Any, place: int) -> Turn:
    where = f"turns -> [{place}]"
    if isinstance(item, Turn):
        return item
    if not isinstance(item, Mapping):
        raise bad_type(where, item, "an object {speaker, text}")
    found: dict[str, Any] = {}
    for key, value in item.items():
        if isinstance(key, str) and (name := turn_field_of(key)):
            found.setdefault(name, value)
    speaker, text = found.get("speaker"), found.get("text", "")
    if speaker is not None and not isinstance(speaker, str):
        raise bad_type(f"{where} -> speaker", speaker, "a text")
    if not isinstance(text, str):
        raise bad_type(f"{where} -> text", text, "a text")
    return Turn(speaker=_speaker(speaker or "") or "unknown", text=" ".join(_lines(text)))


def _speaker(name: str) -> Speaker | None:
    return speaker_names().get(name.strip(" \t　[]()（）【】:：").lower())


def _lines(text: str) -> list[str]:
    return [line for part in _ENDS.split(text) if (line := part.strip())]
