"""Seeded checks: how often each reviewer finds the known answer."""

from __future__ import annotations

from typing import Any

import pytest

from jiesu.review.checks import check_rates, is_right
from jiesu.store import Store
from store_rows import NOW, review, scored, user


def test_rates_by_reviewer(store: Store) -> None:
    li, wang = user(store, "li"), user(store, "wang")
    store.appeals.put([scored("1", "一"), scored("2", "二")], now=NOW)
    for id in ("1", "2"):
        store.reviews.feedback(id, 1, "accept", now=NOW)
        store.reviews.seed_check(id, {"type": "help", "function": "供电局"}, now=NOW, copies=2)
    for _ in range(2):
        review(store, li, {"type": "help"})
        review(store, wang)
    found = check_rates(store.reviews.iterate(), store.reviews.answers())
    assert {who: (rate.hits, rate.n) for who, rate in found.items()} == {li: (2, 2), wang: (0, 2)}


@pytest.mark.parametrize(
    ("changes", "expected", "right"),
    [
        ({"type": "help"}, {"type": "help"}, True),
        ({"type": "help"}, {"type": "help", "function": "公安局"}, False),
        ({"flags": ["threat", "abuse"]}, {"flags": ["abuse", "threat"]}, True),
        ({"flags": ["threat"]}, {"flags": []}, False),
        (None, {"flags": []}, True),
        (None, {"area": "龙华区"}, True),
    ],
)
def test_only_what_is_expected_counts(
    store: Store, changes: dict[str, Any] | None, expected: dict[str, Any], right: bool
) -> None:
    store.appeals.put([scored("1")], now=NOW)
    assert is_right(review(store, 1, changes), expected) is right


def test_without_an_answer_there_is_no_rate(store: Store) -> None:
    store.appeals.put([scored("1")], now=NOW)
    review(store, 1)
    assert check_rates(store.reviews.iterate(), {}) == {}
