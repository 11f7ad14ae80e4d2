"""What goes wrong around the service: signals under load, a store that goes, too much at once."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from jiesu.bundle import WEIGHTS
from jiesu.store import open_store
from postgres_server import PostgresServer
from serve_process import ServeProcess

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"


class Callers:
    """Several callers at once, each on connections of its own, as long as they may.

    turn: tells whether to send another. A request that got no answer at all is counted as 0, one
    that found nobody listening as -1.
    """

    def __init__(
        self, url: str, key: str, turn: Callable[[], bool], *, count: int = 8, fresh: bool = False
    ) -> None:
        self.answers: dict[str, tuple[int, bool]] = {}
        self._threads = [
            threading.Thread(target=self._call, args=(url, key, turn, number, fresh))
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive()

    def statuses(self) -> Counter[int]:
        return Counter(status for status, _ in self.answers.values())

    def stored(self) -> set[str]:
        return {id for id, (_, stored) in self.answers.items() if stored}

    def _call(self, url: str, key: str, turn: Callable[[], bool], place: int, fresh: bool) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        if fresh:
            headers["Connection"] = "close"
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            number = 0
            while turn():
                number += 1
                id = f"{place}-{number}"
                try:
                    found = client.post("/v1/appeals", json={"id": id, "text": TEXT})
                except httpx.ConnectError:
                    self.answers[id] = (-1, False)
                    return
                except httpx.TransportError:
                    self.answers[id] = (0, False)
                    continue
                stored = found.status_code in (200, 201) and found.json()["stored"]
                self.answers[id] = (found.status_code, stored)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def is_stopping(process: ServeProcess) -> bool:
    """Ask as a load balancer does."""
    try:
        return httpx.get(f"{process.url}/readyz", timeout=10).status_code != 200
    except httpx.TransportError:
        return True


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_under_load_answers_every_accepted_request(
    workers: int, start: Any, key_of: Any
) -> None:
    process = start(workers=workers, lame_duck=1, rate=0, deadline=30, max_wait=30)
    key = key_of(process)
    told = threading.Event()
    callers = Callers(process.url, key, lambda: not told.is_set())
    wait_for(lambda: len(callers.answers) > 50)
    process.send(signal.SIGTERM)
    wait_for(lambda: is_stopping(process))
    before = len(callers.answers)
    # Those who have not heard of it yet are still served.
    wait_for(lambda: len(callers.answers) > before + 10)
    told.set()
    callers.join()
    assert process.process.wait(60) == 0
    assert callers.statuses() == {201: len(callers.answers)}
    with open_store(process.store) as store:
        assert store.appeals.count() == len(callers.answers)


def test_after_sigterm_connections_close_behind_their_answers(start: Any, key_of: Any) -> None:
    process = start(lame_duck=1)
    with process.client(key_of(process)) as client:
        assert "connection" not in client.get("/v1/model").headers
        process.send(signal.SIGTERM)
        wait_for(lambda: is_stopping(process))
        found = client.get("/v1/model")
        assert (found.status_code, found.headers["connection"]) == (200, "close")
    assert process.process.wait(60) == 0


def test_a_bulk_request_is_finished_after_sigterm(start: Any, key_of: Any) -> None:
    # One at a time, so that there is something left to finish.
    process = start(lame_duck=0, rate=0, bulk_batch=1)
    records = [{"id": f"b-{number}", "text": f"{TEXT}{number}"} for number in range(1000)]
    found: list[httpx.Response] = []
    with process.client(key_of(process)) as client:
        thread = threading.Thread(
            target=lambda: found.append(client.post("/v1/appeals:batch", json=records))
        )
        thread.start()
        with process.client(str(client.headers["Authorization"]).split()[1]) as other:
            wait_for(lambda: figure(other, "jiesu_queue_length") > 0)
        process.send(signal.SIGTERM)
        thread.join(60)
    assert process.process.wait(60) == 0
    assert {item["status"] for item in found[0].json()["items"]} == {201}
    with open_store(process.store) as store:
        assert store.appeals.count() == 1000


def figure(client: httpx.Client, name: str) -> float:
    """Return the first figure whose name begins like this, 0 if there is none."""
    lines = client.get("/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


def test_too_much_at_once_is_429_and_passes(start: Any, key_of: Any) -> None:
    process = start(queue=2, max_wait=5, batch=1, rate=0)
    key = key_of(process)
    end = time.monotonic() + 3
    callers = Callers(process.url, key, lambda: time.monotonic() < end, count=24)
    callers.join()
    statuses = callers.statuses()
    assert set(statuses) == {201, 429}
    assert statuses[201] > 0
    with open_store(process.store) as store:
        assert store.appeals.count() == statuses[201], "what was turned away was not done"
    with process.client(key) as client:
        started = time.monotonic()
        assert client.post("/v1/appeals", json={"id": "after", "text": TEXT}).status_code == 201
        assert time.monotonic() - started < 5
        assert 'jiesu_refused_total{reason="overloaded"}' in client.get("/metrics").text


def test_postgresql_stopped_and_started_under_load(
    start: Any, key_of: Any, postgres: PostgresServer
) -> None:
    process = start(
        store=postgres.new_database(),
        rate=0,
        store_retry=0.2,
        store_timeout=5,
        key_cache=0.2,
        deadline=30,
        max_wait=30,
    )
    key = key_of(process)
    done = threading.Event()
    callers = Callers(process.url, key, lambda: not done.is_set(), count=4)
    try:
        wait_for(lambda: len(callers.stored()) > 20)
        postgres.stop()
        before = len(callers.answers) - len(callers.stored())
        wait_for(lambda: len(callers.answers) - len(callers.stored()) > before + 20)
        # The keys are taken on trust, and everybody can see that the store is gone.
        wait_for(lambda: is_stopping(process))
        with process.client(key) as client:
            figures = client.get("/metrics").text
            assert "jiesu_store_up 0.0" in figures
            assert client.get("/healthz").status_code == 200
            assert client.get("/v1/appeals/0-1").status_code == 503
            unknown = client.get("/v1/model", headers={"Authorization": "Bearer jsk_unknown"})
            assert unknown.status_code == 503, "nobody can tell whose key it is"
        postgres.start()
        after = len(callers.stored())
        wait_for(lambda: len(callers.stored()) > after + 20)
    finally:
        done.set()
        callers.join()
        if not is_up(postgres):
            postgres.start()
    assert set(callers.statuses()) <= {200, 201}, "scoring went on all along"
    with open_store(process.store) as store:
        missing = {id for id in callers.stored() if store.appeals.get(id) is None}
        assert missing == set(), "nothing acknowledged is lost"
        assert store.log.verify() is None
        # What was not stored may be sent again.
        lost = next(id for id, (_, stored) in callers.answers.items() if not stored)
    with process.client(key) as client:
        again = client.post("/v1/appeals", json={"id": lost, "text": TEXT}).json()
        assert again["stored"] is True
    process.wait_until_ready()


def is_up(postgres: PostgresServer) -> bool:
    try:
        psycopg.connect(postgres.url(), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_workers_share_the_port_and_one_that_dies_is_replaced(start: Any, key_of: Any) -> None:
    process = start(workers=2, rate=0)
    key = key_of(process)

    def pids() -> set[int]:
        children = Path(f"/proc/{process.process.pid}/task/{process.process.pid}/children")
        found = set()
        for pid in map(int, children.read_text("ascii").split()):
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                # It ended meanwhile.
                continue
            if b"spawn_main" in line:
                found.add(pid)
        return found

    wait_for(lambda: len(pids()) == 2)
    first = pids()
    end = time.monotonic() + 2
    callers = Callers(process.url, key, lambda: time.monotonic() < end, fresh=True)
    callers.join()
    with process.client(key) as client:
        scored = figure(client, "jiesu_appeals_scored_total")
    assert scored == callers.statuses()[201], "the figures are of all workers"
    victim = min(first)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(pids()) == 2 and victim not in pids())
    process.wait_until_ready()
    assert "died, starting another" in process.log()
    assert process.stop() == 0
    assert "Traceback" not in process.log()


def test_workers_stop_when_nobody_supervises_them(start: Any, tmp_path: Path) -> None:
    process = start(workers=2)
    os.kill(process.process.pid, signal.SIGKILL)
    process.process.wait()

    def answers() -> bool:
        try:
            httpx.get(f"{process.url}/healthz", timeout=5)
        except httpx.TransportError:
            return False
        return True

    wait_for(lambda: not answers())


def test_the_first_start_prints_a_one_time_link(start: Any) -> None:
    process = start()
    lines = [line for line in process.log().splitlines() if "/login?link=" in line]
    assert len(lines) == 1
    token = lines[0].partition("?link=")[2].strip()
    with process.client() as client:
        entered = client.post("/v1/session/link", json={"token": token})
        assert (entered.json()["name"], entered.json()["role"]) == ("admin", "admin")
        assert client.post("/v1/session/link", json={"token": token}).status_code == 401
    assert process.stop() == 0
    again = start()
    assert "/login?link=" not in again.log()
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"bundle": "nowhere"}, "no_bundle"),
        ({"store": "mysql://nowhere/x"}, "store_url"),
        ({"store": "postgresql://nobody@127.0.0.1:1/x"}, "store_down"),
        ({"jurisdiction": "nowhere"}, "unknown_jurisdiction"),
        ({"jurisdiction": "nowhere", "workers": 2}, "unknown_jurisdiction"),
        ({"queue": 0}, "bad_settings"),
    ],
)
def test_what_cannot_serve_says_why_and_ends(
    options: dict[str, Any], code: str, start: Any
) -> None:
    process = start(wait=False, **options)
    assert process.process.wait(60) == 1
    assert code in process.log()
    assert "Traceback" not in process.log()


def test_a_broken_bundle_is_refused_at_the_start(start: Any, tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    with (broken / WEIGHTS).open("ab") as file:
        file.write(b"x")
    process = start(wait=False, bundle=broken)
    assert process.process.wait(60) == 1
    assert "altered_file" in process.log()


def test_a_port_that_is_taken(start: Any, serving: ServeProcess) -> None:
    process = start(wait=False, port=serving.port)
    assert process.process.wait(60) == 1
    assert "cannot_listen" in process.log()
