"""The order of the queue as one stored number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.store import rank
from store_rows import DAY, HOUR, NOW, verdict


def test_priority_is_the_product_of_its_parts() -> None:
    key = rank.rank(3.0 * 0.5, NOW)
    assert rank.priority(key, NOW) == pytest.approx(1.5)
    assert rank.priority(key, NOW + DAY) == pytest.approx(3.0), "a day doubles it"
    assert rank.priority(key, NOW + 12 * HOUR) == pytest.approx(1.5 * 2**0.5)
    assert rank.hours(2.0) == 24.0
    assert rank.hours(0.0) == 0.0


@given(
    parts=st.tuples(st.floats(0.25, 16), st.floats(0.25, 16)),
    waited=st.tuples(st.integers(0, 9_000), st.integers(0, 9_000)),
    later=st.integers(0, 20_000),
)
def test_who_is_ahead_stays_ahead(
    parts: tuple[float, float], waited: tuple[int, int], later: int
) -> None:
    keys = [
        rank.rank(part, NOW - timedelta(minutes=minutes))
        for part, minutes in zip(parts, waited, strict=True)
    ]
    now = NOW + timedelta(minutes=later)
    then = [rank.priority(key, NOW) for key in keys]
    if then[0] != pytest.approx(then[1]):
        still = [rank.priority(key, now) for key in keys]
        assert (then[0] > then[1]) == (still[0] > still[1])


@pytest.mark.parametrize(
    ("fields", "risk", "reason"),
    [
        ({}, 1.0, "nothing grave"),
        ({"risk": "watch"}, 3.0, "to be watched"),
        ({"risk": "urgent"}, 1024.0, "urgent"),
        ({"reasons": ("disposition_emergency",)}, 1024.0, "an emergency"),
        ({"reasons": ("maybe_emergency", "advisory")}, 8.0, "the gravest counts"),
        ({"risk": "watch", "reasons": ("advisory",)}, 3.0, "of both kinds"),
        ({"action": "auto"}, 1.0, "decided automatically"),
    ],
)
def test_risk(fields: dict[str, object], risk: float, reason: str) -> None:
    assert rank.weights(verdict("1", **fields)).risk == risk, reason  # type: ignore[arg-type]


@pytest.mark.parametrize(("confidence", "expected"), [(1.0, 0.25), (0.0, 1.0), (0.5, 0.625)])
def test_uncertainty(confidence: float, expected: float) -> None:
    assert rank.weights(verdict("1", confidence=confidence)).uncertainty == expected


def test_an_objection_weighs() -> None:
    assert rank.weights(verdict("1"), reasons=("objection",)).risk == 4.0


@pytest.mark.parametrize(
    ("received", "expected", "reason"),
    [
        (NOW - HOUR, NOW - HOUR, "its own age"),
        (NOW - 900 * DAY, NOW - 7 * DAY, "an import does not jump the queue"),
        (NOW + 30 * DAY, NOW, "a wrong date does not hold it back"),
    ],
)
def test_what_the_age_counts_from(received: object, expected: object, reason: str) -> None:
    assert rank.counted_from(received, NOW) == expected, reason  # type: ignore[arg-type]


def test_far_off_moments_overflow_nothing() -> None:
    key = rank.rank(1.0, NOW - timedelta(days=700_000))
    assert rank.priority(key, NOW) == 2.0**60
    assert rank.priority(-key * 9, NOW) > 0


def test_danger_now_is_ahead_of_a_week_of_doubt() -> None:
    certain = 1024.0 * 0.25  # an emergency that nothing about is uncertain
    assert rank.rank(certain, NOW) > rank.rank(1.0, NOW - 7 * DAY)
