"""Appeals with several demands, cut where the writer counts them or turns to another matter."""

from __future__ import annotations

import re
from functools import cache

_SHORTEST = 8
_MOST = 6

# What begins a numbered point, and what turns to another matter after a full stop.
_COUNTED = (
    r"(?:(?<=^)|(?<=[\s。；;：:，,！!？?]))"
    r"(?:[(（]?[1-9一二三四五六七八九][)）]|[1-9][、.．](?!\d)|[一二三四五六七八九]、|"
    r"[一二三四五六]是|第[一二三四五六](?:个问题|件事|点)?[，,、是：:]|[①-⑨]|[⒈-⒐]|其[一二三四五])"
)
_TURNS = (
    r"(?<=[。；;，,！!？?\n\s])(?:另外|此外|除此之外|还有(?:一个|一件|个|就是|一点)|再一个|"
    r"再就是|顺便|同时还?(?:反映|想|要|希望)|另反映|还想(?:反映|问|咨询|投诉)|第二个(?:问题|事))"
)


@cache
def _cuts() -> re.Pattern[str]:
    return re.compile(f"{_COUNTED}|{_TURNS}", re.M)


def may_hold_several(text: str) -> bool:
    """Say, cheaply and without missing any, whether a text could hold several demands."""
    return len(text) >= 2 * _SHORTEST and _cuts().search(text) is not None


def split_demands(text: str) -> list[tuple[int, int]]:
    """Return the stretches of a text that state a demand each; empty if there is only one.

    What stands before the first numbered point belongs to all and is no demand of its own, unless
    the next one begins with a turn such as 另外.
    """
    marks = list(_cuts().finditer(text))[: 2 * _MOST]
    if not marks:
        return []
    cuts = [mark.start() for mark in marks]
    turned = re.match(_TURNS.split(")", 1)[1], marks[0].group()) is not None
    begins = ([0] if turned and cuts[0] >= _SHORTEST else []) + cuts
    ends = [*begins[1:], len(text)]
    parts = [
        (start, end)
        for start, end in zip(begins, ends, strict=True)
        if len(text[start:end].strip()) >= _SHORTEST
    ]
    return parts[:_MOST] if len(parts) > 1 else []
