"""One thread that writes to the store: what waits is committed together, then acknowledged.

A commit costs a write to the disk whatever is in it, so a hundred appeals in one cost little more
than one. If the store is down nobody waits for it: the answer says `stored: false`, and the next
write after `store_retry` seconds tries again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jiesu.errors import JiesuError, StoreError
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import report
from jiesu.serve.settings import ServeSettings
from jiesu.store import Scored, Stored

_LOG = logging.getLogger("jiesu.serve")
_SINGLES = 128
_BULK = 32
_ROUND = 1.0
_OF_A_ROW = ("store_conflict", "store_error")

Outcome = Stored | JiesuError | None
"""What became of a row: stored, refused for a reason of its own, or None: the store is down."""


@dataclass(slots=True, eq=False)
class _Entry:
    row: Scored
    future: asyncio.Future[Outcome]


class Writer:
    """Writes scored appeals by `put`, which stores a batch in one transaction.

    Bulk rows go a few at a time behind the single ones of the moment, so that a request of a
    thousand does not make the others wait for its commits.
    """

    def __init__(
        self,
        put: Callable[[Sequence[Scored]], Sequence[Stored]],
        *,
        settings: ServeSettings,
        metrics: Metrics,
    ) -> None:
        self._put = put
        self._settings = settings
        self._metrics = metrics
        self._singles: deque[_Entry] = deque()
        self._bulk: deque[_Entry] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._retry_at = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="jiesu-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; the running event loop is the one it answers."""
        self._loop = asyncio.get_running_loop()
        self._metrics.store_up.set(1)
        self._thread.start()

    async def drain(self) -> None:
        """Return when all that was taken is written, or known not to be."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    async def write(self, rows: Sequence[Scored], *, bulk: bool = False) -> list[Outcome]:
        """Return what became of each row, after the commit that holds it.

        None where it is not stored, or not within `store_timeout` for single rows: a commit that
        comes later does no harm, since an appeal is stored once however often it is sent.
        """
        if not rows:
            return []
        loop = asyncio.get_running_loop()
        entries = [_Entry(row, loop.create_future()) for row in rows]
        with self._wake:
            waiting = len(self._singles) + len(self._bulk)
            if self._closing or waiting + len(rows) > self._settings.store_queue:
                self._metrics.not_stored.labels("backlog").inc(len(rows))
                return [None] * len(rows)
            (self._bulk if bulk else self._singles).extend(entries)
            self._wake.notify()
        seconds = self._settings.bulk_deadline if bulk else self._settings.store_timeout
        done, late = await asyncio.wait([entry.future for entry in entries], timeout=seconds)
        if late:
            self._metrics.not_stored.labels("slow").inc(len(late))
        return [entry.future.result() if entry.future in done else None for entry in entries]

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._singles and not self._bulk:
                    if self._closing:
                        return
                    self._wake.wait()
                entries = _taken(self._singles, _SINGLES) + _taken(self._bulk, _BULK)
            self._finish(entries, self._outcomes([entry.row for entry in entries]))

    def _outcomes(self, rows: list[Scored]) -> Sequence[Outcome]:
        if time.monotonic() < self._retry_at:
            self._metrics.not_stored.labels("down").inc(len(rows))
            return [None] * len(rows)
        started = time.perf_counter()
        try:
            stored = self._put_patiently(rows)
        except StoreError as error:
            return self._failed(rows, error)
        except JiesuError as error:
            return [error] if len(rows) == 1 else self._apart(rows)
        except Exception as error:  # noqa: BLE001  without this thread nothing would be stored
            report(error, "-")
            return self._failed(rows, StoreError("store_error", "the store failed"))
        self._metrics.commit_seconds.observe(time.perf_counter() - started)
        self._metrics.store_up.set(1)
        for one in stored:
            self._metrics.writes.labels(one.outcome).inc()
        return stored

    def _put_patiently(self, rows: list[Scored]) -> Sequence[Stored]:
        """Store rows, at the second attempt if others were writing at the first."""
        try:
            return self._put(rows)
        except StoreError as error:
            if error.code != "store_busy":
                raise
            return self._put(rows)

    def _failed(self, rows: list[Scored], error: StoreError) -> Sequence[Outcome]:
        """Tell a row that the store will not take from a store that takes nothing."""
        if error.code in _OF_A_ROW and len(rows) > 1:
            return self._apart(rows)
        _LOG.error("not stored: %d verdicts, %s", len(rows), error.code)
        is_down = error.code not in (*_OF_A_ROW, "store_busy")
        self._metrics.not_stored.labels("down" if is_down else error.code[6:]).inc(len(rows))
        if is_down:
            self._metrics.store_up.set(0)
            self._retry_at = time.monotonic() + self._settings.store_retry
        return [None] * len(rows)

    def _apart(self, rows: list[Scored]) -> Sequence[Outcome]:
        return [outcome for row in rows for outcome in self._outcomes([row])]

    def _finish(self, entries: Sequence[_Entry], outcomes: Sequence[Outcome]) -> None:
        if self._loop is None:
            return
        try:
            told = threading.Event()
            settled = list(zip(entries, outcomes, strict=True))
            self._loop.call_soon_threadsafe(_settle, settled, told)
        except RuntimeError:
            # The loop has closed: nobody is left to be told.
            return
        # As the batcher does: the loop has a round to itself before the next commit.
        told.wait(_ROUND)


def _taken(queue: deque[_Entry], most: int) -> list[_Entry]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]


def _settle(settled: Sequence[tuple[_Entry, Outcome]], told: threading.Event) -> None:
    told.set()
    for entry, outcome in settled:
        if not entry.future.done():
            entry.future.set_result(outcome)
