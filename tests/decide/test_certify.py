"""Certificates keep their promise, and prediction sets hold the truth as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.decide.certify import GRID, certify, prediction_sets, set_floors


def judged(rows: int, seed: int, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Confidences, and whether right: with a probability of confidence ** slope."""
    rng = np.random.default_rng(seed)
    confidence = 1 - 0.8 * rng.random(rows) ** 2
    return confidence, rng.random(rows) < confidence**slope


def test_the_error_is_rarely_above_the_risk_that_was_certified() -> None:
    far_confidence, far_right = judged(400_000, seed=0, slope=1.3)
    broken, certified = 0, 0
    for seed in range(300):
        found = certify(*judged(1500, seed=seed + 1, slope=1.3), risk=0.1, delta=0.1)
        if found.threshold is not None:
            certified += 1
            broken += bool(1 - far_right[far_confidence >= found.threshold].mean() > 0.1)
    assert certified > 200
    assert broken <= 0.1 * 300


def test_a_certificate_says_what_it_was_found_on() -> None:
    confidence, right = judged(4000, seed=3)
    found = certify(confidence, right, risk=0.1, delta=0.05)
    assert found.threshold in GRID
    taken = confidence >= found.threshold
    assert found.coverage == pytest.approx(taken.mean())
    assert found.errors == int((~right[taken]).sum())
    assert (found.rows, found.risk, found.delta) == (4000, 0.1, 0.05)


@pytest.mark.parametrize(
    ("confidence", "right", "reason"),
    [
        (np.full(2000, 0.999), np.zeros(2000, bool), "always wrong"),
        (np.full(20, 0.999), np.ones(20, bool), "always right, on too few rows to know"),
        (np.zeros(0), np.zeros(0, bool), "no rows"),
        (np.full(2000, 0.05), np.ones(2000, bool), "below the whole grid"),
        (np.full(2000, 0.9), np.arange(2000) % 20 != 0, "just the risk itself is not below it"),
    ],
)
def test_none_certified(confidence: np.ndarray, right: np.ndarray, reason: str) -> None:
    found = certify(confidence, right, risk=0.05, delta=0.05)
    assert (found.threshold, found.coverage) == (None, 0.0), reason


def test_a_head_that_is_always_right_decides_all() -> None:
    confidence, _ = judged(2000, seed=1)
    found = certify(confidence, np.ones(2000, bool), risk=0.05, delta=0.05)
    assert found.coverage == 1.0


def test_more_risk_or_less_surety_never_covers_less() -> None:
    confidence, right = judged(3000, seed=2)
    covers = [
        certify(confidence, right, risk=r, delta=0.05).coverage for r in (0.03, 0.06, 0.1, 0.2)
    ]
    assert covers == sorted(covers)
    covers = [certify(confidence, right, risk=0.08, delta=d).coverage for d in (0.01, 0.05, 0.2)]
    assert covers == sorted(covers)


@given(seed=st.integers(0, 10_000), rows=st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_the_order_of_rows_does_not_matter(seed: int, rows: int) -> None:
    confidence, right = judged(rows, seed)
    order = np.random.default_rng(seed).permutation(rows)
    first = certify(confidence, right, risk=0.2, delta=0.2)
    assert certify(confidence[order], right[order], risk=0.2, delta=0.2) == first


def scores(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of four classes, the last ones rarer, and labels drawn by them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (rows, 4)) + np.array([1.5, 0.5, 0.0, -1.0])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    chance = rng.random((rows, 1))
    return probabilities, (probabilities.cumsum(axis=1) < chance).sum(axis=1)


def test_each_class_is_missed_as_rarely_as_was_asked() -> None:
    missed = np.zeros(4)
    for seed in range(40):
        floors = set_floors(*scores(1500, seed), miss=0.1)
        probabilities, truth = scores(4000, seed + 1000)
        inside = prediction_sets(probabilities, floors)[np.arange(4000), truth]
        missed += [1 - inside[truth == label].mean() for label in range(4)]
    assert (missed / 40 <= 0.105).all()
    assert (missed / 40 >= 0.05).all(), "nor by holding everything"


def test_rare_classes_share_a_floor() -> None:
    probabilities, truth = scores(600, seed=5)
    truth[truth == 3] = 2
    truth[:5] = 3
    floors = set_floors(probabilities, truth, miss=0.1)
    assert floors[3] == 0.0, "five rows say nothing: it belongs to every set"
    assert (floors[:3] > 0).all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_no_set_is_ever_empty(seed: int) -> None:
    probabilities, _ = scores(30, seed)
    inside = prediction_sets(probabilities, [1.1] * 4)
    assert (inside.sum(axis=1) == 1).all()
    assert inside[np.arange(30), probabilities.argmax(axis=1)].all()
