"""Which special disposition is judged, and which is left as a doubt: a row a rule."""

from __future__ import annotations

import numpy as np
import pytest

from jiesu.decide.disposition import ORDER, judge_dispositions
from jiesu.schema import DispositionCode

LABELS = ("normal", "emergency", "statutory", "repeat")


@pytest.mark.parametrize(
    ("scores", "inside", "code", "doubts", "reason"),
    [
        ([0.9, 0.05, 0.03, 0.02], "1000", "normal", (), "nothing else is possible"),
        ([0.6, 0.3, 0.05, 0.05], "1100", "emergency", (), "an emergency not ruled out is one"),
        ([0.3, 0.1, 0.5, 0.1], "1010", "statutory", (), "the best stands; normal is no doubt"),
        ([0.5, 0.1, 0.3, 0.1], "1011", "normal", ("statutory", "repeat"), "doubts in order"),
        (
            [0.2, 0.3, 0.4, 0.1],
            "0110",
            "emergency",
            ("statutory",),
            "what would have been best is a doubt beside the emergency",
        ),
    ],
)
def test_judgement(
    scores: list[float],
    inside: str,
    code: DispositionCode,
    doubts: tuple[DispositionCode, ...],
    reason: str,
) -> None:
    sets = np.array([[mark == "1" for mark in inside]])
    found = judge_dispositions(LABELS, np.array([scores]), sets)
    assert LABELS[found.columns[0]] == code, reason
    assert found.doubts == [doubts], reason


def test_labels_without_an_emergency_or_normal_do() -> None:
    found = judge_dispositions(
        ("repeat", "statutory"), np.array([[0.4, 0.6]]), np.ones((1, 2), bool)
    )
    assert (found.columns.tolist(), found.doubts) == ([1], [("repeat",)])


def test_the_order_of_gravity_names_every_code_once() -> None:
    assert len(set(ORDER)) == len(ORDER) == 7
