"""One process that serves: the application under uvicorn, stopped without losing a request.

On SIGTERM the service first says that it is not ready and closes each connection behind its
answer, for `lame_duck` seconds, so that whoever sends requests can turn elsewhere; then it stops
listening, answers what it has, writes it, and ends with 0. SIGHUP looks at the bundle at once.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import multiprocessing
import signal
import socket
import sys
import threading
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics

from jiesu.errors import ConfigError, JiesuError
from jiesu.serve import logs
from jiesu.serve.app import create_app
from jiesu.serve.early import refusing
from jiesu.serve.problems import report
from jiesu.serve.service import Service
from jiesu.serve.settings import ServeSettings
from jiesu.store import Sampling, Store, open_store

_LOG = logging.getLogger("jiesu.serve")
_BACKLOG = 2048
_KEEP_ALIVE = 75
# Python lets a busy thread go on for 5 ms while others wait; a request passes several threads.
_SWITCH = 0.001


class Server(uvicorn.Server):
    """uvicorn's server with a lame-duck time, reloads by signal, and an exit of its own."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self.service = service
        service.on_failure = self._give_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and from now on heed SIGHUP."""
        self.loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            self.loop.add_signal_handler(signal.SIGHUP, self._reload)
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; a second signal while it stops ends the lame-duck time."""
        if sig == signal.SIGINT and multiprocessing.parent_process() is not None:
            # A terminal tells everybody; the supervisor will say when.
            return
        if self.service.stopping or not self.started:
            self.should_exit = True
            return
        _LOG.info("stopping: answering what is here, %g s more", self.service.settings.lame_duck)
        self.service.stopping = True
        self.loop.call_soon_threadsafe(
            self.loop.call_later, self.service.settings.lame_duck, self._exit
        )

    def _exit(self) -> None:
        self.should_exit = True

    def _give_up(self) -> None:
        self.loop.call_soon_threadsafe(self._exit)

    def _reload(self) -> None:
        def work() -> None:
            try:
                self.service.engines.reload(again=True)
            except JiesuError as error:
                _LOG.error("bundle refused, the old one serves on: %s", error.code)
            except Exception as error:  # noqa: BLE001  a broken bundle must not end a thread unheard
                report(error, "-")

        threading.Thread(target=work, name="jiesu-reload", daemon=True).start()


def listen(settings: ServeSettings) -> socket.socket:
    """Return a socket that listens where the settings say. Raises ConfigError if it cannot."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host, settings.port))
        found.listen(_BACKLOG)
    except OSError as error:
        found.close()
        raise ConfigError(
            "cannot_listen", f"cannot listen on {settings.host}:{settings.port}: {error.strerror}"
        ) from None
    found.set_inheritable(True)
    return found


def opened(settings: ServeSettings) -> Store:
    """Open the store that the settings name. Raises StoreError with the reason."""
    return open_store(
        settings.store,
        store_original=settings.store_original,
        sampling=Sampling(second=settings.second_share, audit=settings.audit_share),
    )


def work(settings: ServeSettings, listener: socket.socket) -> int:
    """Serve on a listening socket until a signal says stop, and return the exit code."""
    logs.set_up(settings.log_level)
    sys.setswitchinterval(_SWITCH)
    # When a figure began is of no use, and doubles the page.
    disable_created_metrics()  # type: ignore[no-untyped-call]
    app = create_app(settings, opened(settings))
    service: Service = app.state.service
    config = uvicorn.Config(
        app,
        http=refusing(service.refuse_early),
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.drain)),
        backlog=_BACKLOG,
        ws="none",
    )
    gc.freeze()
    server = Server(config, service)
    server.run(sockets=[listener])
    return 1 if service.failure is not None or not server.started else 0
