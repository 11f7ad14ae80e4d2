"""Decisions are counted on whole verdicts: by hand on a handful of rows."""

from __future__ import annotations

from typing import Any

import pytest

from jiesu.engine import Engine, load
from jiesu.learn.decisions import Labelled, measure_decisions
from jiesu.schema import Advisory, Decision, Flag, Verdict


@pytest.fixture(scope="module")
def blank(tiny: Any) -> Verdict:
    engine: Engine = load(tiny)
    return engine.score(["路灯坏了三天没人修"])[0]


def verdict(blank: Verdict, *, code: str = "normal", flags: tuple[Flag, ...] = ()) -> Verdict:
    return blank.model_copy(
        update={
            "disposition": blank.disposition.model_copy(update={"code": code}),
            "advisory": Advisory(flagged=bool(flags), flags=flags),
        }
    )


def flag(text: str, words: str, kind: str = "abuse") -> Flag:
    start = text.index(words)
    return Flag.model_validate(
        {
            "kind": kind,
            "actor": "caller",
            "start": start,
            "end": start + len(words),
            "text": words,
            "confidence": 0.9,
        }
    )


def figures(rows: list[Labelled], **given: Any) -> dict[str, tuple[float, int]]:
    labels, certified = given.get("labels", {}), given.get("certified", ())
    found = measure_decisions(rows, labels, certified, bootstrap=100, seed=0)
    assert all(item.low <= item.value <= item.high for item in found)
    return {item.name: (item.value, item.n) for item in found}


def test_dispositions_by_hand(blank: Verdict) -> None:
    said = ["emergency", "emergency", "normal", "normal", "statutory"]
    true = ["emergency", "normal", "emergency", "normal", "statutory"]
    rows = [
        Labelled(verdict(blank, code=code), "x", {"disposition": truth})
        for code, truth in zip(said, true, strict=True)
    ]
    assert figures(rows) == {
        "emergency: recall": (0.5, 2),
        "emergency: precision": (0.5, 2),
        "statutory: recall": (1.0, 1),
        "statutory: precision": (1.0, 1),
    }


def test_flags_by_hand(blank: Verdict) -> None:
    text = "路灯坏了，你们就是一群废物"
    mark = [{"kind": "abuse", "text": "一群废物"}]
    rows = [
        Labelled(verdict(blank, flags=(flag(text, "一群废物"),)), text, {"flags": mark}),
        Labelled(verdict(blank, flags=(flag(text, "一群"),)), text, {"flags": mark}),
        Labelled(verdict(blank), text, {"flags": mark}),
        Labelled(verdict(blank, flags=(flag(text, "路灯"),)), text, {"flags": []}),
        Labelled(verdict(blank), text, {"flags": []}),
    ]
    assert figures(rows) == {
        "flags: precision": (0.6667, 3),
        "flags: recall": (0.6667, 3),
        "flags: kind macro-F1": (0.6667, 3),
        "flags: span overlap": (0.75, 2),
        "flags: negatives flagged": (0.5, 2),
    }


def test_what_is_decided_alone_by_hand(blank: Verdict) -> None:
    reasons = [(), ("unit_unsure",), (), ("type_unsure", "advisory")]
    rows = [
        Labelled(
            blank.model_copy(
                update={
                    "type": blank.type.model_copy(update={"code": "help"}),
                    "decision": Decision(
                        action="review" if why else "auto", reasons=why, priority=0.0
                    ),
                }
            ),
            "x",
            {},
        )
        for why in reasons
    ]
    labels = {"type": ["help", "complaint", None, "help"]}
    found = figures(rows, labels=labels, certified=["type"])
    assert found == {
        "type: decided alone": (0.6667, 3),
        "type: error of those": (0.5, 2),
    }
    both = figures(rows, labels=labels, certified=["type", "unit"])
    assert both["no review needed"] == (0.5, 4)


def test_nothing_labelled_gives_no_figures(blank: Verdict) -> None:
    assert figures([Labelled(blank, "x", {})]) == {}


def test_kinds_alone_have_no_stretch_to_overlap_with(blank: Verdict) -> None:
    text = "你们就是一群废物"
    rows = [Labelled(verdict(blank, flags=(flag(text, "废物"),)), text, {"flags": ["abuse"]})]
    found = figures(rows)
    assert found["flags: recall"] == (1.0, 1)
    assert "flags: span overlap" not in found
