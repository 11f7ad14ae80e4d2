"""The micro-batcher: scores off the event loop, many appeals together when many wait.

Nobody waits for company: an appeal that finds the engine idle is scored at once and alone. While a
batch is being scored others gather, and they make the next one. Single appeals and those of bulk
requests wait in queues of their own and take turns, so that a bulk request of a thousand delays a
single appeal by one slice of it at most.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import ServeError, busy, report
from jiesu.serve.settings import ServeSettings

_ROUND = 1.0

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Job(Generic[Item, Result]):
    item: Item
    size: int
    future: asyncio.Future[Result]
    deadline: float
    since: float = field(default_factory=time.monotonic)


class Batcher(Generic[Item, Result]):
    """Runs `work` on batches of items in one thread; `work` returns one result an item, in order.

    size: how long an item is; a batch's longest times its number stays under
    `batch_characters`. Raises ServeError: 429 `overloaded` when its queue is full or the oldest
    item has waited for `max_wait`, 429 `too_late` for an item whose deadline passed unread, 503
    `stopping` once it drains.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        *,
        size: Callable[[Item], int],
        settings: ServeSettings,
        metrics: Metrics,
    ) -> None:
        self._work = work
        self._size = size
        self._settings = settings
        self._metrics = metrics
        self._singles: deque[_Job[Item, Result]] = deque()
        self._bulk: deque[_Job[Item, Result]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._bulk_next = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="jiesu-batcher", daemon=True)

    def start(self) -> None:
        """Start the thread that does the work; the running event loop is the one it answers."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def drain(self) -> None:
        """Take nothing more, and return when all that was taken is answered."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    def overloaded(self) -> bool:
        """Return whether a single item would be turned away now. Cheap: two reads, no lock."""
        jobs = self._singles
        if len(jobs) >= self._settings.queue:
            return True
        try:
            oldest = jobs[0].since
        except IndexError:
            return False
        return time.monotonic() - oldest > self._settings.max_wait

    def refuse(self) -> ServeError:
        """Return the answer to an item that finds the queue full, and count it."""
        self._metrics.refused.labels("overloaded").inc()
        return busy("overloaded", "too many appeals wait already, come again in a second")

    async def one(self, item: Item) -> Result:
        """Return what `work` makes of one item."""
        if self.overloaded():
            raise self.refuse()
        (job,) = self._jobs([item], self._settings.deadline)
        with self._wake:
            self._check_open()
            self._singles.append(job)
            self._count()
            self._wake.notify()
        return await job.future

    async def many(self, items: Sequence[Item]) -> list[Result | Exception]:
        """Return what `work` makes of each item, or what became of it; all are taken or none."""
        if len(self._bulk) + len(items) > self._settings.bulk_queue:
            raise self.refuse()
        jobs = self._jobs(items, self._settings.bulk_deadline)
        with self._wake:
            self._check_open()
            self._bulk.extend(jobs)
            self._count()
            self._wake.notify()
        found = await asyncio.gather(*(job.future for job in jobs), return_exceptions=True)
        for result in found:
            if isinstance(result, BaseException) and not isinstance(result, Exception):
                raise result
        return found  # type: ignore[return-value]

    def _jobs(self, items: Iterable[Item], seconds: float) -> list[_Job[Item, Result]]:
        loop = asyncio.get_running_loop()
        deadline = time.monotonic() + seconds
        return [_Job(item, self._size(item), loop.create_future(), deadline) for item in items]

    def _check_open(self) -> None:
        if self._closing:
            raise busy("stopping", "the service is stopping, ask another one", status=503)

    def _count(self) -> None:
        self._metrics.queued.set(len(self._singles) + len(self._bulk))

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._singles and not self._bulk:
                    if self._closing:
                        return
                    self._wake.wait()
                jobs = self._next()
                self._count()
            if jobs := self._in_time(jobs):
                self._finish(jobs, self._results([job.item for job in jobs]))

    def _next(self) -> list[_Job[Item, Result]]:
        """Take the next batch: single items and bulk take turns while both wait."""
        bulk = bool(self._bulk) and (self._bulk_next or not self._singles)
        self._bulk_next = not bulk
        if not bulk:
            return self._take(self._singles, self._settings.batch)
        most = min(len(self._bulk), self._settings.bulk_batch)
        # A slice of a bulk request is small, so its order is worth more than its shape.
        return [self._bulk.popleft() for _ in range(most)]

    def _take(self, queue: deque[_Job[Item, Result]], most: int) -> list[_Job[Item, Result]]:
        """Take the oldest job, and those nearest to its length as far as a batch may grow."""
        oldest = queue.popleft()
        if not queue:
            return [oldest]
        if len(queue) < most and self._fits(max(oldest.size, *(j.size for j in queue)), len(queue)):
            chosen = [oldest, *queue]
            queue.clear()
            return chosen
        chosen, longest = [oldest], oldest.size
        for job in sorted(queue, key=lambda job: abs(job.size - oldest.size)):
            if len(chosen) == most or not self._fits(max(longest, job.size), len(chosen)):
                break
            chosen.append(job)
            longest = max(longest, job.size)
        taken = set(map(id, chosen))
        left = [job for job in queue if id(job) not in taken]
        queue.clear()
        queue.extend(left)
        return chosen

    def _fits(self, longest: int, others: int) -> bool:
        return longest * (others + 1) <= self._settings.batch_characters

    def _in_time(self, jobs: list[_Job[Item, Result]]) -> list[_Job[Item, Result]]:
        """Leave out those whose caller has gone or whose deadline has passed, and tell these."""
        now = time.monotonic()
        late = [job for job in jobs if job.deadline < now]
        if late:
            self._metrics.refused.labels("too_late").inc(len(late))
            told = "the appeal waited for longer than its deadline, come again"
            self._finish(late, [busy("too_late", told) for _ in late])
        return [job for job in jobs if job.deadline >= now and not job.future.cancelled()]

    def _results(self, items: list[Item]) -> list[Result | Exception]:
        started = time.perf_counter()
        try:
            found: list[Result | Exception] = list(self._work(items))
        except Exception as error:  # noqa: BLE001  one bad item must not fail those beside it
            if len(items) == 1:
                if not isinstance(error, ServeError):
                    report(error, "-")
                return [error]
            return [result for item in items for result in self._results([item])]
        self._metrics.batch_size.observe(len(items))
        self._metrics.batch_seconds.observe(time.perf_counter() - started)
        return found

    def _finish(
        self, jobs: Sequence[_Job[Item, Result]], results: Sequence[Result | Exception]
    ) -> None:
        if self._loop is None:
            return
        try:
            # One call for the whole batch: waking the loop costs more than settling a future.
            told = threading.Event()
            settled = list(zip(jobs, results, strict=True))
            self._loop.call_soon_threadsafe(_settle, settled, told)
        except RuntimeError:
            # The loop has closed: nobody is left to be told.
            return
        # Two threads that are both busy take Python from each other for every packet that comes.
        # The next batch begins when the loop has had a round to itself: it then turns away at full
        # speed what is too much, and under load that keeps every answer quick.
        told.wait(_ROUND)


def _settle(
    settled: Sequence[tuple[_Job[Item, Result], Result | Exception]], told: threading.Event
) -> None:
    told.set()
    for job, result in settled:
        if job.future.done():
            continue
        if isinstance(result, Exception):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)
