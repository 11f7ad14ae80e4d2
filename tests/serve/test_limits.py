"""How much a caller may ask: bytes of a body, requests a second."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jiesu.serve.limits import Gate, RateLimit
from jiesu.serve.problems import ServeError, busy


@pytest.mark.parametrize(
    ("calls", "expected", "reason"),
    [
        ([(0.0, 1)] * 3, [0, 0, 0], "a burst passes"),
        ([(0.0, 1)] * 4, [0, 0, 0, 0.5], "one more has to wait for a token"),
        ([(0.0, 1)] * 3 + [(0.5, 1)], [0, 0, 0, 0], "which half a second brings"),
        ([(0.0, 1)] * 4 + [(0.5, 1)], [0, 0, 0, 0.5, 0], "being turned away costs nothing"),
        ([(0.0, 3), (1.0, 3)], [0, 0.5], "a batch costs what it holds"),
        ([(0.0, 9), (0.0, 1), (3.5, 1)], [0, 3.5, 0], "more than a burst is owed"),
        ([(5.0, 3), (1.0, 1)], [0, 0.5], "a clock that goes back brings nothing"),
    ],
)
def test_a_rate(calls: list[tuple[float, int]], expected: list[float], reason: str) -> None:
    limit = RateLimit(2.0, 3)
    found = [limit.wait("key:1", now, cost) for now, cost in calls]
    assert found == pytest.approx(expected), reason


def test_callers_do_not_share() -> None:
    limit = RateLimit(1.0, 1)
    assert limit.wait("key:1", 0.0) == 0
    assert limit.wait("key:2", 0.0) == 0
    assert limit.wait("key:1", 0.0) > 0


def test_no_rate_is_no_limit() -> None:
    limit = RateLimit(0.0, 1)
    assert [limit.wait("key:1", 0.0) for _ in range(100)] == [0] * 100


def test_only_so_many_callers_are_remembered() -> None:
    limit = RateLimit(1.0, 1, most=2)
    for name in ("a", "b", "c"):
        limit.wait(name, 0.0)
    assert limit.wait("a", 0.0) == 0
    assert limit.wait("c", 0.0) > 0


def test_who_calls_too_often_is_told_when_to_come_again() -> None:
    limit = RateLimit(0.5, 1)
    limit.take("key:1", 0.0)
    with pytest.raises(ServeError) as caught:
        limit.take("key:1", 0.0)
    assert (caught.value.status, caught.value.code) == (429, "rate_limited")
    assert caught.value.headers["Retry-After"] == "2"


def ask(
    parts: list[bytes], headers: dict[str, str] | None = None, *, full: bool = False
) -> tuple[int, int]:
    """Return the status that a gate of 10 bytes lets pass, and how many bytes came through."""
    came = 0
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal came
        while True:
            message = await receive()
            came += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        sent.append(message)

    left = list(parts)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    gate = Gate(
        app, limit=lambda _: 10, refuse=lambda _: busy("overloaded", "full") if full else None
    )
    try:
        asyncio.run(gate(scope, receive, send))  # type: ignore[arg-type]
    except ServeError as error:
        return error.status, came
    return sent[0]["status"], came


@pytest.mark.parametrize(
    ("parts", "headers", "expected", "reason"),
    [
        ([b"0123456789"], {}, (200, 10), "just enough"),
        ([b"01234", b"56789"], {}, (200, 10), "in parts"),
        ([b"01234", b"567890", b"1"], {}, (413, 5), "too much, noticed on the way"),
        ([b"0"], {"content-length": "11"}, (413, 0), "announced: nothing is read"),
        ([b"0"], {"content-length": "9" * 400}, (413, 0), "however long the number"),
        ([b"0"], {"content-length": "-1"}, (200, 1), "what is no number announces nothing"),
    ],
)
def test_the_size_of_a_body(
    parts: list[bytes], headers: dict[str, str], expected: tuple[int, int], reason: str
) -> None:
    assert ask(parts, headers) == expected, reason


def test_no_room_no_reading() -> None:
    assert ask([b"0"], full=True) == (429, 0)
