"""The parts of one running service and the order in which they start and stop."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from jiesu.engine import Engine
from jiesu.errors import JiesuError, StoreError
from jiesu.serve.auth import Gatekeeper
from jiesu.serve.hotswap import Engines, Serving
from jiesu.serve.metrics import Metrics
from jiesu.serve.problems import ServeError, busy, report
from jiesu.serve.scoring import Scorer
from jiesu.serve.settings import ServeSettings
from jiesu.serve.writer import Writer
from jiesu.store import Store

_LOG = logging.getLogger("jiesu.serve")
_PING_EVERY = 1.0
_PING_SECONDS = 2.0


class Service:
    """Holds what the routes need. Made before the event loop, started and stopped inside it.

    load: makes an engine of a bundle's folder; the default is `jiesu.load` with the settings.
    """

    def __init__(
        self,
        settings: ServeSettings,
        store: Store,
        *,
        load: Callable[[Path], Engine] | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.metrics = Metrics()
        self.engines = Engines(settings, self.metrics, load=load)
        self.writer = Writer(store.appeals.put, settings=settings, metrics=self.metrics)
        self.scorer = Scorer(settings, self.engines, self.writer, self.metrics)
        self.gatekeeper = Gatekeeper(store, settings, self.metrics)
        self.stopping = False
        self.failure: JiesuError | None = None
        self.on_failure: Callable[[], None] = lambda: None
        self._refusals = self.metrics.requests.labels("POST", "/v1/appeals", "429")
        self._ping: tuple[float, bool] | None = None

    async def start(self) -> None:
        """Start to load the bundle, to score and to write."""
        self.scorer.batcher.start()
        self.writer.start()
        self.engines.follow(self._failed)

    async def stop(self) -> None:
        """Answer and write all that was taken, then close the store."""
        self.stopping = True
        self.engines.stop()
        await self.scorer.batcher.drain()
        await self.writer.drain()
        await asyncio.to_thread(self.store.close)

    def _failed(self, error: JiesuError) -> None:
        # Without a first bundle there is nothing to serve: whoever runs the service stops it.
        _LOG.error("the first bundle cannot be loaded: %s %s", error.code, error.message)
        self.failure = error
        self.on_failure()

    def refuse_early(self) -> ServeError | None:
        """Return why a single appeal cannot be taken now, None if it can; counted as an answer."""
        batcher = self.scorer.batcher
        # While it stops, connections are to be closed behind their answers: the long way does so.
        if self.stopping or not batcher.overloaded():
            return None
        self._refusals.inc()
        return batcher.refuse()

    def serving(self) -> Serving:
        """Return the engine that serves. Raises ServeError 503 while the first is being loaded."""
        if self.engines.current is None:
            raise busy("loading", "the bundle is being loaded, come again", status=503)
        return self.engines.current

    async def store_answers(self) -> bool:
        """Return whether the store gives a sign of life; asked at most once a second."""
        now = time.monotonic()
        if self._ping is not None and now - self._ping[0] < _PING_EVERY:
            return self._ping[1]
        try:
            async with asyncio.timeout(_PING_SECONDS):
                await asyncio.to_thread(self.store.ping)
            alive = True
        except (StoreError, TimeoutError):
            alive = False
        except Exception as error:  # noqa: BLE001  a probe must answer whatever the store does
            report(error, "-")
            alive = False
        self._ping = (time.monotonic(), alive)
        return alive


def service_of(request: Request) -> Service:
    """Return the service of the application that a request came to."""
    found: Service = request.app.state.service
    return found


async def _service(request: Request) -> Service:
    return service_of(request)


TheService = Annotated[Service, Depends(_service)]
"""The running service, as a parameter's type."""
