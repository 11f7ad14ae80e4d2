"""Inputs that nobody should send, and everybody does."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

FIELDS = (
    "id",
    "text",
    "turns",
    "title",
    "received_at",
    "channel",
    "address",
    "area",
    "subdistrict",
    "registered_type",
    "related_ids",
    "caller",
)

TEXTS: dict[str, str] = {
    "empty": "",
    "blank": " \t\r\n\u3000\xa0",
    "one character": "路",
    "NUL": "\0",
    "NULs in words": "路\0灯\0坏\0了",
    "control characters": "".join(map(chr, range(32))) + "\x7f\x85\u2028\u2029路灯",
    "only emoji": "😀😡👨‍👩‍👧‍👦🇨🇳👍🏽" * 20,
    "high surrogate": "\ud800",
    "low surrogate in words": "路灯\udfff坏了",
    "surrogates the wrong way round": "\udc00\ud83d路灯",
    "right to left": "\u202e路灯坏了\u202c مرحبا שלום",
    "bidirectional marks": "\u200e\u200f\u2066路\u2069灯",
    "zero width": "路\u200b灯\u200c坏\u200d了\ufeff\u2060",
    "combining marks": "路" + "\u0301" * 500 + "灯",
    "variation selectors": "路\ufe0f灯\U000e0100",
    "half-width katakana": "ｶﾞｷﾞ路灯",
    "ligatures": "ﬁﬂﷺ㍿㊙①Ⅷ½",
    "private use": "\ue000\uf8ff\U0010fffd",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "beyond the basic plane": "𠮷野家𡃁😀𝕋",
    "punctuation": "。。。，，！！？？……——" * 30,
    "numbers": "1234567890" * 30,
    "spoken digits": "幺三八零零零" * 40,
    "greeting alone": "您好",
    "greetings": "您好你好" * 100,
    "speaker alone": "市民：",
    "speakers without words": "市民：\n坐席：\n市民：",
    "operator alone": "坐席：您好\n坐席：请讲",
    "formula": "=cmd|'/c calc'!A1",
    "formula at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula plus": "+1-1=路灯",
    "quotes": '"\'“”‘’`"""\',,",',
    "lines": "路灯\r坏了\n\r没人\r\n修",
    "html": "<script>alert(1)</script>&amp;<img src=x onerror=y>",
    "markup of a terminal": "[bold]路灯[/] [/red] \x1b[31m",
    "sql": "'; DROP TABLE appeals;--",
    "format": "%s%n{0}{{}}${jndi:ldap://x}",
    "path": "../../etc/passwd\\..\\x",
    "json": '{"text": "路灯"}',
    "one word for ever": "路" * 20_000,
    "one letter for ever": "a" * 20_000,
    "blanks for ever": " " * 20_000 + "路灯",
    "lines for ever": "\n" * 10_000 + "路灯",
    "colons for ever": "：\n" * 10_000,
    "mixed widths": "ＡＢＣａｂｃ１２３！＂＃路灯",
    "traditional": "門口的路燈壞了，請盡快維修",
    "dictionary word cut": "海口市龙华",
    "joiner": "路 灯 坏 了 w\tc\ts",
}

VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "zero": 0,
    "negative": -1,
    "huge": 10**400,
    "digits beyond the limit": 10**5000,
    "float": 1.5,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "decimal": Decimal("1E+1000000"),
    "bytes": "路灯坏了".encode(),
    "bytes that are no text": b"\xff\xfe\x00",
    "empty list": [],
    "list": ["路灯坏了"],
    "list of lists": [[[["路灯"]]]],
    "list of nulls": [None, None],
    "tuple": ("路灯", 1),
    "set": {"路灯"},
    "empty object": {},
    "object": {"text": "路灯坏了"},
    "object with odd keys": {None: 1, 2: 3, ("a",): "b"},
    "turns": [{"speaker": "市民", "text": "路灯坏了"}],
    "turns without text": [{"speaker": "市民"}],
    "turns with surrogates": [{"speaker": "\ud800", "text": "\udfff路灯"}],
    "turns that are numbers": [1, 2, 3],
    "turns half right": [{"speaker": "市民", "text": "路灯"}, None, "坏了"],
    "turns with odd texts": [{"speaker": 1, "text": ["路灯"]}],
    "function": len,
    "class": dict,
    "complex": 1j,
}


def _nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.fixture(scope="session")
def hostile() -> Callable[[], list[Any]]:
    """Return a function that returns everything by hand: items, and each value in each field."""

    def make() -> list[Any]:
        items: list[Any] = [*TEXTS.values(), *VALUES.values(), _nested(5000)]
        values = [*TEXTS.values(), *VALUES.values(), _nested(5000)]
        for field in FIELDS:
            items += [{"id": "x", "text": "路灯坏了", field: value} for value in values]
        items += [{field: value} for field in ("text", "turns") for value in values]
        items += [{value: "路灯"} for value in TEXTS.values()]
        return items

    return make


@pytest.fixture(scope="session")
def hostile_texts() -> list[str]:
    """Return the hostile texts alone."""
    return list(TEXTS.values())
