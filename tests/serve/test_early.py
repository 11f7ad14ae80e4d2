"""The short way to say no: a whole answer, on a connection that goes on; all else is untouched."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from jiesu.serve.early import refusing
from jiesu.serve.problems import ServeError, busy
from serve_process import free_port

REQUEST = b"POST /v1/appeals HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


class Gate:
    """Full or not, and what came through."""

    full = False
    seen: list[tuple[str, bytes]]

    def __init__(self) -> None:
        self.seen = []

    def refuse(self) -> ServeError | None:
        return busy("overloaded", "come again") if self.full else None

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.seen.append((scope["path"], body))
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Gate, int]]:
    gate, port = Gate(), free_port()
    config = uvicorn.Config(
        gate.app,
        port=port,
        http=refusing(gate.refuse),
        interface="asgi3",
        log_config=None,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield gate, port
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def full(server: tuple[Gate, int]) -> Iterator[int]:
    """Return the port of a server that is full."""
    gate, port = server
    gate.full = True
    gate.seen.clear()
    yield port
    gate.full = False


def test_the_answer_is_a_problem_and_the_connection_goes_on(
    server: tuple[Gate, int], full: int
) -> None:
    gate, _ = server
    with httpx.Client(base_url=f"http://127.0.0.1:{full}") as client:
        for content in (b"{}", b"x" * 300_000, iter([b"x" * 50_000] * 10)):
            found = client.post("/v1/appeals?redact=true", content=content)
            assert found.status_code == 429
            assert found.json()["code"] == "overloaded"
            assert found.headers["content-type"] == "application/problem+json"
            assert found.headers["retry-after"] == "1"
            assert found.headers["date"]
        assert gate.seen == []
        gate.full = False
        after = client.post("/v1/appeals", content=b"{}")
        assert (after.status_code, after.text) == (200, "ok")
        assert gate.seen == [("/v1/appeals", b"{}")]


def test_what_is_no_single_appeal_goes_on(server: tuple[Gate, int], full: int) -> None:
    gate, _ = server
    with httpx.Client(base_url=f"http://127.0.0.1:{full}") as client:
        for method, path in (
            ("GET", "/v1/appeals"),
            ("POST", "/v1/appeals:batch"),
            ("POST", "/v1/appeals/1/feedback"),
            ("POST", "/v1/session"),
        ):
            assert client.request(method, path, content=b"x").status_code == 200
    assert len(gate.seen) == 4


def talk(port: int, sent: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(sent)
        connection.settimeout(1)
        found = b""
        try:
            while part := connection.recv(1 << 16):
                found += part
        except TimeoutError:
            found += b"(still open)"
        return found


def test_requests_in_a_row_each_have_their_answer(server: tuple[Gate, int], full: int) -> None:
    found = talk(full, REQUEST * 3)
    assert found.count(b"HTTP/1.1 429") == 3
    assert found.endswith(b"(still open)")


def test_an_answer_does_not_overtake_one_that_is_being_made(
    server: tuple[Gate, int], full: int
) -> None:
    other = REQUEST.replace(b"/v1/appeals", b"/v1/other")
    found = talk(full, other + REQUEST)
    first, second = found.index(b"HTTP/1.1 200"), found.rindex(b"HTTP/1.1")
    assert first < second


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(REQUEST.replace(b"Host: x", b"Connection: close"), id="asked to close"),
        pytest.param(REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
    ],
)
def test_who_wants_to_be_left_is_left(sent: bytes, server: tuple[Gate, int], full: int) -> None:
    found = talk(full, sent)
    assert found.startswith(b"HTTP/1.1 429")
    assert not found.endswith(b"(still open)")
