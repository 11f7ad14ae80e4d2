"""Calibration recovers what made the labels; priors move the right way; thresholds by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jiesu.decide.calibrate import fit_calibration, log_loss, recent_prior
from jiesu.heads.linear import Calibration

NO_PRIOR = np.zeros(4, dtype=np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def drawn(probabilities: np.ndarray, seed: int) -> np.ndarray:
    """A label a row, drawn by its probabilities."""
    chance = np.random.default_rng(seed).random((len(probabilities), 1))
    return np.asarray((probabilities.cumsum(axis=1) < chance).sum(axis=1), dtype=np.int64)


def margins_of(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, (rows, 4)).astype(np.float32)


@pytest.mark.parametrize("slope", [0.5, 2.0, 5.0])
def test_a_softmax_of_known_slope_is_recovered(slope: float) -> None:
    margins = margins_of(4000)
    truth = drawn(softmax(slope * margins), seed=1)
    found = fit_calibration(margins, truth, NO_PRIOR).probabilities(margins, NO_PRIOR)
    assert np.abs(found - softmax(slope * margins)).mean() < 0.015
    # What a step of one in the margin is worth, in log odds, near the middle.
    step = np.array([[0.5, -0.5, 0.0, 0.0]], dtype=np.float32)
    made = fit_calibration(margins, truth, NO_PRIOR).probabilities(step, NO_PRIOR)[0]
    assert math.log(made[0] / made[1]) == pytest.approx(slope, rel=0.12)


def test_a_power_of_the_margin_is_recovered() -> None:
    made = Calibration(slope=3.0, shift=6.0, power=4.0)
    margins = margins_of(4000)
    truth = drawn(made.probabilities(margins, NO_PRIOR), seed=2)
    found = fit_calibration(margins, truth, NO_PRIOR).probabilities(margins, NO_PRIOR)
    assert np.abs(found - made.probabilities(margins, NO_PRIOR)).mean() < 0.015


def test_the_prior_is_taken_into_account() -> None:
    prior = np.log(np.array([4.0, 1.0, 1.0, 0.25])).astype(np.float32)
    margins = margins_of(4000)
    truth = drawn(softmax(2 * margins + prior), seed=3)
    found = fit_calibration(margins, truth, prior).probabilities(margins, prior)
    assert np.abs(found - softmax(2 * margins + prior)).mean() < 0.015


def test_confidence_means_what_it_says() -> None:
    margins = margins_of(6000)
    truth = drawn(softmax(1.5 * margins), seed=4)
    calibration = fit_calibration(margins[:3000], truth[:3000], NO_PRIOR)
    found = calibration.probabilities(margins[3000:], NO_PRIOR)
    right = found.argmax(axis=1) == truth[3000:]
    assert found.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.025)


def test_the_order_of_labels_is_kept() -> None:
    margins = margins_of(500)
    truth = drawn(softmax(2 * margins), seed=5)
    found = fit_calibration(margins, truth, NO_PRIOR).probabilities(margins, NO_PRIOR)
    assert (found.argsort(axis=1) == margins.argsort(axis=1)).all()


def test_the_same_rows_give_the_same_numbers() -> None:
    margins, truth = margins_of(300), drawn(softmax(margins_of(300)), seed=6)
    assert fit_calibration(margins, truth, NO_PRIOR) == fit_calibration(margins, truth, NO_PRIOR)


def test_margins_that_are_always_right_give_finite_probabilities() -> None:
    margins = margins_of(200)
    calibration = fit_calibration(margins, margins.argmax(axis=1), NO_PRIOR)
    found = calibration.probabilities(margins, NO_PRIOR)
    assert np.isfinite(found).all()
    assert found.max(axis=1).mean() > 0.95


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        fit_calibration(margins_of(0), np.zeros(0, dtype=np.int64), NO_PRIOR)


def test_log_loss_by_hand() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    truth = np.array([0, 1, 0])
    assert log_loss(probabilities, truth) == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 3)
    assert math.isfinite(log_loss(probabilities, np.array([0, 1, 1]))), (
        "a certain error has a floor"
    )


@pytest.mark.parametrize(
    ("every", "late", "signs", "reason"),
    [
        ([500, 500], [50, 50], [0, 0], "as before"),
        ([500, 500], [90, 10], [1, -1], "one has become commoner, one rarer"),
        ([900, 100], [0, 100], [-1, 1], "one is no longer sent to"),
        ([1000, 0], [90, 10], [-1, 1], "one is new"),
        ([500, 500], [0, 0], [0, 0], "nothing is known of the late slice"),
    ],
)
def test_recent_prior(every: list[int], late: list[int], signs: list[int], reason: str) -> None:
    shift = recent_prior(np.array(every, float), np.array(late, float), pull=1.0)
    assert np.sign(np.round(shift, 5)).tolist() == signs, reason
    assert np.isfinite(shift).all()


def test_recent_prior_by_hand() -> None:
    every, late = np.array([299.5, 99.5]), np.array([0.0, 100.0])
    # Shares .75 and .25 count as 300 rows: 225 + 0 and 75 + 100 of 400.
    expected = np.log([225 / 400 / 0.75, 175 / 400 / 0.25])
    np.testing.assert_allclose(recent_prior(every, late, pull=1.0), expected, atol=1e-6)
    np.testing.assert_allclose(recent_prior(every, late, pull=0.5), expected / 2, atol=1e-6)
    assert not recent_prior(every, late, pull=0.0).any()


def test_more_late_rows_are_believed_more() -> None:
    every = np.array([500.0, 500.0])
    few = recent_prior(every, np.array([9.0, 1.0]), pull=1.0)
    many = recent_prior(every, np.array([900.0, 100.0]), pull=1.0)
    assert 0 < few[0] < many[0] < math.log(0.9 / 0.5)
