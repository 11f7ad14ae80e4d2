"""`jiesu serve` as a process of its own, on a free loopback port, and what tests ask of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

RUN = "from jiesu.cli.app import main; main()"
SECONDS = 60.0


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServeProcess:
    """One service. settings: by name, as environment variables. `stop` or `kill` it at the end."""

    def __init__(
        self,
        folder: Path,
        *,
        bundle: Path,
        store: str,
        env: Mapping[str, str],
        port: int | None = None,
        **settings: Any,
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.store = store
        self.log_file = folder / f"serve-{self.port}-{time.monotonic_ns()}.log"
        values = {"lame_duck": 0.2, "tier": "linear", "watch": 0.2, **settings}
        named = {f"JIESU_SERVE_{name.upper()}": str(value) for name, value in values.items()}
        arguments = ["serve", "--port", str(self.port), "--bundle", str(bundle), "--store", store]
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", RUN, *arguments],
                env={**env, **named},
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: a signal to the tests is none to the service.
                start_new_session=True,
            )

    def log(self) -> str:
        """Return what the service has said so far."""
        return self.log_file.read_text("utf-8")

    def wait_until_ready(self, path: str = "/readyz", status: int = 200) -> None:
        """Return when the service is ready; fail with its log if it ends or takes too long."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}:\n{self.log()}")
            try:
                if httpx.get(self.url + path, timeout=5).status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready in {SECONDS:g} s:\n{self.log()}")

    def client(self, key: str | None = None, **options: Any) -> httpx.Client:
        """Return a client of the service, with a key if given. Close it."""
        client = httpx.Client(base_url=self.url, timeout=30, **options)
        if key:
            client.headers["Authorization"] = f"Bearer {key}"
        return client

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process that was started."""
        self.process.send_signal(number)

    def stop(self, seconds: float = SECONDS) -> int:
        """Ask the service to stop and return its exit code."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """End the service and whatever it started, if they still run."""
        if self.process.poll() is None:
            try:
                self.stop(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
