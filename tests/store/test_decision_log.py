"""The decision log: append-only, hash-chained, and honest about what was done to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from jiesu.store import Store
from jiesu.store.location import store_url as url_of
from jiesu.store.log import FIRST, canonical
from store_rows import NOW, fill


@pytest.fixture
def raw(store: Store, store_url: str) -> Iterator[Connection]:
    """Return a connection that goes round everything, as an intruder's would."""
    engine = create_engine(url_of(store_url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def unguard(raw: Connection) -> None:
    """Take the triggers away, as only the owner of the tables can."""
    if raw.dialect.name == "sqlite":
        for name in ("update", "delete"):
            raw.execute(text(f"DROP TRIGGER decision_log_no_{name}"))
    else:
        raw.execute(text("ALTER TABLE decision_log DISABLE TRIGGER ALL"))


def write(store: Store, count: int = 5) -> None:
    for number in range(count):
        store.log.append("test", "user:1", f"s{number}", {"n": number, "名": "值"}, now=NOW)


def test_an_empty_log_is_whole(store: Store) -> None:
    assert store.log.verify() is None
    assert store.log.head() == (0, FIRST)
    assert store.log.entries() == []


def test_entries_are_chained(store: Store) -> None:
    write(store)
    entries = store.log.entries()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous == FIRST
    assert [e.previous for e in entries[1:]] == [e.hash for e in entries[:-1]]
    assert entries[2].details == {"n": 2, "名": "值"}
    assert store.log.head() == (5, entries[-1].hash)
    assert store.log.verify() is None


def test_entries_by_page_and_subject(store: Store) -> None:
    write(store)
    assert [e.seq for e in store.log.entries(after=3)] == [4, 5]
    assert [e.seq for e in store.log.entries(limit=2)] == [1, 2]
    assert [e.seq for e in store.log.entries(subject="s3")] == [4]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decision_log SET actor = 'x'",
        "UPDATE decision_log SET hash = hash WHERE seq = 1",
        "DELETE FROM decision_log WHERE seq = 5",
        "DELETE FROM decision_log",
    ],
)
def test_the_database_refuses_to_change_it(store: Store, raw: Connection, statement: str) -> None:
    write(store)
    with pytest.raises(SQLAlchemyError, match="append-only"):
        raw.execute(text(statement))
    assert store.log.verify() is None
    assert store.log.head()[0] == 5


def test_postgresql_refuses_to_empty_it(store: Store, raw: Connection) -> None:
    write(store)
    if raw.dialect.name == "sqlite":
        # SQLite has no TRUNCATE: a DELETE of all rows is refused above.
        with pytest.raises(SQLAlchemyError):
            raw.execute(text("TRUNCATE decision_log"))
    else:
        with pytest.raises(SQLAlchemyError, match="append-only"):
            raw.execute(text("TRUNCATE decision_log"))
    assert store.log.head()[0] == 5


@pytest.mark.parametrize(
    ("statement", "seq", "reason", "why"),
    [
        ("UPDATE decision_log SET actor = 'user:2' WHERE seq = 3", 3, "altered", "who"),
        ("UPDATE decision_log SET details = '{}' WHERE seq = 3", 3, "altered", "what"),
        ("UPDATE decision_log SET details = 'x' WHERE seq = 3", 3, "altered", "no JSON any more"),
        ("UPDATE decision_log SET subject = 's9' WHERE seq = 1", 1, "altered", "of what"),
        ("UPDATE decision_log SET kind = 'x' WHERE seq = 5", 5, "altered", "the last one"),
        ("UPDATE decision_log SET at = '2020-01-01 00:00:00.000000' WHERE seq = 2", 2, "altered",
         "when"),
        ("DELETE FROM decision_log WHERE seq = 2", 2, "missing", "one in the middle"),
        ("DELETE FROM decision_log WHERE seq = 1", 1, "missing", "the first one"),
    ],
)  # fmt: skip
def test_whatever_was_done_is_found(
    store: Store, raw: Connection, statement: str, seq: int, reason: str, why: str
) -> None:
    write(store)
    unguard(raw)
    raw.execute(text(statement))
    broken = store.log.verify()
    assert broken is not None, why
    assert (broken.seq, broken.reason) == (seq, reason), why


def test_an_entry_made_up_and_resealed_breaks_the_next(store: Store, raw: Connection) -> None:
    write(store)
    unguard(raw)
    raw.execute(text("UPDATE decision_log SET actor = 'x' WHERE seq = 3"))
    forged = store.log.entries()[2].expected_hash()
    raw.execute(text("UPDATE decision_log SET hash = :h WHERE seq = 3"), {"h": forged})
    broken = store.log.verify()
    assert broken is not None
    assert broken.seq == 4


def test_an_end_that_was_cut_off_is_found_by_who_noted_it(store: Store, raw: Connection) -> None:
    write(store)
    head = store.log.head()
    write(store, 2)
    assert store.log.verify(head=head) is None
    unguard(raw)
    raw.execute(text("DELETE FROM decision_log WHERE seq >= 5"))
    assert store.log.verify() is None, "the chain alone cannot tell"
    broken = store.log.verify(head=head)
    assert broken is not None
    assert (broken.seq, broken.reason) == (5, "cut")


def test_a_log_written_anew_is_found_by_who_noted_it(store: Store) -> None:
    write(store)
    broken = store.log.verify(head=(3, "f" * 64))
    assert broken is not None
    assert (broken.seq, broken.reason) == (3, "altered")
    assert store.log.verify(head=(0, FIRST)) is None


def test_many_writers_make_one_chain(store: Store) -> None:
    def run() -> None:
        for number in range(20):
            store.log.append("test", "thread", str(number))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.log.head()[0] == 80
    assert store.log.verify() is None


def test_a_clock_that_jumps_breaks_no_chain(store: Store) -> None:
    for year in (2026, 1999, 2100, 2026):
        store.log.append("test", "a", "b", now=datetime(year, 1, 1, tzinfo=NOW.tzinfo))
    assert store.log.verify() is None


def test_hostile_words_keep_their_hash(store: Store) -> None:
    store.log.append("test", "a\x00b\ud800", "\x00", {"a": "\x00\ud800", "b": [1, None, True]})
    assert store.log.verify() is None


def test_a_chain_longer_than_a_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jiesu.store.log._PAGE", 3)
    write(store, 10)
    assert store.log.verify() is None


def test_every_verdict_is_in_it(store: Store) -> None:
    fill(store, 3)
    entries = store.log.entries()
    assert [e.kind for e in entries] == ["verdict"] * 3
    assert entries[0].details["action"] == "review"
    assert len(entries[0].details["verdict"]) == 64


def test_canonical_json_has_one_spelling() -> None:
    assert canonical({"b": 1, "a": "路"}) == canonical({"a": "路", "b": 1})
    assert canonical({"b": 1, "a": "路"}) == '{"a":"\\u8def","b":1}'
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})
