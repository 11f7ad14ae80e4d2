"""What goes wrong, as RFC 9457 problem details: the one place where an error gets its status.

A problem has a stable code and says what was found and what was expected. It never holds what was
sent: neither text nor key nor the name of an unknown field.
"""

from __future__ import annotations

import json
import logging
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from jiesu.errors import BundleError, ConfigError, InputError, JiesuError

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:jiesu:problem:"
_LOG = logging.getLogger("jiesu.serve")

STATUS_OF_CODE = {
    "bad_json": 400,
    "store_conflict": 409,
    "store_missing": 404,
    "unknown_case": 404,
    "unknown_appeal": 404,
}
"""Statuses of single codes; any other code has the status of its kind."""

STATUS_OF_KIND: dict[type[JiesuError], int] = {
    InputError: 422,
    BundleError: 409,
    ConfigError: 500,
}
_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    415: "bad_media_type",
}


class ServeError(JiesuError):
    """An error that knows its HTTP status, headers included.

    fields: extension members of the problem document, such as `id` of the appeal.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(code, message)
        self.status = status
        self.headers = dict(headers or {})
        self.fields = fields


def busy(code: str, message: str, *, status: int = 429, after: float = 1.0) -> ServeError:
    """Return the problem of a service that cannot take it now, and when to come again."""
    return ServeError(status, code, message, headers={"Retry-After": str(max(1, math.ceil(after)))})


def status_of(error: JiesuError) -> int:
    """Return the status of an error: its own, else that of its code, else that of its kind."""
    if isinstance(error, ServeError):
        return error.status
    if error.code in STATUS_OF_CODE:
        return STATUS_OF_CODE[error.code]
    for kind, status in STATUS_OF_KIND.items():
        if isinstance(error, kind):
            return status
    return 503 if error.code.startswith("store_") else 500


def document(error: JiesuError) -> dict[str, Any]:
    """Return the problem document of an error."""
    status = status_of(error)
    found: dict[str, Any] = {
        "type": f"{TYPE}{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": error.code,
        "detail": error.message,
    }
    return found | (error.fields if isinstance(error, ServeError) else {})


def response(error: JiesuError) -> Response:
    """Return an error as a response of type application/problem+json."""
    headers = dict(error.headers) if isinstance(error, ServeError) else {}
    if status_of(error) == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.setdefault("Retry-After", "1")
    body = json.dumps(document(error), ensure_ascii=False).encode()
    return Response(body, status_of(error), headers, MEDIA_TYPE)


def install(app: FastAPI, answer: Callable[[Request, JiesuError], Response]) -> None:
    """Answer every error that a route raises, by a problem document or as `answer` sees fit."""

    @app.exception_handler(JiesuError)
    async def _foreseen(request: Request, error: JiesuError) -> Response:
        if (
            not isinstance(error, ServeError)
            and status_of(error) >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            _LOG.warning("answered %d: %s", status_of(error), error.code)
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, misfit(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _CODE_OF_STATUS.get(error.status_code, "http_error")
        phrase = HTTPStatus(error.status_code).phrase
        return answer(request, ServeError(error.status_code, code, phrase, headers=error.headers))


def misfit(errors: Sequence[Any]) -> ServeError:
    """Return which parts of a request do not fit and why, of pydantic's errors: not what was sent.

    The name of an unknown field is the sender's own words, too.
    """
    found = []
    for item in errors:
        where = [str(part) for part in item["loc"]]
        if item["type"] == "extra_forbidden":
            where[-1] = "(unknown field)"
        found.append({"where": " -> ".join(where), "message": item["msg"], "rule": item["type"]})
    return ServeError(422, "bad_request", "the request does not fit; see errors", errors=found)


def report(error: BaseException, request_id: str) -> None:
    """Log an error that nobody foresaw: its kind and where it rose, not what it says.

    The message of a foreign error may quote the text that it stumbled over.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    _LOG.error("request %s: unforeseen %s at %s", request_id, type(error).__name__, where)


def unforeseen() -> ServeError:
    """Return what a client learns of an error that nobody foresaw."""
    return ServeError(500, "internal", "something went wrong in the service; its log knows more")
