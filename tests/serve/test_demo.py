"""The demonstration's sample: lately received, stored once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from jiesu.corpus.record import Row, appeal_from
from jiesu.engine import Engine
from jiesu.serve.demo import Demonstration, fill, recent, store_url
from jiesu.store import open_store

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def rows() -> list[Row]:
    records = [
        {"id": "1", "text": "路灯坏了", "received_at": "2018-01-01T21:00:00"},
        {"id": "2", "text": "停水两天", "received_at": "2018-03-01T08:30:00"},
        {"id": "3", "text": "没有时间"},
    ]
    return [appeal_from(record, number=n) for n, record in enumerate(records, start=1)]


def test_appeals_are_moved_by_whole_days() -> None:
    moved = [row.appeal.received_at for row in recent(rows(), NOW) if row.appeal]
    assert moved[1] == "2026-11-02T08:30:00"
    # As far apart as they were, at the same time of day.
    assert moved[0] == (datetime(2026, 11, 2, 21) - timedelta(days=59)).isoformat()
    assert moved[2] is None


def test_filling_twice_stores_once(tmp_path: Path, tiny_engine: Engine) -> None:
    waiting = fill(tmp_path, tiny_engine, rows(), NOW)
    assert fill(tmp_path, tiny_engine, rows(), NOW + timedelta(days=1)) == waiting
    with open_store(store_url(tmp_path)) as store:
        assert store.appeals.count() == 3
        record = store.appeals.get("2")
        assert record is not None
        assert record.received_at == "2026-11-02T08:30:00"
        assert store.users.list() == []


def test_each_start_has_a_link_for_the_administrator(tmp_path: Path) -> None:
    links = set()
    for _ in range(2):
        shown = Demonstration(tmp_path)
        links.add(shown.link.split("link=")[1])
        shown.close()
    assert len(links) == 2
    with open_store(store_url(tmp_path)) as store:
        (admin,) = store.users.list()
        assert admin.role == "admin"
        for token in links:
            assert store.users.redeem(token, datetime.now(UTC)) is not None
