"""What must not change a verdict: width, script, greetings, where the title stands, white space."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import opencc
import pytest

from jiesu.corpus.read import appeal_from
from jiesu.engine import Engine
from jiesu.schema import Appeal, Verdict
from jiesu.text.normalise import normalise
from jiesu.text.turns import transcript

Change = Callable[[str], str]
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_NARROW = {wide: code for code, wide in _WIDE.items()}
_S2T = opencc.OpenCC("s2t")


def full_width(text: str) -> str:
    return text.translate(_WIDE)


def half_width(text: str) -> str:
    return text.translate(_NARROW)


def traditional(text: str) -> str:
    return str(_S2T.convert(text))


def spaced(text: str) -> str:
    return "  " + re.sub("([，。])", "\\1 \u3000\t", text) + " \u00a0\u200b"


def broken_lines(text: str) -> str:
    return "\n" + re.sub("(。)", "\\1\n\n", text) + "\r\n"


def loud(text: str) -> str:
    return re.sub("([！？。，])", "\\1\\1\\1", text)


SAME = [
    pytest.param(full_width, id="full width"),
    pytest.param(half_width, id="half width"),
    pytest.param(str.upper, id="capitals"),
    pytest.param(spaced, id="extra blanks"),
    pytest.param(broken_lines, id="extra lines"),
    pytest.param(loud, id="repeated marks"),
]


def reworded(appeal: Appeal, change: Change) -> Appeal:
    """Apply a change to what is said: to the text, or to every turn of a call."""
    if appeal.turns:
        turns = tuple(
            turn.model_copy(update={"text": " ".join(change(turn.text).split("\n"))})
            for turn in appeal.turns
        )
        return appeal.model_copy(update={"turns": turns, "text": transcript(turns)})
    return appeal.model_copy(update={"text": change(appeal.text)})


def first_words(appeal: Appeal, greeting: str) -> Appeal:
    """Put a greeting before the first thing that the caller says, unless it is one."""
    number = next((i for i, turn in enumerate(appeal.turns) if turn.speaker != "operator"), 0)
    said = appeal.turns[number].text if appeal.turns else appeal.text
    if "你好" in said[:8] or "您好" in said[:8]:
        return appeal
    if not appeal.turns:
        return appeal.model_copy(update={"text": greeting + said})
    turns = list(appeal.turns)
    turns[number] = turns[number].model_copy(update={"text": greeting.strip() + said})
    return appeal.model_copy(update={"turns": tuple(turns), "text": transcript(turns)})


def differences(before: Verdict, after: Verdict) -> list[str]:
    """Return what differs in the labels and the probabilities of two verdicts."""
    found = []
    if before.type.code != after.type.code:
        found.append("type")
    if before.dispatch.function != after.dispatch.function:
        found.append("function")
    if before.dispatch.area != after.dispatch.area:
        found.append("area")
    if any(abs(p - after.type.scores[code]) > 1e-4 for code, p in before.type.scores.items()):
        found.append("type scores")
    if abs(before.dispatch.confidence - after.dispatch.confidence) > 1e-4:
        found.append("unit confidence")
    return found


def all_differences(before: list[Verdict], after: list[Verdict]) -> dict[str, list[str]]:
    """Return what differs, by id."""
    pairs = zip(before, after, strict=True)
    return {old.id: found for old, new in pairs if (found := differences(old, new))}


@pytest.fixture(scope="module")
def before(default_engine: Engine, samples: list[Appeal]) -> list[Verdict]:
    return default_engine.score(samples)


@pytest.mark.parametrize("change", SAME)
def test_a_change_of_form_changes_nothing(
    change: Change, default_engine: Engine, samples: list[Appeal], before: list[Verdict]
) -> None:
    after = default_engine.score([reworded(appeal, change) for appeal in samples])
    assert all_differences(before, after) == {}


@pytest.mark.parametrize("greeting", ["您好，", "你好,", "喂，您好！", "您好", "您好。\n"])
def test_a_greeting_changes_nothing(
    greeting: str, default_engine: Engine, samples: list[Appeal], before: list[Verdict]
) -> None:
    greeted = [first_words(appeal, greeting) for appeal in samples]
    assert all_differences(before, default_engine.score(greeted)) == {}


def test_spans_still_point_into_the_changed_text(
    default_engine: Engine, samples: list[Appeal]
) -> None:
    for change in (full_width, spaced, broken_lines, traditional):
        changed = [reworded(appeal, change) for appeal in samples]
        for appeal, verdict in zip(changed, default_engine.score(changed), strict=True):
            for span in (*verdict.explanation.type, *verdict.explanation.unit):
                assert appeal.text[span.start : span.end] == span.text


def test_traditional_characters_change_nothing(
    default_engine: Engine, samples: list[Appeal], before: list[Verdict]
) -> None:
    changed = [reworded(appeal, traditional) for appeal in samples]
    after = default_engine.score(changed)
    same_form, same_labels = 0, 0
    for appeal, other, old, new in zip(samples, changed, before, after, strict=True):
        found = differences(old, new)
        same_labels += not {"type", "function"} & set(found)
        if normalise([appeal.text]).row(0) == normalise([other.text]).row(0):
            same_form += 1
            assert found == [], appeal.id
    # A few characters stand for two simplified ones, so that not every text folds back exactly.
    assert same_form >= 0.9 * len(samples)
    assert same_labels >= 0.98 * len(samples)


def test_a_title_may_stand_in_its_own_field(default_engine: Engine, samples: list[Appeal]) -> None:
    split: list[Mapping[str, Any]] = []
    joined: list[Mapping[str, Any]] = []
    for appeal in samples:
        if appeal.turns:
            continue
        head, comma, rest = appeal.text.partition("，")
        if not comma or not rest.strip() or len(head) < 4:
            continue
        split.append({"id": appeal.id, "title": head, "text": rest})
        joined.append({"id": appeal.id, "text": f"{head}\n{rest}"})
    assert len(split) > 100
    for old, new in zip(default_engine.score(joined), default_engine.score(split), strict=True):
        assert differences(old, new) == [], old.id


def test_a_title_that_the_text_repeats_counts_once(default_engine: Engine) -> None:
    text = "路灯坏了没人修，晚上很黑"
    row = appeal_from({"title": "路灯坏了没人修", "text": text}, number=1)
    assert row.appeal is not None
    assert row.appeal.text == text
    once, twice = default_engine.score([text, {"title": "路灯坏了没人修", "text": text}])
    assert differences(once, twice) == []


@pytest.mark.parametrize("channel", ["电话", "网站", None])
def test_fields_that_say_nothing_of_the_matter_change_nothing(
    channel: str | None, default_engine: Engine, samples: list[Appeal], before: list[Verdict]
) -> None:
    other = [
        appeal.model_copy(update={"channel": channel, "received_at": None, "id": "x"})
        for appeal in samples
    ]
    for old, new in zip(before, default_engine.score(other), strict=True):
        assert differences(old, new) == []
