"""What a browser is shown where something does not go well; everybody else gets a problem."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from jiesu.errors import JiesuError
from jiesu.serve import problems
from jiesu.serve.pages.look import local, look_of
from jiesu.serve.pages.render import page
from jiesu.serve.pages.words import CATALOGUES
from jiesu.serve.problems import ServeError

LOGIN = "/login"
_API = ("/v1/", "/open311/", "/metrics", "/openapi.json", "/healthz", "/readyz", "/static")
_AGAIN = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)


class PageRoute(APIRoute):
    """A route whose unforeseen errors are a page too; the log learns their kind and place."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route."""
        usual = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await usual(request)
            except (JiesuError, HTTPException, RequestValidationError):
                raise
            except Exception as error:  # noqa: BLE001  a browser must not be shown a bare problem
                problems.report(error, request.scope["state"]["request_id"])
                return shown(request, problems.unforeseen())

        return handler


def wants_page(request: Request) -> bool:
    """Return whether a request comes from somebody who looks at a page."""
    if request.url.path.startswith(_API):
        return False
    return "text/html" in request.headers.get("accept", "") or is_part(request)


def is_part(request: Request) -> bool:
    """Return whether a script asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def answer(request: Request, error: JiesuError) -> Response:
    """Return a page for a browser, a way to the login if it has no session; else a problem."""
    if not wants_page(request):
        return problems.response(error)
    if problems.status_of(error) == HTTPStatus.UNAUTHORIZED:
        return _to_login(request)
    return shown(request, error)


def shown(request: Request, error: JiesuError, *, back: str | None = None) -> Response:
    """Return the page of an error. back: where its way back leads; the queue otherwise."""
    status = problems.status_of(error)
    words = CATALOGUES[look_of(request).language]
    known = (f"fault.{error.code}", f"fault.{status}")
    key = next((key for key in known if key in words), "fault.other")
    response = page(
        request,
        "fault.html",
        status=status,
        message=words[key],
        code=error.code,
        fault=status,
        back=local(back, otherwise="/queue"),
        retry=request.url.path if request.method == "GET" and status in _AGAIN else None,
    )
    if status in _AGAIN:
        response.headers["Retry-After"] = "1"
    if isinstance(error, ServeError):
        response.headers.update(error.headers)
    return response


def _to_login(request: Request) -> Response:
    had_session = any(name.endswith("jiesu_session") for name in request.cookies)
    asked = request.url.path if request.method == "GET" else _came_from(request)
    if request.method == "GET" and request.url.query:
        asked += f"?{request.url.query}"
    where = f"{LOGIN}?next={quote(asked, safe='')}" + ("&expired=1" if had_session else "")
    if is_part(request):
        # A redirect would be followed by the script, and the login shown inside the page.
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": where})
    return RedirectResponse(where, HTTPStatus.SEE_OTHER)


def _came_from(request: Request) -> str:
    """Return the page that a form was on, as far as the browser says so."""
    referer = request.headers.get("referer", "")
    origin = str(request.base_url).rstrip("/")
    return local(referer.removeprefix(origin) if referer.startswith(origin) else None)
