"""Counts for the dashboard."""

from __future__ import annotations

from jiesu.store import Store, Volume
from store_rows import DAY, HOUR, MINUTE, NOW, SECOND, fill, review, scored


def test_volumes(store: Store) -> None:
    store.appeals.put(
        [
            scored("1", "一", received_at="2026-11-01T08:15:00", action="auto"),
            scored("2", "二", received_at="2026-11-01T08:45:00", flags=("abuse",)),
            scored("3", "三", received_at="2026-11-02T23:00:00+00:00", type="help", area=None),
        ],
        now=NOW,
    )
    store.appeals.put([scored("4", "四")], now=NOW + DAY)
    found = store.figures.volumes(NOW, NOW + DAY)
    assert found.total == Volume("", 3, 1, 1)
    assert found.types == [Volume("complaint", 2, 1, 1), Volume("help", 1, 0, 0)]
    assert found.areas == [Volume("龙华区", 2, 1, 1), Volume("", 1, 0, 0)]
    assert found.functions == [Volume("供电局", 3, 1, 1)]
    assert [(v.name, v.total) for v in found.days] == [("2026-11-01", 2), ("2026-11-03", 1)]
    assert [(v.name, v.total) for v in found.hours] == [("7", 1), ("8", 2)], "in Beijing"


def test_an_empty_period(store: Store) -> None:
    found = store.figures.volumes(NOW, NOW)
    assert found.total == Volume("", 0, 0, 0)
    assert found.types == found.hours == []
    assert store.figures.waiting_since(NOW) == []


def test_what_waits_and_since_when(store: Store) -> None:
    fill(store, 2, now=NOW)
    store.appeals.put([scored("x", "二")], now=NOW - HOUR)
    assert store.figures.waiting_since(NOW) == [NOW - HOUR, NOW, NOW]
    review(store, 1, now=NOW)
    assert len(store.figures.waiting_since(NOW + SECOND)) == 2
    assert store.figures.waiting_since(NOW - MINUTE) == [], "nothing was open then"
