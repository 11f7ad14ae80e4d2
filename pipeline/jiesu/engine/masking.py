"""A verdict without personal data: whatever quotes the appeal, quotes it masked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from jiesu.schema import Elements, Evidence, Flag, PiiSpan, Span, Verdict
from jiesu.text.redact import PLACEHOLDERS, redact

MASK = "＊"
Quote = TypeVar("Quote", Span, Flag, Evidence)
_SHORTEST = 2


def masked(verdict: Verdict, text: str) -> Verdict:
    """Return a verdict with its redacted text, and nothing else in it that identifies a person.

    Stretches keep their place; their words are masked where personal data was found. Words that
    decided are dropped if they are personal data.
    """
    redacted, pii = redact(text)
    update: dict[str, Any] = {"redacted_text": redacted, "pii": pii}
    if pii:
        disposition, advisory, why = verdict.disposition, verdict.advisory, verdict.explanation
        update |= {
            "disposition": disposition.model_copy(
                update={"evidence": _masked(disposition.evidence, text, pii)}
            ),
            "advisory": advisory.model_copy(update={"flags": _masked(advisory.flags, text, pii)}),
            "explanation": why.model_copy(
                update={
                    "type": _others(why.type, pii),
                    "unit": _others(why.unit, pii),
                    "repeat": why.repeat
                    and why.repeat.model_copy(update={"new": _masked(why.repeat.new, text, pii)}),
                }
            ),
            "elements": _elements(verdict.elements, text, pii),
        }
    return verdict.model_copy(update=update)


def mask_words(words: Iterable[tuple[int, int]], text: str) -> tuple[str, ...]:
    """Return the words of a text at their bounds, personal data masked."""
    _, pii = redact(text)
    return tuple(_hidden(text, start, end, pii) for start, end in words)


def _hidden(text: str, start: int, end: int, pii: Sequence[PiiSpan]) -> str:
    found = list(text[start:end])
    for item in pii:
        for at in range(max(start, item.start), min(end, item.end)):
            found[at - start] = MASK
    return "".join(found)


def _masked(quotes: Sequence[Quote], text: str, pii: Sequence[PiiSpan]) -> tuple[Quote, ...]:
    return tuple(
        quote.model_copy(update={"text": _hidden(text, quote.start, quote.end, pii)})
        for quote in quotes
    )


def _others(words: Sequence[Evidence], pii: Sequence[PiiSpan]) -> tuple[Evidence, ...]:
    return tuple(
        word
        for word in words
        if not any(item.start < word.end and word.start < item.end for item in pii)
    )


def _elements(elements: Elements, text: str, pii: Sequence[PiiSpan]) -> Elements:
    """Mask what the elements took over. They are put together, so by content, not by place."""
    said = {name: getattr(elements, name) for name in ("time", "place", "object", "demand")}
    for name, value in said.items():
        if value is None:
            continue
        for item in sorted(pii, key=lambda item: item.start - item.end):
            whole = text[item.start : item.end]
            place = PLACEHOLDERS[item.kind]
            if len(whole) >= _SHORTEST:
                value = value.replace(whole, place)
                # An element may hold the beginning of an address that goes on.
                if name == "place" and item.kind == "address":
                    value = _without_overlap(value, whole, place)
        said[name] = redact(value)[0]
    return elements.model_copy(update=said)


def _without_overlap(value: str, whole: str, place: str) -> str:
    for length in range(len(whole) - 1, _SHORTEST, -1):
        for part in (whole[:length], whole[-length:]):
            if value.endswith(part):
                return value[: -len(part)] + place
    return value
