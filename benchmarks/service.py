"""Load on `jiesu serve` over loopback: 200 requests a second, then five times what it can take.

    python benchmarks/service.py [--rate 200] [--seconds 60] [--overload 20] [--store URL]

Open loop: requests are sent at moments drawn beforehand (Poisson), whether or not earlier ones have
been answered, and a latency counts from that moment, so that a stalled service cannot hide by
slowing the sender. Every request is another appeal, scored by the linear tier of the default bundle
and committed to the store before it is answered. Then the capacity is measured (64 connections, one
request after another), five times as much is sent, and after it 200 a second again: the recovery is
the time until all of a second's requests are answered within 50 ms. Exit code 1: a bound of
docs/service.md does not hold on this machine. Beside each figure stands how much of a processor
service and sender had: on a machine that others use too, the service may have been kept waiting.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import uvloop

from jiesu.store import open_store

P99, OVERLOAD_P99, RECOVERY = 0.05, 0.5, 5.0
TIMES_CAPACITY = 5
CONNECTIONS = 64
POOL = 512
SAMPLES = Path(__file__).parent.parent / "data" / "samples" / "appeals.jsonl"
RUN = "from jiesu.cli.app import main; main()"


@dataclass
class Found:
    """What came back: by status the latencies, seconds from the planned moment, in order sent."""

    seconds: float = 0.0
    late: float = 0.0
    took: float = 0.0
    cpu: tuple[float, float] = (0.0, 0.0)
    answers: list[tuple[float, int, float]] = field(default_factory=list)

    def statuses(self) -> Counter[int]:
        return Counter(status for _, status, _ in self.answers)

    def accepted(self) -> list[float]:
        return sorted(latency for _, status, latency in self.answers if status in (200, 201))

    def line(self) -> str:
        good = self.accepted()
        said = ", ".join(f"{count} × {status}" for status, count in sorted(self.statuses().items()))
        p50, p99 = (f"{quantile(good, q) * 1e3:.1f}" for q in (0.5, 0.99))
        worst = f"{good[-1] * 1e3:.0f}" if good else "-"
        return (
            f"{len(self.answers) / self.seconds:.0f} requests/s for {self.seconds:.0f} s: {said}; "
            f"accepted p50 {p50} ms, p99 {p99} ms, longest {worst} ms "
            f"(sent {self.late * 1e3:.1f} ms late at p99; processors: service "
            f"{self.cpu[0] / self.took:.0%}, sender {self.cpu[1] / self.took:.0%})"
        )


def quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection, one request at a time; the least that a client can be."""

    def __init__(self) -> None:
        self.buffer = b""
        self.waiter: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, mark, body = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        low = head.lower()
        at = low.find(b"content-length:")
        length = int(low[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self.buffer = body[length:]
        if b"\r\nconnection: close" in low:
            self.is_open = False
        self._answer(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._answer(0)

    def _answer(self, status: int) -> None:
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(status)

    async def ask(self, request: bytes) -> int:
        self.waiter = asyncio.get_running_loop().create_future()
        if self.transport is None or not self.is_open:
            return 0
        self.transport.write(request)
        return await self.waiter


class Client:
    """A pool of `most` connections, as a load balancer keeps one. Status 0: no answer came.

    Where all are busy a request waits for one, and its latency counts on.
    """

    def __init__(self, port: int, most: int) -> None:
        self.port = port
        self.most = most
        self.idle: list[Connection] = []
        self.waiting: deque[asyncio.Future[Connection]] = deque()
        self.open = 0

    async def ask(self, request: bytes) -> int:
        try:
            connection = await self._connection()
        except OSError:
            return 0
        status = await connection.ask(request)
        self._give_back(connection)
        return status

    async def _connection(self) -> Connection:
        while self.idle:
            connection = self.idle.pop()
            if connection.is_open:
                return connection
            self.open -= 1
        loop = asyncio.get_running_loop()
        if self.open >= self.most:
            turn: asyncio.Future[Connection] = loop.create_future()
            self.waiting.append(turn)
            return await turn
        self.open += 1
        try:
            _, made = await loop.create_connection(Connection, "127.0.0.1", self.port)
        except OSError:
            self.open -= 1
            raise
        return made

    def _give_back(self, connection: Connection) -> None:
        if self.waiting and connection.is_open:
            self.waiting.popleft().set_result(connection)
        else:
            self.idle.append(connection)


def requests(key: str, begin: str) -> Iterator[bytes]:
    """Yield requests, each another appeal, with the texts of the samples."""
    rows = [json.loads(line) for line in SAMPLES.read_text("utf-8").splitlines()]
    texts = [row["text"] for row in rows if row.get("text")]
    for number, text in enumerate(cycle(texts)):
        body = json.dumps({"id": f"{begin}-{number}", "text": text}).encode()
        yield (
            b"POST /v1/appeals HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            + f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )


async def open_loop(
    client: Client, process: Process, source: Iterator[bytes], rate: float, seconds: float
) -> Found:
    """Send at moments of a Poisson process and wait for every answer."""
    found, draw = Found(seconds), random.Random(7)
    start, cpu = time.perf_counter(), (process.cpu(), time.process_time())
    lateness: list[float] = []

    async def one(planned: float, request: bytes) -> None:
        status = await client.ask(request)
        found.answers.append((planned, status, time.perf_counter() - start - planned))

    at, tasks = 0.0, set[asyncio.Task[None]]()
    while (at := at + draw.expovariate(rate)) < seconds:
        request = next(source)
        if (wait := start + at - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        lateness.append(time.perf_counter() - start - at)
        task = asyncio.create_task(one(at, request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(set(tasks), timeout=60)
    found.late = quantile(sorted(lateness), 0.99)
    found.took = time.perf_counter() - start
    found.cpu = (process.cpu() - cpu[0], time.process_time() - cpu[1])
    found.answers.sort()
    return found


async def capacity(client: Client, source: Iterator[bytes], seconds: float) -> float:
    """Return the requests a second when on each connection one follows another."""
    count, end = 0, time.perf_counter() + seconds

    async def stream() -> None:
        nonlocal count
        while time.perf_counter() < end:
            status = await client.ask(next(source))
            count += status in (200, 201)

    await asyncio.gather(*(stream() for _ in range(CONNECTIONS)))
    return count / seconds


def recovery(found: Found) -> float | None:
    """Return the seconds until all of a second is answered well, None if that never comes."""
    for second in range(int(found.seconds)):
        part = [item for item in found.answers if second <= item[0] < second + 1]
        if part and all(status in (200, 201) and taken <= P99 for _, status, taken in part):
            return float(second)
    return None


class Process:
    """Watches a process: its resident memory in MB, its processor time in seconds."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def memory(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _watch(self) -> None:
        while not self._stop.wait(0.2):
            try:
                self.most = max(self.most, self.memory())
            except (OSError, StopIteration):
                return


def serve(folder: Path, store: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the service and return it with its port once it is ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # The rate of a key is not what is measured here.
    env = dict(os.environ) | {"JIESU_SERVE_RATE": "0", "JIESU_DATA_DIR": str(folder)}
    args = ["serve", "--tier", "linear", "--port", str(port), "--store", store]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *args, "--log-level", "warning"],
        env=env,
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    for _ in range(600):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as ready:
                ready.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
                if b" 200 " in ready.recv(100):
                    return process, port
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit("the service did not become ready within a minute")


async def measure(args: argparse.Namespace, port: int, key: str, process: Process) -> bool:
    client = Client(port, POOL)
    await open_loop(client, process, requests(key, "warm"), args.rate / 2, min(3.0, args.seconds))
    before = process.memory()
    usual = await open_loop(client, process, requests(key, "usual"), args.rate, args.seconds)
    print(f"usual load: {usual.line()}")
    most = await capacity(client, requests(key, "capacity"), min(10.0, args.seconds))
    print(f"capacity: {most:.0f} requests/s over {CONNECTIONS} connections")
    process.most = process.memory()
    over = await open_loop(
        client, process, requests(key, "over"), most * TIMES_CAPACITY, args.overload
    )
    print(f"overload: {over.line()}")
    print(f"memory: {before:.0f} MB before, at most {process.most:.0f} MB under overload")
    after = await open_loop(client, process, requests(key, "after"), args.rate, RECOVERY + 5)
    took = recovery(after)
    print(f"recovery: {'none' if took is None else f'within {took + 1:.0f} s'}; {after.line()}")
    checks = {
        f"p99 at {args.rate:g}/s at most {P99 * 1e3:g} ms": quantile(usual.accepted(), 0.99) <= P99,
        "no error at the usual load": set(usual.statuses()) <= {200, 201},
        "overload answers 429 and nothing else": set(over.statuses()) <= {200, 201, 429},
        f"p99 of accepted at most {OVERLOAD_P99 * 1e3:g} ms under overload": quantile(
            over.accepted(), 0.99
        )
        <= OVERLOAD_P99,
        f"recovery within {RECOVERY:g} s": took is not None and took + 1 <= RECOVERY,
    }
    for name, holds in checks.items():
        print(f"{'holds' if holds else 'DOES NOT HOLD'}: {name}")
    return all(checks.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--overload", type=float, default=20.0)
    parser.add_argument("--store", help="a URL; a new SQLite file if not given")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = args.store or f"sqlite:///{folder / 'store.db'}"
        with open_store(store) as opened:
            key = opened.keys.create(f"benchmark {time.time_ns()}", ["score"])
        process, port = serve(folder, store)
        try:
            good = uvloop.run(measure(args, port, key, Process(process.pid)))
        finally:
            process.send_signal(signal.SIGTERM)
            print(f"stopped with {process.wait(60)}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
