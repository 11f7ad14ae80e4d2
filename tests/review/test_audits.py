"""The live error bound: what counts as an error, and that disputes are no escape."""

from __future__ import annotations

import pytest

from jiesu.review.audits import audit_bounds
from jiesu.review.bound import upper_bound
from jiesu.store import Store
from store_rows import MINUTE, NOW, review, scored, user

LATER = NOW + MINUTE
LAST = LATER + MINUTE


def automatic(store: Store, count: int, **fields: object) -> None:
    rows = [scored(f"{n}", f"{n}", action="auto", **fields) for n in range(count)]  # type: ignore[arg-type]
    store.appeals.put(rows, now=NOW)


def test_errors_and_their_bound(store: Store) -> None:
    automatic(store, 20)
    for number in range(20):
        review(store, 1, {"function": "公安局"} if number < 3 else None)
    found = audit_bounds(store.reviews.iterate())
    assert (found.total.audits, found.total.errors, found.total.confidence) == (20, 3, 0.95)
    assert found.total.bound == pytest.approx(upper_bound(3, 20, delta=0.05))
    assert found.labels["function"].errors == 3
    assert found.labels["type"].errors == 0
    assert found.types["complaint"] == found.total
    assert found.disputed == 0


def test_no_audits_bound_nothing(store: Store) -> None:
    found = audit_bounds(store.reviews.iterate())
    assert (found.total.audits, found.total.bound) == (0, 1.0)
    assert found.types == {}


def test_usual_cases_are_no_audits(store: Store) -> None:
    store.appeals.put([scored("1")], now=NOW)
    review(store, 1, {"type": "help"})
    assert audit_bounds(store.reviews.iterate()).total.audits == 0


def test_a_dispute_counts_as_an_error_until_it_is_settled(store: Store) -> None:
    automatic(store, 1)
    li, wang, zhao = (user(store, name) for name in ("li", "wang", "zhao"))
    review(store, li)
    assert audit_bounds(store.reviews.iterate()).total.errors == 0
    review(store, wang, {"type": "help"}, now=LATER)
    found = audit_bounds(store.reviews.iterate())
    assert (found.total.errors, found.disputed) == (1, 1)
    review(store, zhao, now=LAST)
    found = audit_bounds(store.reviews.iterate())
    assert (found.total.audits, found.total.errors, found.disputed) == (1, 0, 0)


def test_a_wrong_first_view_may_be_set_right(store: Store) -> None:
    automatic(store, 1)
    review(store, 1, {"type": "help"})
    review(store, 2, now=LATER)
    review(store, 3, now=LAST)
    assert audit_bounds(store.reviews.iterate()).total.errors == 0


def test_what_does_not_change_the_dispatch_is_no_error(store: Store) -> None:
    automatic(store, 1)
    review(store, 1, {"subdistrict": "海府街道", "risk": "watch"})
    assert audit_bounds(store.reviews.iterate()).total.errors == 0


def test_another_confidence(store: Store) -> None:
    automatic(store, 5)
    for _ in range(5):
        review(store, 1)
    found = audit_bounds(store.reviews.iterate(), confidence=0.8)
    assert found.total.bound == pytest.approx(upper_bound(0, 5, delta=0.2))
