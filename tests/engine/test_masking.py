"""With `redact`, no field of a verdict holds what was found to identify a person."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from jiesu.engine import Engine, load
from jiesu.engine.files import flat
from jiesu.text.redact import find_personal_data

CASES = Path(__file__).parents[1] / "text" / "redact_cases.csv"
SHORTEST = 4
"""Shorter stretches (a name of two characters) may be an ordinary word elsewhere in the text."""


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Engine:
    return load(tiny)


def texts() -> list[str]:
    rows = list(csv.DictReader(io.StringIO(CASES.read_text("utf-8-sig"))))
    return [
        f"{row['text']}，请尽快派人处理，另外路灯坏了"
        for row in rows
        if find_personal_data(row["text"])
    ]


def test_nothing_personal_is_quoted_anywhere(engine: Engine) -> None:
    said = texts()
    assert len(said) > 200
    for text, verdict in zip(said, engine.score(said, redact=True, words=True), strict=True):
        quoted = verdict.model_dump(exclude={"id", "pii", "model"})
        dumped = json.dumps(quoted, ensure_ascii=False) + str(flat(verdict))
        assert verdict.pii
        for item in verdict.pii:
            whole = text[item.start : item.end]
            if len(whole) >= SHORTEST:
                assert whole not in dumped, item.kind
        for field in (verdict.explanation.type, verdict.explanation.unit):
            for word in field:
                assert not any(i.start < word.end and word.start < i.end for i in verdict.pii)


def test_without_redact_the_words_are_the_text_s_own(engine: Engine) -> None:
    text = "请回电13800001111，海垦路的路灯坏了"
    plain, masked = (engine.score([text], redact=asked, words=True)[0] for asked in (False, True))
    assert plain.words is not None
    assert masked.words is not None
    assert len(plain.words) == len(masked.words)
    assert "".join(plain.words) == text
    assert "13800001111" not in "".join(masked.words)


def test_spans_keep_their_place_and_length(engine: Engine) -> None:
    text = "着火了，快打13800001111，有人受伤"
    verdict = engine.score([text], redact=True)[0]
    for span in verdict.disposition.evidence:
        assert len(span.text) == span.end - span.start
