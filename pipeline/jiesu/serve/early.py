"""Says no before a request is one: under load the answer 429 must cost next to nothing.

At five times the capacity four answers of five are 429. Made by the application each costs a task,
a scope and a dozen headers, a fifth of an appeal scored; the protocol can give it as soon as it has
read the request's head. It is the same answer that `limits.Gate` gives, short of the headers that
only pages need. What the protocol does not know (a pipelined request, another path) goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jiesu.serve.problems import MEDIA_TYPE, ServeError, document

_URL = b"/v1/appeals"
_METHOD = b"POST"
_STATUS = b"HTTP/1.1 429 Too Many Requests\r\n"


class _Answered:
    """Stands for the cycle of a request that has its answer: what still comes of it is ignored."""

    response_complete = True
    disconnected = False

    class message_event:  # noqa: N801  the protocol's own name
        """Nobody waits for it."""

        @staticmethod
        def set() -> None:
            """Do nothing."""


_ANSWERED: Any = _Answered()


def refusing(refuse: Callable[[], ServeError | None]) -> type[HttpToolsProtocol]:
    """Return the protocol of a server that asks `refuse` of each single appeal, headers read."""
    known: dict[str, bytes] = {}

    class Protocol(HttpToolsProtocol):
        """uvicorn's protocol with a short way to say no."""

        def on_headers_complete(self) -> None:
            """Answer at once, or hand the request to the application."""
            is_one = self.url == _URL or self.url.startswith(_URL + b"?")
            if is_one and self.parser.get_method() == _METHOD and self._is_idle():
                error = refuse()
                if error is not None:
                    self._refuse(error)
                    return
            super().on_headers_complete()

        def _is_idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _refuse(self, error: ServeError) -> None:
            answer = known.get(error.code)
            if answer is None:
                answer = known[error.code] = whole(error)
            self.cycle = _ANSWERED
            # The date, which the server renews every second.
            own = [b"%s: %s\r\n" % item for item in self.server_state.default_headers]
            self.transport.write(b"".join((_STATUS, *own, answer)))
            if self.parser.get_http_version() == "1.0" or not self.parser.should_keep_alive():
                self.transport.close()
            self.on_response_complete()

    return Protocol


def whole(error: ServeError) -> bytes:
    """Return a problem 429 as what follows the status line of its HTTP/1.1 answer."""
    body = json.dumps(document(error), ensure_ascii=False).encode()
    headers = {
        "content-type": MEDIA_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **{name.lower(): value for name, value in error.headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body
