"""What goes wrong in the field: killed processes, two at once, a full disk, a jumping clock."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

import store_child
from jiesu.errors import StoreError
from jiesu.store import Sampling, Store, open_store
from postgres_server import PostgresServer
from store_rows import DAY, MINUTE, NOW, SECOND, fill, review, scored, take, user

OpenStore = Callable[..., Store]
ACKNOWLEDGED = 1_000
KILLED_AFTER = (37, 211, 212, 540, 803)


def start(task: str, url: str, who: int, env: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, store_child.__file__, task, url, str(who)]
    child = subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def go(child: subprocess.Popen[str]) -> Iterator[str]:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("\n")
    child.stdin.flush()
    # Not `yield from`: that would close the stream when the reader stops half-way.
    for line in child.stdout:  # noqa: UP028
        yield line


def end(child: subprocess.Popen[str], how: signal.Signals | None = None) -> list[str]:
    """Let a process end, or kill it, and return what it had said by then."""
    if how is not None:
        child.send_signal(how)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    # What was said before the end was acknowledged too.
    rest = child.stdout.readlines()
    child.stdout.close()
    child.wait(timeout=180)
    return rest


@pytest.mark.slow
def test_killed_during_a_thousand_acknowledged_reviews(
    store: Store, store_url: str, child_env: dict[str, str]
) -> None:
    fill(store, ACKNOWLEDGED + 5)
    li = user(store)
    promised: list[str] = []
    for limit in (*KILLED_AFTER, ACKNOWLEDGED):
        child = start("decide", store_url, li, child_env)
        for line in go(child):
            promised.append(line)
            if len(promised) >= limit:
                break
        # Half a line is none: it was cut while being said.
        promised += [line for line in end(child, signal.SIGKILL) if line.endswith("\n")]
        assert child.returncode == -signal.SIGKILL
    assert len(promised) >= ACKNOWLEDGED
    kept = {review.id: review for review in store.reviews.iterate()}
    for line in promised:
        number, case, action = line.split()
        found = kept[int(number)]
        assert (found.case_id, found.action) == (int(case), action)
    assert len({review.case_id for review in kept.values()}) == len(kept), "none decided twice"
    assert store.log.verify() is None
    logged = {e.details["review"] for e in _entries(store) if e.kind == "review"}
    assert logged == set(kept), "the log has all of them, and no other"
    still = store.reviews.counts(now=NOW).total
    assert still == ACKNOWLEDGED + 5 - len(kept), "what was not decided waits"


def test_two_processes_claim_at_once(
    store: Store, store_url: str, child_env: dict[str, str]
) -> None:
    fill(store, 120)
    children = [start("claim", store_url, who, child_env) for who in (1, 2)]
    found: list[list[str]] = [[], []]

    def read(place: int) -> None:
        found[place] += go(children[place])

    threads = [threading.Thread(target=read, args=(place,)) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for child in children:
        end(child)
        assert child.returncode == 0
    first, second = map(set, found)
    assert not first & second, "never the same case"
    assert len(first | second) == 120, "and none is left"
    assert first
    assert second


@contextmanager
def limited(pages: int) -> Iterator[None]:
    """Let SQLite's files grow to no more than some pages, like a full disk."""

    def limit(connection: Any, _: Any) -> None:
        with suppress(AttributeError):
            connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    open_store(url).close()
    acknowledged: list[str] = []
    with limited(150), open_store(url, sampling=Sampling(0.0, 0.0, "s")) as store:
        li = user(store)

        def put() -> None:
            for number in range(1_000):
                store.appeals.put([scored(f"{number}", f"{number}" * 50)], now=NOW)
                acknowledged.append(f"{number}")

        def decide() -> None:
            for _ in range(1_000):
                review(store, li)

        with pytest.raises(StoreError) as caught:
            put()
        assert caught.value.code == "store_full"
        assert acknowledged
        store.ping()
        assert set(store.appeals.get_many(acknowledged)) == set(acknowledged), "it still reads"
        with pytest.raises(StoreError) as caught:
            decide()
        assert caught.value.code == "store_full"
        reviews = list(store.reviews.iterate())
        assert store.log.verify() is None
    with open_store(url) as again:
        assert again.appeals.count() == len(acknowledged)
        assert list(again.reviews.iterate()) == reviews
        assert again.log.verify() is None
        assert again.appeals.put([scored("new", "二")])[0].outcome == "new"


NUMBERS = itertools.count()
MOMENTS = st.lists(
    st.one_of(
        st.integers(-15, 15),
        st.sampled_from([-400 * 86_400, -86_400, -901, -900, 899, 900, 901, 86_400, 400 * 86_400]),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.usefixtures("quick_passwords")
@given(jumps=MOMENTS, seed=st.integers(0, 2**16))
def test_a_clock_that_jumps_back_and_forth(store: Store, jumps: list[int], seed: int) -> None:
    chance = random.Random(seed)
    now = NOW
    prefix = f"{next(NUMBERS)}"
    store.appeals.put([scored(f"{prefix}-{n}", f"{n}") for n in range(3)], now=now)
    name = f"u{prefix}"
    li = user(store, name)
    token = store.sessions.create(li, now)
    held: dict[int, int] = {}
    decided: dict[int, int] = {}
    last: tuple[int, int] | None = None
    for jump in jumps:
        now += timedelta(seconds=jump)
        who = chance.choice([li, li + 1_000_000])
        store.sessions.get(token, now)
        store.users.verify(name, "wrong password", now)
        store.reviews.queue(now=now, user_id=who)
        store.figures.waiting_since(now)
        case = store.reviews.claim_next(who, now=now)
        if case is not None:
            held[case.id] = who
            assert case.claimed_by == who
            other = li if who != li else li + 1_000_000
            assert not store.reviews.claim(case.id, other, now), "nobody else gets it now"
            if chance.random() < 0.6:
                done = store.reviews.decide(case.id, who, "accept", now=now)
                decided[case.id] = done.id
                last = (done.id, who)
        elif last is not None and store.reviews.undo(*last, now):
            decided = {c: r for c, r in decided.items() if r != last[0]}
    for case_id in decided:
        standing = [r for r in store.reviews.iterate() if r.case_id == case_id]
        assert len(standing) == 1, "decided once"
    assert store.log.verify() is None


def test_who_lost_a_claim_to_the_clock_cannot_decide_too(store: Store) -> None:
    fill(store, 1)
    case = take(store, 1, NOW)
    # The clock jumps forward: the claim is over, another takes the case; then it jumps back.
    assert store.reviews.claim(case.id, 2, NOW + DAY)
    assert not store.reviews.claim(case.id, 1, NOW + SECOND)
    with pytest.raises(StoreError) as caught:
        store.reviews.decide(case.id, 1, "accept", now=NOW + SECOND)
    assert caught.value.code == "store_conflict"
    assert store.reviews.release(case.id, 2), "the case is not lost until the next day"
    assert store.reviews.claim(case.id, 1, NOW + MINUTE)


def test_postgresql_stops_and_starts(postgres: PostgresServer) -> None:
    store = open_store(postgres.new_database(), sampling=Sampling(0.0, 0.0, "s"))
    key = store.keys.create("call centre", ["score"])
    acknowledged: list[str] = []
    refused: list[str] = []
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                store.appeals.put([scored(f"{number}", f"{number}")])
                acknowledged.append(f"{number}")
            except StoreError as error:
                refused.append(error.code)
                stop.wait(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        _until(lambda: len(acknowledged) > 20)
        postgres.stop()
        try:
            _until(lambda: len(refused) > 2)
            for act in (store.ping, store.appeals.count, lambda: store.keys.verify(key, NOW)):
                with pytest.raises(StoreError) as caught:
                    act()
                assert caught.value.code == "store_down"
        finally:
            postgres.start()
        before = len(acknowledged)
        _until(lambda: len(acknowledged) > before + 20)
    finally:
        stop.set()
        writer.join()
    store.ping()
    assert set(refused) <= {"store_down", "store_busy"}
    assert set(store.appeals.get_many(acknowledged)) == set(acknowledged)
    assert store.log.verify() is None
    store.close()


def test_a_store_that_is_busy_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jiesu.store.database.BUSY_SECONDS", 0.2)
    url = f"sqlite:///{tmp_path}/store.db"
    with open_store(url) as store, open_store(url) as other, store._database.write():
        assert other.appeals.count() == 0, "reading goes on"
        with pytest.raises(StoreError) as caught:
            other.appeals.put([scored("1")])
        assert caught.value.code == "store_busy"


def _entries(store: Store) -> list[Any]:
    found: list[Any] = []
    while page := store.log.entries(after=found[-1].seq if found else 0, limit=1_000):
        found += page
    return found


def _until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")
