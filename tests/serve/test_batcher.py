"""The micro-batcher: nobody waits when it is idle, everybody is answered, nobody is forgotten."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jiesu.serve.batcher import Batcher
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import ServeError
from jiesu.serve.settings import ServeSettings


class Work:
    """Doubles numbers, one batch after another; `hold` makes it wait until `go` is called."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def hold(self) -> None:
        self.gate.clear()
        self.begun.clear()

    def go(self) -> None:
        self.gate.set()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.gate.wait(10)
        self.batches.append(list(items))
        if any(item < 0 for item in items):
            raise ValueError("an item below zero")
        return [2 * item for item in items]


@asynccontextmanager
async def batching(work: Work, **settings: Any) -> AsyncIterator[Batcher[int, int]]:
    batcher: Batcher[int, int] = Batcher(
        work, size=abs, settings=ServeSettings(**settings), metrics=Metrics()
    )
    batcher.start()
    try:
        yield batcher
    finally:
        work.go()
        await batcher.drain()


async def held(batcher: Batcher[int, int], work: Work) -> asyncio.Task[int]:
    """Keep the worker busy with one item, until `work.go`."""
    work.hold()
    first = asyncio.create_task(batcher.one(1))
    assert await asyncio.to_thread(work.begun.wait, 10)
    return first


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 30)

    asyncio.run(limited())


def test_an_item_that_finds_it_idle_goes_alone_and_at_once() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work) as batcher:
            started = time.perf_counter()
            assert await batcher.one(21) == 42
            assert time.perf_counter() - started < 0.5
        assert work.batches == [[21]]

    run(test)


def test_what_waits_meanwhile_makes_one_batch() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10) as batcher:
            first = await held(batcher, work)
            others = [asyncio.create_task(batcher.one(number)) for number in range(2, 12)]
            await asyncio.sleep(0.05)
            work.go()
            assert await first == 2
            assert await asyncio.gather(*others) == [2 * number for number in range(2, 12)]
        assert [len(batch) for batch in work.batches] == [1, 10]

    run(test)


def test_a_batch_holds_what_is_about_as_long_and_the_oldest_is_in_it() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10, batch=3, batch_characters=1000) as batcher:
            await held(batcher, work)
            sizes = [400, 10, 390, 11, 12]
            others = [asyncio.create_task(batcher.one(size)) for size in sizes]
            await asyncio.sleep(0.05)
            work.go()
            await asyncio.gather(*others)
        # Two of some 400 are all that 1000 holds; the short ones go together.
        assert [sorted(batch) for batch in work.batches] == [[1], [390, 400], [10, 11, 12]]

    run(test)


@pytest.mark.parametrize(
    ("settings", "waiting", "reason"),
    [
        ({"queue": 4, "max_wait": 10}, 4, "the queue is full"),
        ({"queue": 100, "max_wait": 0.05}, 1, "the oldest has waited for too long"),
    ],
)
def test_an_overload_turns_away_at_once(
    settings: dict[str, Any], waiting: int, reason: str
) -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, **settings) as batcher:
            await held(batcher, work)
            accepted = [asyncio.create_task(batcher.one(number)) for number in range(waiting)]
            await asyncio.sleep(0.1)
            assert batcher.overloaded(), reason
            with pytest.raises(ServeError) as caught:
                await batcher.one(9)
            assert (caught.value.status, caught.value.code) == (429, "overloaded")
            assert int(caught.value.headers["Retry-After"]) >= 1
            work.go()
            assert await asyncio.gather(*accepted) == [2 * number for number in range(waiting)]

    run(test)


def test_what_was_not_begun_by_its_deadline_is_told_so() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, deadline=0.1, max_wait=10) as batcher:
            first = await held(batcher, work)
            late = asyncio.create_task(batcher.one(2))
            await asyncio.sleep(0.3)
            work.go()
            # It was begun in time, however long it took.
            assert await first == 2
            with pytest.raises(ServeError) as caught:
                await late
            assert (caught.value.status, caught.value.code) == (429, "too_late")
        assert work.batches == [[1]]

    run(test)


def test_nobody_works_for_a_caller_who_has_gone() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10) as batcher:
            await held(batcher, work)
            gone, stays = (asyncio.create_task(batcher.one(number)) for number in (2, 3))
            await asyncio.sleep(0.05)
            gone.cancel()
            work.go()
            assert await stays == 6
        assert work.batches == [[1], [3]]

    run(test)


def test_one_bad_item_fails_alone() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10) as batcher:
            await held(batcher, work)
            asked = [asyncio.create_task(batcher.one(item)) for item in (2, -3, 4)]
            await asyncio.sleep(0.05)
            work.go()
            found = await asyncio.gather(*asked, return_exceptions=True)
            assert (found[0], found[2]) == (4, 8)
            assert isinstance(found[1], ValueError)
            many = await batcher.many([5, -6, 7])
            assert (many[0], many[2]) == (10, 14)
            assert isinstance(many[1], ValueError)

    run(test)


def test_a_thousand_delay_one_by_a_slice() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10, bulk_batch=32) as batcher:
            first = await held(batcher, work)
            many = asyncio.create_task(batcher.many(list(range(1000))))
            await asyncio.sleep(0.05)
            one = asyncio.create_task(batcher.one(7777))
            await asyncio.sleep(0.05)
            work.go()
            await first
            assert await one == 15554
            assert await many == [2 * number for number in range(1000)]
        before = next(place for place, batch in enumerate(work.batches) if 7777 in batch)
        # The one that was held, at most one slice, then the single item.
        assert before <= 2

    run(test)


def test_a_bulk_request_is_taken_whole_or_not_at_all() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, bulk_queue=1000) as batcher:
            await held(batcher, work)
            first = asyncio.create_task(batcher.many([1] * 600))
            await asyncio.sleep(0.05)
            with pytest.raises(ServeError) as caught:
                await batcher.many([2] * 600)
            assert caught.value.status == 429
            work.go()
            assert await first == [2] * 600
        assert sum(batch.count(2) for batch in work.batches) == 0

    run(test)


def test_draining_answers_all_that_was_taken_and_takes_no_more() -> None:
    async def test() -> None:
        work = Work()
        async with batching(work, max_wait=10) as batcher:
            await held(batcher, work)
            asked = [asyncio.create_task(batcher.one(number)) for number in range(20)]
            bulk = asyncio.create_task(batcher.many([5] * 100))
            await asyncio.sleep(0.05)
            drained = asyncio.create_task(batcher.drain())
            await asyncio.sleep(0.05)
            with pytest.raises(ServeError) as caught:
                await batcher.one(1)
            assert (caught.value.status, caught.value.code) == (503, "stopping")
            work.go()
            assert await asyncio.gather(*asked) == [2 * number for number in range(20)]
            assert await bulk == [10] * 100
            await drained

    run(test)
