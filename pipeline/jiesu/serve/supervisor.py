"""`jiesu serve`: prepares store and socket, then serves, alone or by several workers.

Workers are processes with an engine each that share one listening socket, so that none of them
takes waiting connections with it when it ends. One that dies is started again; one that dies
before it ever served says that no other would fare better.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from jiesu.bundle import read_manifest, verify_files
from jiesu.errors import JiesuError, StoreError
from jiesu.serve import logs
from jiesu.serve.hotswap import bundle_folder
from jiesu.serve.metrics import MULTIPROCESS, forget
from jiesu.serve.server import listen, opened, work
from jiesu.serve.settings import ServeSettings
from jiesu.store import Store

_LOG = logging.getLogger("jiesu.serve")
FIRST_ADMIN = "admin"
_PROVEN = 30.0
_MOST_QUICK = 3
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(settings: ServeSettings) -> int:
    """Serve until a signal says stop, and return the exit code.

    Raises ConfigError, BundleError or StoreError for what would keep it from serving.
    """
    folder = bundle_folder(settings.bundle)
    verify_files(folder, read_manifest(folder))
    listener = listen(settings)
    address = f"http://{_host(settings.host)}:{listener.getsockname()[1]}"
    store = opened(settings)
    try:
        link = first_link(store, address)
    finally:
        store.close()
    print(f"jiesu serves at {address}", file=sys.stderr, flush=True)
    if link is not None:
        print(f"nobody can log in yet; once, for the first administrator: {link}", file=sys.stderr)
        sys.stderr.flush()
    try:
        if settings.workers == 1:
            return work(settings, listener)
        return Supervisor(settings, listener).run()
    finally:
        listener.close()


def first_link(store: Store, address: str) -> str | None:
    """Make the first administrator and return a one-time link, None if there are users."""
    if store.users.list():
        return None
    now = datetime.now(UTC)
    try:
        admin = store.users.create(FIRST_ADMIN, None, "admin", actor="serve", now=now)
    except StoreError as error:
        if error.code != "store_conflict":
            raise
        # Another machine on the same store was a moment quicker, and has printed the link.
        return None
    return login_address(address, store.users.link(admin.id, now=now, actor="serve"))


def login_address(address: str, token: str) -> str:
    """Return where a one-time link leads."""
    return f"{address}/login?link={token}"


def _host(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    started: float


class Supervisor:
    """Keeps `workers` processes serving one socket."""

    def __init__(self, settings: ServeSettings, listener: socket.socket) -> None:
        self._settings = settings
        self._listener = listener
        # Spawned, not forked: a fork would share the locks of threads that it does not have.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._stopping = False
        self._quick = 0

    def run(self) -> int:
        """Start the workers, replace those that die, and return when all have stopped."""
        logs.set_up(self._settings.log_level)
        with _figures_together(), self._signals():
            for _ in range(self._settings.workers):
                self._workers.append(self._start())
            code = 0
            while self._workers:
                wait([worker.process.sentinel for worker in self._workers], 1.0)
                for worker in [one for one in self._workers if not one.process.is_alive()]:
                    self._workers.remove(worker)
                    forget(worker.process.pid or 0)
                    code = code or self._follow(worker)
            return code

    def _follow(self, worker: _Worker) -> int:
        """Do what follows from a worker's end, and return what it means for the exit code."""
        ended = worker.process.exitcode
        if self._stopping:
            # One that had not begun to listen for signals simply ends by them.
            return 0 if ended in (0, -signal.SIGTERM) else 1
        if self._is_hopeless(worker):
            self._stopping = True
            self._tell(signal.SIGTERM)
            return 1
        _LOG.error("worker %s died, starting another", worker.process.pid)
        self._workers.append(self._start())
        return 0

    def _start(self) -> _Worker:
        process = self._context.Process(
            target=_serve, args=(self._settings, self._listener), name="jiesu-worker"
        )
        process.start()
        if self._stopping and process.pid is not None:
            os.kill(process.pid, signal.SIGTERM)
        return _Worker(process, time.monotonic())

    def _is_hopeless(self, worker: _Worker) -> bool:
        """Return whether workers die so soon that starting more of them is no use."""
        soon = time.monotonic() - worker.started < _PROVEN
        self._quick = self._quick + 1 if soon else 0
        # An exit by itself is a bundle or a store that cannot be used; a crash may be bad luck.
        return soon and (worker.process.exitcode == 1 or self._quick > _MOST_QUICK)

    def _tell(self, number: int) -> None:
        for worker in list(self._workers):
            if worker.process.is_alive() and worker.process.pid is not None:
                os.kill(worker.process.pid, number)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def heed(number: int, _: FrameType | None) -> None:
            if number != signal.SIGHUP:
                self._stopping = True
            self._tell(signal.SIGTERM if number == signal.SIGINT else number)

        before = {number: signal.signal(number, heed) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _serve(settings: ServeSettings, listener: socket.socket) -> None:
    """Serve in a worker's process, and stop when nobody supervises it any more."""
    threading.Thread(target=_stop_with_parent, name="jiesu-parent", daemon=True).start()
    try:
        code = work(settings, listener)
    except JiesuError as error:
        _LOG.error("worker cannot serve: %s %s", error.code, error.message)
        code = 1
    sys.exit(code)


def _stop_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _figures_together() -> Iterator[None]:
    """Name a folder by which the workers add up their figures, and remove it afterwards."""
    folder = tempfile.mkdtemp(prefix="jiesu-figures-")
    before = os.environ.get(MULTIPROCESS)
    os.environ[MULTIPROCESS] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ[MULTIPROCESS]
        else:
            os.environ[MULTIPROCESS] = before
        shutil.rmtree(folder, ignore_errors=True)
