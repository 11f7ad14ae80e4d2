"""Who says what in a transcript: the caller's words are judged, the operator's are context.

A transcript is text with one line a turn, `市民：…` / `坐席：…`. Which speaker names are accepted
is data (`configs/columns.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import yaml

from jiesu.resources import resource
from jiesu.schema import Speaker, Turn

_NAMES: Mapping[Speaker, str] = {"caller": "市民", "operator": "坐席", "unknown": "未知"}


@cache
def speaker_names() -> Mapping[str, Speaker]:
    """Return every accepted name of a speaker, lower case, and which speaker it means."""
    table = yaml.safe_load(resource("configs", "columns.yaml").read_text("utf-8"))["speakers"]
    return {name.lower(): speaker for speaker, names in table.items() for name in names}


@cache
def _line_start() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, speaker_names()), key=len, reverse=True))
    return re.compile(
        rf"^[ \t　]*[\[【(（]?({names})[\]】)）]?[ \t　]*[:：][ \t　]*", re.A | re.I | re.M
    )


def may_have_turns(text: str) -> bool:
    """Say, cheaply and without missing any, whether a text could be a transcript."""
    return "\n" in text and (":" in text or "：" in text)


def find_turns(text: str, *, known: bool = False) -> list[tuple[Speaker, int, int]]:
    """Return the turns of a transcript as (speaker, start, end) of the words spoken, in order.

    Empty unless at least two lines name a speaker and one of them is the caller: a note that
    merely quotes `客服：` once is no transcript, unless it is `known` to be one. A line without a
    name continues the turn.
    """
    marks = list(_line_start().finditer(text))
    speakers = [speaker_names()[mark.group(1).lower()] for mark in marks]
    if not marks or (not known and (len(marks) < 2 or "caller" not in speakers)):
        return []
    turns: list[tuple[Speaker, int, int]] = []
    if text[: marks[0].start()].strip():
        turns.append(("unknown", 0, marks[0].start()))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, speaker, end in zip(marks, speakers, ends, strict=True):
        words = text[mark.end() : end].rstrip()
        turns.append((speaker, mark.end(), mark.end() + len(words)))
    return turns


def caller_spans(text: str, *, known: bool = False) -> list[tuple[int, int]] | None:
    """Return the stretches that the caller (or nobody known) says, None if all of it counts.

    known: the record came as turns, so even a single line is one.
    """
    if not known and not may_have_turns(text):
        return None
    turns = find_turns(text, known=known)
    if not turns:
        return None
    spans = [(start, end) for who, start, end in turns if who != "operator"]
    return [span for span in spans if span[1] > span[0]]


def transcript(turns: Sequence[Turn]) -> str:
    """Return turns as text, one line a turn."""
    return "\n".join(f"{_NAMES[turn.speaker]}：{turn.text}" for turn in turns)
