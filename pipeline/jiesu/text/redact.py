"""Personal data in a text: found, replaced by placeholders, kept out of vocabularies.

Kinds: mobile, landline, id_card, bank_card, plate, email, wechat, qq, address, person. Recall
comes first; what dispatch needs (district, road, estate, village, hotline numbers) stays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import itemgetter

from jiesu.schema import PiiSpan
from jiesu.text.address import find_addresses
from jiesu.text.digits import Figures, figures, fold
from jiesu.text.handles import find_handles
from jiesu.text.names import find_names
from jiesu.text.ngram_guard import looks_personal
from jiesu.text.numbers import find_numbers, has_number

__all__ = ["PLACEHOLDERS", "find_personal_data", "looks_personal", "redact"]

Found = tuple[str, int, int]

# In the order of trust: where two kinds claim a stretch, the first keeps it.
PLACEHOLDERS = {
    "email": "[邮箱]",
    "id_card": "[身份证]",
    "bank_card": "[银行卡]",
    "mobile": "[手机号]",
    "landline": "[座机]",
    "plate": "[车牌]",
    "wechat": "[微信]",
    "qq": "[QQ]",
    "address": "[地址]",
    "person": "[姓名]",
}
_RANK = {kind: rank for rank, kind in enumerate(PLACEHOLDERS)}
_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
_ROUNDS = 8
_LONG = 20_000


def find_personal_data(text: str) -> tuple[PiiSpan, ...]:
    """Return the stretches that identify a person, in order, none overlapping another.

    Offsets are code points of the text as given. Time grows with its length alone.
    """
    found = _once(text)
    # A stretch that is gone may uncover another beside it; look until nothing new comes.
    rounds = _ROUNDS if len(text) < _LONG else 2
    for _ in range(rounds if found else 0):
        shown, origin = _replace(text, found)
        more = _once(shown)
        if not more:
            break
        found = sorted(
            found + [(kind, *_original(origin, start, end)) for kind, start, end in more],
            key=lambda item: item[1],
        )
    return tuple(PiiSpan(kind=kind, start=start, end=end) for kind, start, end in found)


def redact(text: str) -> tuple[str, tuple[PiiSpan, ...]]:
    """Return a text with a placeholder such as [手机号] for each stretch, and the stretches.

    The stretches point into the text as given. Redacting the result changes nothing.
    """
    spans = find_personal_data(text)
    if not spans:
        return text, spans
    return _replace(text, [(span.kind, span.start, span.end) for span in spans])[0], spans


def _replace(text: str, found: Sequence[Found]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text with placeholders, and (place in it, offset in `text`) of what stayed."""
    parts: list[str] = []
    origin: list[tuple[int, int]] = []
    position = length = 0
    for kind, start, end in found:
        origin.append((length, position))
        parts += (text[position:start], PLACEHOLDERS[kind])
        length += start - position + len(PLACEHOLDERS[kind])
        position = end
    origin.append((length, position))
    parts.append(text[position:])
    return "".join(parts), origin


def _original(origin: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    place, offset = origin[bisect_right(origin, start, key=itemgetter(0)) - 1]
    return start - place + offset, end - place + offset


def _candidates(folded: str) -> Iterator[Found]:
    shown = Figures(folded)
    if has_number(folded):
        shown = figures(folded)
        yield from find_numbers(folded, shown)
    yield from find_handles(folded, shown)
    yield from find_addresses(folded)
    for start, end in find_names(folded):
        yield "person", start, end


def _once(text: str) -> list[Found]:
    folded = fold(text)
    candidates = list(_candidates(folded))
    if not candidates:
        return []
    taken = bytearray(len(text))
    if "[" in text:
        for placeholder in _PLACEHOLDER.finditer(text):
            taken[placeholder.start() : placeholder.end()] = b"\1" * len(placeholder[0])
    candidates.sort(key=lambda item: (_RANK[item[0]], item[1], -item[2]))
    chosen: list[Found] = []
    for kind, start, end in candidates:
        if kind == "address" and chosen and chosen[-1][0] == kind and start < chosen[-1][2]:
            start = chosen[-1][2]
        if start < end and taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            joined = bool(chosen) and kind == "address" == chosen[-1][0] and chosen[-1][2] == start
            chosen.append((kind, chosen.pop()[1] if joined else start, end))
    return sorted(chosen, key=lambda item: item[1])
