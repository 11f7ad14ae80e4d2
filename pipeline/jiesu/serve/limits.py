"""How much one caller may ask: bytes of a body, requests a second."""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jiesu.serve.problems import ServeError, busy, response


class Gate:
    """Turns requests away before anything is read of them: too large, or no room for their work.

    limit: the most bytes of a request's body. refuse: why a request cannot be taken now, or None;
    under load it must cost less to say no than to say yes.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: Callable[[Scope], int],
        refuse: Callable[[Scope], ServeError | None],
    ) -> None:
        self._app = app
        self._limit = limit
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        found = self._refuse(scope) or (_too_large(limit) if _announced(scope) > limit else None)
        if found is not None:
            await response(found)(scope, receive, send)
            return
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise _too_large(limit)
            return message

        await self._app(scope, counted, send)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


def _too_large(limit: int) -> ServeError:
    # What is still on its way will not be read.
    closing = {"Connection": "close"}
    return ServeError(413, "too_large", f"found a body of more than {limit} bytes", headers=closing)


async def read_body(request: Request, *, seconds: float) -> bytes:
    """Return the body of a request. Raises ServeError 408 if it does not come in time."""
    try:
        async with asyncio.timeout(seconds):
            return await request.body()
    except TimeoutError:
        raise ServeError(408, "slow_body", f"the body did not come in {seconds:g} s") from None
    except ClientDisconnect:
        raise ServeError(400, "no_body", "the connection closed before the body ended") from None


class RateLimit:
    """A token bucket for each caller: `rate` a second, `burst` at once; a rate of 0 is no limit.

    Holds at most `most` callers, the latest: one that was forgotten begins with a full bucket.
    """

    def __init__(self, rate: float, burst: int, *, most: int = 10_000) -> None:
        self.rate = rate
        self.burst = burst
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, now: float, cost: float = 1.0) -> float:
        """Take `cost` tokens of a caller and return 0, or take none and return when to come again.

        now: seconds of a clock that never goes back. More than a burst is taken from a full
        bucket, which is then in debt.
        """
        if self.rate <= 0:
            return 0.0
        tokens, then = self._buckets.pop(caller, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + max(0.0, now - then) * self.rate)
        needed = min(cost, float(self.burst))
        short = needed - tokens
        # A caller that sends no more than is allowed is not turned away by rounding.
        if short <= 1e-6:
            tokens -= cost
        self._buckets[caller] = (tokens, now)
        while len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return max(0.0, short / self.rate) if short > 1e-6 else 0.0

    def take(self, caller: str, now: float, cost: float = 1.0) -> None:
        """Take tokens. Raises ServeError 429 that says when there will be enough."""
        wait = self.wait(caller, now, cost)
        if wait > 0:
            raise busy(
                "rate_limited",
                f"found more than {self.rate:g} requests a second, come again in "
                f"{math.ceil(wait)} s",
                after=wait,
            )
