"""What every request passes first and every answer last: ids, safe headers, figures, log.

Plain ASGI, and outermost: an error that nobody foresaw ends here, so that no server prints what it
says. The log has a line a request: method, route, status, time, who, never a query or a body.
"""

from __future__ import annotations

import itertools
import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jiesu.serve import problems
from jiesu.serve.metrics import Metrics

_LOG = logging.getLogger("jiesu.serve.access")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")

# No inline script or style, nothing from elsewhere, and nobody may frame us. With `no-referrer`
# browsers would send forms without an origin, and the check of forms reads it.
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HSTS = b"max-age=31536000"
_SAFE = [(name.lower().encode(), value.encode()) for name, value in SAFE_HEADERS.items()]


class Edge:
    """Wraps an application. stopping: tells whether the service asks to be left alone."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, stopping: Callable[[], bool]) -> None:
        self._app = app
        self._metrics = metrics
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._complete(scope, message, request_id)
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, finish)
        except Exception as error:  # noqa: BLE001  the server would print what a foreign error says
            problems.report(error, request_id)
            if status == 0:
                await problems.response(problems.unforeseen())(scope, receive, finish)
        finally:
            self._metrics.in_flight.dec()
            self._note(scope, status, time.perf_counter() - started, request_id)

    def _complete(self, scope: Scope, message: Message, request_id: str) -> None:
        headers = message["headers"] = list(message.get("headers", ()))
        given = {name for name, _ in headers}
        # Raw and in one go: under load most answers are short, and this would be half their cost.
        headers += [item for item in _SAFE if item[0] not in given]
        if scope["scheme"] == "https":
            headers.append((b"strict-transport-security", _HSTS))
        if b"cache-control" not in given:
            # Verdicts and pages are about people: no cache keeps them.
            is_static = scope["path"].startswith("/static/")
            headers.append((b"cache-control", b"no-cache" if is_static else b"no-store"))
        headers.append((b"x-request-id", request_id.encode("ascii")))
        if self._stopping() and b"connection" not in given:
            # Whoever keeps a connection open would find it closed at the next request.
            headers.append((b"connection", b"close"))

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if _LOG.isEnabledFor(logging.INFO):
            _LOG.info(
                "%s %s %d %.1f ms by %s, request %s",
                method,
                route,
                status,
                seconds * 1e3,
                scope["state"].get("caller", "nobody"),
                request_id,
            )


# Random once a process: random bytes for every request would let go of Python's lock each time,
# and under load it takes a while to come back.
_PREFIX = uuid.uuid4().hex[:24]
_NUMBERS = itertools.count()
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(scope: Scope) -> str:
    """Return the id that a proxy gave the request, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return f"{_PREFIX}{next(_NUMBERS):08x}"
