"""`jiesu explain`: one appeal, its evidence, all scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.schema import TYPE_CODES, Verdict

Jiesu = Callable[..., Any]
LAMP = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"


def test_it_shows_what_was_decided_and_why(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("explain", LAMP, "--bundle", tiny)
    assert (found.code, found.err) == (0, "")
    assert all(code in found.text for code in TYPE_CODES)
    assert "龙华区" in found.text
    assert "路灯 +" in found.text
    for name in ("类型", "派单", "地点", "处置", "时限", "决定"):
        assert name in found.text


def test_json_is_the_whole_verdict(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("explain", LAMP, "--bundle", tiny, "--json")
    verdict = Verdict.model_validate_json(found.out)
    assert verdict.dispatch.area == "龙华区"
    assert verdict.words
    assert verdict.redacted_text
    assert LAMP[verdict.explanation.type[0].start :].startswith(verdict.explanation.type[0].text)


def test_the_text_may_come_through_a_pipe(jiesu: Jiesu, tiny: Path) -> None:
    given = jiesu("explain", LAMP, "--bundle", tiny, "--json")
    piped = jiesu("explain", "-", "--bundle", tiny, "--json", stdin=LAMP.encode())
    assert piped.text == given.text


def test_the_address_says_where(jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("explain", "路灯坏了", "--address", "美兰区某路", "--bundle", tiny, "--json")
    assert Verdict.model_validate_json(found.out).dispatch.area == "美兰区"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[bold]路灯[/] [/red] [link=x]坏了", id="the terminal's own markup"),
        pytest.param(
            "路灯\x1b[31m坏了\x00\x07",
            id="escape codes",
        ),
        pytest.param("\u202e路灯坏了\u202c😀", id="right to left, emoji"),
        pytest.param("路灯坏了" * 2000, id="long"),
    ],
)
def test_odd_texts_are_shown(text: str, jiesu: Jiesu, tiny: Path) -> None:
    found = jiesu("explain", text, "--bundle", tiny)
    assert found.code == 0
    assert "坏了" in found.text
    assert "\x1b" not in found.text
