"""Evidence on the redacted text: a verdict's offsets carried over, and cut into segments."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from jiesu.schema import PiiSpan, Verdict
from jiesu.text.redact import PLACEHOLDERS

MarkKind = Literal["type", "unit", "disposition", "flag", "new", "pii"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the redacted text and what it speaks for. weight: 0 where there is none.

    label: the flag's or the personal data's kind, the code or the unit otherwise.
    """

    start: int
    end: int
    kind: MarkKind
    label: str
    weight: float = 0.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch under the same marks all along; none for plain text."""

    start: int
    end: int
    marks: tuple[Mark, ...]


class Offsets:
    """Carries offsets of a text over to the same text with placeholders."""

    def __init__(self, pii: Sequence[PiiSpan]) -> None:
        self._spans = sorted(pii, key=lambda span: span.start)
        self._starts = [span.start for span in self._spans]
        self._shifts = [0]
        for span in self._spans:
            grown = len(PLACEHOLDERS[span.kind]) - (span.end - span.start)
            self._shifts.append(self._shifts[-1] + grown)

    def start(self, offset: int) -> int:
        """Return where a stretch begins that began at `offset`; inside personal data, before it."""
        place = bisect_right(self._starts, offset)
        if place and offset < self._spans[place - 1].end:
            return self._spans[place - 1].start + self._shifts[place - 1]
        return offset + self._shifts[place]

    def end(self, offset: int) -> int:
        """Return where a stretch ends that ended at `offset`; inside personal data, behind it."""
        place = bisect_right(self._starts, offset - 1)
        if place and offset <= self._spans[place - 1].end:
            return self._spans[place - 1].end + self._shifts[place]
        return offset + self._shifts[place]


def marks(verdict: Verdict, text: str) -> list[Mark]:
    """Return what speaks for a stored verdict, as stretches of its redacted text, in order."""
    offsets = Offsets(verdict.pii or ())
    found: list[Mark] = []
    why = verdict.explanation

    def add(start: int, end: int, kind: MarkKind, label: str, weight: float = 0.0) -> None:
        mark = Mark(offsets.start(start), offsets.end(end), kind, label, weight)
        # A verdict of another text, or of a later version of redaction, must break no page.
        if 0 <= mark.start < mark.end <= len(text):
            found.append(mark)

    for word in why.type:
        add(word.start, word.end, "type", verdict.type.code or "", word.weight)
    for word in why.unit:
        add(word.start, word.end, "unit", verdict.dispatch.function or "", word.weight)
    for span in verdict.disposition.evidence:
        add(span.start, span.end, "disposition", verdict.disposition.code)
    for flag in verdict.advisory.flags:
        add(flag.start, flag.end, "flag", flag.kind)
    for span in why.repeat.new if why.repeat is not None else ():
        add(span.start, span.end, "new", "")
    for item in verdict.pii or ():
        add(item.start, item.end, "pii", item.kind)
    return sorted(found, key=lambda mark: (mark.start, mark.end, mark.kind))


def segments(
    text: str, found: Sequence[Mark], *, start: int = 0, end: int | None = None
) -> Iterator[Segment]:
    """Yield a text, or a stretch of it such as one turn, cut wherever a mark begins or ends."""
    last = len(text) if end is None else end
    inside = [mark for mark in found if mark.start < last and mark.end > start]
    bounds = {start, last}
    for mark in inside:
        bounds |= {max(start, mark.start), min(last, mark.end)}
    ordered = sorted(bounds)
    for left, right in pairwise(ordered):
        yield Segment(
            left, right, tuple(mark for mark in inside if mark.start <= left and right <= mark.end)
        )
