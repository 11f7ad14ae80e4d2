"""Retention: what is too old is gone, really, and the log says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from jiesu.store import Purged, Store
from jiesu.store.location import store_url as url_of
from store_rows import DAY, HOUR, NOW, TEXT, fill, review, scored, user


def test_what_is_older_goes_with_all_that_belongs_to_it(store: Store) -> None:
    old = fill(store, 5, now=NOW - 10 * DAY)
    li = user(store)
    done = review(store, li, now=NOW - 9 * DAY)
    store.appeals.put([scored("new", "二", idempotency_key="k")], now=NOW)
    found = store.purge(NOW - DAY, actor="user:1", now=NOW)
    assert found == Purged(appeals=5, verdicts=5, reviews=1, open_cases=4)
    assert store.appeals.get_many(old) == {}
    assert store.appeals.history(old[0]) == []
    assert store.reviews.get(done.id) is None
    assert store.reviews.of(done.appeal_id) == []
    assert [c.appeal_id for c in store.reviews.queue(now=NOW).items] == ["new"]
    assert store.users.get(li) is not None


def test_the_log_stays_and_says_so(store: Store) -> None:
    fill(store, 3, now=NOW - 10 * DAY)
    before = store.log.entries()
    store.purge(NOW, actor="user:1", now=NOW)
    entries = store.log.entries()
    assert entries[:3] == before
    assert (entries[3].kind, entries[3].actor) == ("purge", "user:1")
    assert entries[3].details["appeals"] == 3
    assert store.log.verify() is None


def test_nothing_to_do(store: Store) -> None:
    fill(store, 2)
    assert store.purge(NOW - DAY) == Purged()
    assert store.appeals.count() == 2
    assert [e.kind for e in store.log.entries()] == ["verdict", "verdict"]


def test_the_age_is_that_of_the_record_not_of_the_appeal(store: Store) -> None:
    store.appeals.put([scored("1", received_at=(NOW - 900 * DAY).isoformat())], now=NOW)
    assert store.purge(NOW - DAY).appeals == 0


def test_more_than_one_part(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jiesu.store.purge._CHUNK", 4)
    fill(store, 10, now=NOW - 10 * DAY)
    assert store.purge(NOW).appeals == 10
    assert store.appeals.count() == 0
    parts = [e.details["appeals"] for e in store.log.entries() if e.kind == "purge"]
    assert parts == [4, 4, 2]


def test_a_purged_id_may_come_again(store: Store) -> None:
    store.appeals.put([scored("1", key_id=1, idempotency_key="k")], now=NOW - DAY)
    store.purge(NOW)
    [done] = store.appeals.put([scored("1", "二", key_id=1, idempotency_key="k")], now=NOW)
    assert done.outcome == "new"


def test_sessions_and_links_that_are_over_go_too(store: Store, store_url: str) -> None:
    li = user(store)
    store.sessions.create(li, NOW - 3 * DAY)
    alive = store.sessions.create(li, NOW)
    store.users.link(li, now=NOW - DAY)
    link = store.users.link(li, now=NOW)
    store.purge(NOW - HOUR, now=NOW)
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        for table in ("sessions", "login_links"):
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert count == 1, table
    engine.dispose()
    assert store.sessions.get(alive, NOW) is not None
    assert store.users.redeem(link, NOW) is not None


def test_nothing_of_it_is_left_in_the_file(store: Store, store_url: str, tmp_path: Path) -> None:
    marked = "独一无二的井盖"
    store.appeals.put([scored("1", f"{marked}{TEXT}")], now=NOW - DAY)
    store.purge(NOW, now=NOW)
    store.close()
    if store_url.startswith("sqlite"):
        for path in tmp_path.glob("store.db*"):
            assert marked.encode() not in path.read_bytes(), path.name
    else:
        assert store.appeals.get("1") is None, "PostgreSQL's own vacuum does the rest"
