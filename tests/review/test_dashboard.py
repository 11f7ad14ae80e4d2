"""The dashboard's figures, put together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jiesu.review.dashboard import backlog, dashboard
from jiesu.store import Store
from store_rows import DAY, HOUR, MINUTE, NOW, review, scored, user


def test_a_period(store: Store) -> None:
    li = user(store)
    store.appeals.put(
        [
            scored("1", "一"),
            scored("2", "二", action="auto", confidence=0.99),
            scored("3", "三", flags=("abuse",)),
            scored("4", "四", action="auto", confidence=0.99),
        ],
        now=NOW,
    )
    for _ in range(2):
        review(store, li, {"type": "help"}, now=NOW + HOUR)
    found = dashboard(store, since=NOW, until=NOW + DAY, now=NOW + 2 * HOUR)
    assert (found.volumes.total.total, found.auto_share, found.flagged_share) == (4, 0.5, 0.25)
    assert found.reviews == 2
    assert (found.overrides.total.hits, found.overrides.total.n) == (2, 2)
    assert found.backlog.waiting == 4, "two undecided, two second views"
    assert found.backlog.oldest_hours == 2.0
    assert found.checks == {}
    assert {one.label for one in found.agreement} == {"type", "function", "disposition", "flagged"}
    assert found.audits.total.audits == 2


def test_an_empty_store(store: Store) -> None:
    found = dashboard(store, since=NOW - DAY, until=NOW, now=NOW)
    assert (found.volumes.total.total, found.auto_share, found.flagged_share) == (0, None, None)
    assert found.backlog.waiting == 0
    assert found.audits.total.bound == 1.0


def test_what_was_decided_outside_the_period_does_not_count(store: Store) -> None:
    store.appeals.put([scored("1")], now=NOW)
    review(store, 1, now=NOW + DAY)
    found = dashboard(store, since=NOW, until=NOW + DAY, now=NOW + DAY)
    assert (found.reviews, found.volumes.total.total) == (0, 1)


@pytest.mark.parametrize(
    ("ages", "median", "oldest", "groups"),
    [
        ([], 0.0, 0.0, {}),
        ([HOUR], 1.0, 1.0, {"4h": 1}),
        ([HOUR, 3 * HOUR], 2.0, 3.0, {"4h": 2}),
        (
            [4 * HOUR, 5 * HOUR, 2 * DAY, 6 * DAY, 30 * DAY],
            48.0,
            720.0,
            {"4h": 1, "24h": 1, "3d": 1, "7d": 1, "more": 1},
        ),
        ([-DAY], 0.0, 0.0, {"4h": 1}),
    ],
)
def test_backlog(
    ages: list[timedelta], median: float, oldest: float, groups: dict[str, int]
) -> None:
    found = backlog([NOW - age for age in ages], NOW)
    assert (found.waiting, found.median_hours, found.oldest_hours) == (len(ages), median, oldest)
    assert {name: count for name, count in found.ages.items() if count} == groups


def test_minutes_are_parts_of_hours() -> None:
    assert backlog([NOW - 30 * MINUTE], NOW).median_hours == 0.5
