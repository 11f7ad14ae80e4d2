"""The writer: many in one commit, an answer after it, and no waiting for a store that is down."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from jiesu.engine import Engine
from jiesu.errors import InputError, StoreError
from jiesu.schema import Appeal
from jiesu.serve.metrics import Metrics
from jiesu.serve.settings import ServeSettings
from jiesu.serve.writer import Writer
from jiesu.store import Scored, Stored


class Put:
    """Stands for `Appeals.put`: notes what is committed together, fails as told."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.error: Exception | None = None
        self.calls = 0
        self.refused: dict[str, Exception] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def __call__(self, rows: Sequence[Scored]) -> list[Stored]:
        self.calls += 1
        self.begun.set()
        assert self.gate.wait(10)
        if self.error is not None:
            raise self.error
        for row in rows:
            if (fault := self.refused.get(row.appeal.id)) is not None:
                raise fault
        self.commits.append([row.appeal.id for row in rows])
        return [Stored(row.appeal.id, "new", row.verdict) for row in rows]


@asynccontextmanager
async def writing(put: Put, **settings: Any) -> AsyncIterator[tuple[Writer, Metrics]]:
    metrics = Metrics()
    writer = Writer(put, settings=ServeSettings(**settings), metrics=metrics)
    writer.start()
    try:
        yield writer, metrics
    finally:
        put.gate.set()
        await writer.drain()


def scored(engine: Engine, *ids: str) -> list[Scored]:
    appeals = [Appeal(id=id, text="路灯坏了") for id in ids]
    verdicts = engine.score(appeals, redact=True)
    return [Scored(appeal, verdict) for appeal, verdict in zip(appeals, verdicts, strict=True)]


def outcomes(found: Sequence[Any]) -> list[Any]:
    return [one.outcome if isinstance(one, Stored) else one for one in found]


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, labels) or 0.0


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 30)

    asyncio.run(limited())


def test_what_waits_is_committed_together(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, *map(str, range(20)))
        async with writing(put) as (writer, _):
            put.gate.clear()
            tasks = [asyncio.create_task(writer.write([rows[0]]))]
            await asyncio.to_thread(put.begun.wait, 10)
            tasks += [asyncio.create_task(writer.write([row])) for row in rows[1:]]
            await asyncio.sleep(0.05)
            put.gate.set()
            assert all(outcomes(found) == ["new"] for found in await asyncio.gather(*tasks))
        assert [len(commit) for commit in put.commits] == [1, 19]

    run(test)


def test_bulk_rows_go_a_few_at_a_time_behind_single_ones(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        many = scored(tiny_engine, *(f"b{number}" for number in range(100)))
        (one,) = scored(tiny_engine, "single")
        async with writing(put) as (writer, _):
            put.gate.clear()
            bulk = asyncio.create_task(writer.write(many, bulk=True))
            await asyncio.to_thread(put.begun.wait, 10)
            single = asyncio.create_task(writer.write([one]))
            await asyncio.sleep(0.05)
            put.gate.set()
            await single
            assert outcomes(await bulk) == ["new"] * 100
        assert "single" in put.commits[1]
        assert [row for commit in put.commits for row in commit if row != "single"] == [
            row.appeal.id for row in many
        ]

    run(test)


def test_a_store_that_is_down_is_told_at_once_and_tried_again_later(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "a", "b", "c")
        async with writing(put, store_retry=0.3) as (writer, metrics):
            put.error = StoreError("store_down", "it cannot be reached")
            assert await writer.write([rows[0]]) == [None]
            assert value(metrics, "jiesu_store_up") == 0
            put.error, calls = None, len(put.commits)
            assert await writer.write([rows[1]]) == [None]
            assert len(put.commits) == calls, "left alone for a while"
            await asyncio.sleep(0.4)
            assert outcomes(await writer.write([rows[2]])) == ["new"]
            assert value(metrics, "jiesu_store_up") == 1
            assert value(metrics, "jiesu_not_stored_total", reason="down") == 2

    run(test)


def test_a_row_that_the_store_refuses_is_the_only_one(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "good", "bad", "broken", "also good")
        fault = InputError("bad_id", "not this one")
        put.refused = {"bad": fault, "broken": StoreError("store_error", "the store failed")}
        async with writing(put) as (writer, metrics):
            found = await writer.write(rows)
            assert outcomes(found) == ["new", fault, None, "new"]
            assert value(metrics, "jiesu_store_up") == 1, "the store itself is well"

    run(test)


def test_a_store_that_is_busy_is_asked_once_more(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "a", "b")
        async with writing(put) as (writer, metrics):
            put.error = StoreError("store_busy", "others write")
            assert await writer.write([rows[0]]) == [None]
            assert put.calls == 2
            assert value(metrics, "jiesu_not_stored_total", reason="busy") == 1
            put.error = None
            assert outcomes(await writer.write([rows[1]])) == ["new"], "it is not left alone"
            assert value(metrics, "jiesu_store_up") == 1

    run(test)


def test_an_unforeseen_error_ends_nothing(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "a", "b")
        async with writing(put, store_retry=0.01) as (writer, _):
            put.error = RuntimeError("路灯坏了")
            assert await writer.write([rows[0]]) == [None]
            put.error = None
            await asyncio.sleep(0.05)
            assert outcomes(await writer.write([rows[1]])) == ["new"]

    run(test)


def test_nobody_waits_long_for_a_slow_store(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "a")
        async with writing(put, store_timeout=0.2) as (writer, metrics):
            put.gate.clear()
            started = time.perf_counter()
            assert await writer.write(rows) == [None]
            assert time.perf_counter() - started < 2
            assert value(metrics, "jiesu_not_stored_total", reason="slow") == 1
        # It comes later, which does no harm.
        assert put.commits == [["a"]]

    run(test)


def test_a_backlog_is_bounded(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, "a") * 600
        async with writing(put, store_queue=1000) as (writer, metrics):
            put.gate.clear()
            first = asyncio.create_task(writer.write(rows, bulk=True))
            await asyncio.to_thread(put.begun.wait, 10)
            assert await writer.write(rows, bulk=True) == [None] * 600
            assert value(metrics, "jiesu_not_stored_total", reason="backlog") == 600
            put.gate.set()
            assert outcomes(await first) == ["new"] * 600

    run(test)


def test_draining_writes_all_that_was_taken(tiny_engine: Engine) -> None:
    async def test() -> None:
        put = Put()
        rows = scored(tiny_engine, *map(str, range(50)))
        async with writing(put) as (writer, _):
            put.gate.clear()
            tasks = [asyncio.create_task(writer.write([row])) for row in rows]
            await asyncio.sleep(0.05)
            drained = asyncio.create_task(writer.drain())
            await asyncio.sleep(0.05)
            put.gate.set()
            await drained
            assert all(outcomes(found) == ["new"] for found in await asyncio.gather(*tasks))
        assert sum(map(len, put.commits)) == 50

    run(test)
