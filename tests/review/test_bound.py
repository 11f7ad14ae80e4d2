"""Exact intervals: against published values, and by what they promise."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binomtest

from jiesu.review.bound import Rate, audits_needed, rate, upper_bound


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 127), (0, 1)])
def test_the_interval_is_clopper_and_pearsons(hits: int, n: int) -> None:
    found = rate(hits, n)
    expected = binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx(expected.low)
    assert found.high == pytest.approx(expected.high)
    assert found.value == hits / n


def test_nothing_to_count() -> None:
    assert rate(0, 0) == Rate(0, 0, None, None, None)
    assert upper_bound(0, 0, delta=0.05) == 1.0


def test_the_rule_of_three() -> None:
    assert upper_bound(0, 300, delta=0.05) == pytest.approx(3 / 300, rel=0.01)


@pytest.mark.parametrize(("risk", "expected"), [(0.05, 59), (0.01, 299), (0.5, 5)])
def test_how_many_audits_it_takes(risk: float, expected: int) -> None:
    assert audits_needed(risk) == expected
    assert upper_bound(0, expected, delta=0.05) <= risk < upper_bound(0, expected - 1, delta=0.05)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_it_holds_as_often_as_it_says(share: float) -> None:
    chance = random.Random(1)
    held = 0
    for _ in range(400):
        errors = sum(chance.random() < share for _ in range(80))
        held += upper_bound(errors, 80, delta=0.1) >= share
    assert held / 400 >= 0.87


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5)])
def test_more_hits_than_there_are(hits: int, n: int) -> None:
    with pytest.raises(ValueError, match="found"):
        rate(hits, n)
    with pytest.raises(ValueError, match="found"):
        upper_bound(hits, n, delta=0.05)
    with pytest.raises(ValueError, match="risk"):
        audits_needed(float(hits))
