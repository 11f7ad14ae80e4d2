"""Why a case stands where it does."""

from __future__ import annotations

import pytest

from jiesu.review.order import explain
from jiesu.store import Store
from store_rows import DAY, HOUR, NOW, scored, take


@pytest.mark.parametrize("hours", [0, 5, 48])
def test_the_parts_make_the_whole(store: Store, hours: int) -> None:
    store.appeals.put([scored("1", risk="watch", confidence=0.5)], now=NOW)
    now = NOW + hours * HOUR
    case = take(store, 1, now)
    record = store.appeals.get("1")
    assert record is not None
    found = explain(case, record.verdict, now)
    assert (found.risk, found.uncertainty) == (3.0, 0.625)
    assert found.value == pytest.approx(case.priority(now))
    assert found.value == pytest.approx(found.risk * found.uncertainty * found.age)
    assert found.hours == pytest.approx(hours, abs=1e-6)


def test_an_audit_has_the_weight_of_a_plain_case(store: Store) -> None:
    store.appeals.put([scored("1", action="auto", confidence=0.99)], now=NOW)
    record = store.appeals.get("1")
    assert record is not None
    found = explain(take(store, 1), record.verdict, NOW + DAY)
    assert (found.risk, found.uncertainty) == (1.0, 1.0)
    assert found.age == pytest.approx(2.0)


def test_an_objection_weighs(store: Store) -> None:
    store.appeals.put([scored("1", action="auto")], now=NOW)
    store.reviews.feedback("1", 5, "objection", now=NOW)
    record = store.appeals.get("1")
    assert record is not None
    cases = [case for case in store.reviews.cases_of("1") if case.kind == "objection"]
    # The audit that the test's store draws waits already: no case of its own is opened.
    assert cases == []
    assert explain(take(store, 1), record.verdict, NOW).risk == 1.0
