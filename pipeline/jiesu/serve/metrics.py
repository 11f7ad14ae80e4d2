"""What Prometheus may know: counts and times. No label ever holds words of an appeal, or an id."""

from __future__ import annotations

import os
from typing import Literal

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder by which several workers add up their figures."""

MEDIA_TYPE = CONTENT_TYPE_LATEST
_Mode = Literal["livesum", "livemin", "livemax"]
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.035, 0.05, 0.1, 0.2, 0.35, 0.5, 1, 2, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The figures of one application. `registry` is its own: two in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        if MULTIPROCESS not in os.environ:
            ProcessCollector(registry=self.registry)
        self.requests = self._counter(
            "jiesu_requests", "Requests answered", "method", "route", "status"
        )
        self.seconds = self._histogram(
            "jiesu_request_seconds", "From the request's head to the end of its answer", "route"
        )
        self.in_flight = self._gauge("jiesu_requests_in_flight", "Requests being answered")
        self.refused = self._counter("jiesu_refused", "Requests turned away by load", "reason")
        self.denied = self._counter("jiesu_denied", "Requests without what it takes", "reason")
        self.scored = self._counter("jiesu_appeals_scored", "Verdicts by decision", "action")
        self.failed = self._counter("jiesu_appeals_failed", "Appeals that could not be scored")
        self.queued = self._gauge("jiesu_queue_length", "Appeals that wait to be scored")
        self.batch_size = self._histogram(
            "jiesu_batch_appeals", "Appeals scored together", buckets=_SIZES
        )
        self.batch_seconds = self._histogram("jiesu_batch_seconds", "Time to score a batch")
        self.writes = self._counter("jiesu_store_writes", "Appeals written, by outcome", "outcome")
        self.commit_seconds = self._histogram("jiesu_store_commit_seconds", "Time of a commit")
        self.not_stored = self._counter(
            "jiesu_not_stored", "Verdicts answered with stored: false", "reason"
        )
        self.store_up = self._gauge(
            "jiesu_store_up", "Whether the latest write reached the store", mode="livemin"
        )
        self.swaps = self._counter("jiesu_bundle_swaps", "Bundles taken up or refused", "result")
        self.bundle = self._gauge(
            "jiesu_bundle", "The bundle that serves", "bundle", "version", "tier", mode="livemax"
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(
        self, name: str, text: str, *labels: str, buckets: tuple[float, ...] = _SECONDS
    ) -> Histogram:
        return Histogram(name, text, labels, registry=self.registry, buckets=buckets)

    def _gauge(self, name: str, text: str, *labels: str, mode: _Mode = "livesum") -> Gauge:
        """Return a gauge. mode: what it is of several workers."""
        return Gauge(name, text, labels, registry=self.registry, multiprocess_mode=mode)

    def page(self) -> bytes:
        """Return the figures as text: this process's, or those of all workers together."""
        if MULTIPROCESS not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def forget(pid: int) -> None:
    """Take a worker that has ended out of what the workers add up."""
    if MULTIPROCESS in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]
