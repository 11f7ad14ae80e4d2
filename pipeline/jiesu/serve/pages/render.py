"""A template to a page: everything in it is escaped, and no page carries script or style."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from jiesu.resources import package_folder
from jiesu.serve import browser
from jiesu.serve.pages import times
from jiesu.serve.pages.look import look_of
from jiesu.serve.pages.names import Names
from jiesu.serve.pages.words import CATALOGUES, sayer
from jiesu.serve.service import service_of
from jiesu.store import Role, Session

# Controls and bidirectional marks could rewrite what a reader believes to see.
_CONTROLS = dict.fromkeys(
    (
        *(*range(9), 11, 12, *range(14, 32), *range(127, 160)),
        *(0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF),
    ),
    "\ufffd",
)
REVIEWERS: tuple[Role, ...] = ("supervisor", "admin")


class Entry(NamedTuple):
    """An entry of the navigation."""

    name: str
    path: str


_ENTRIES: dict[Role, tuple[str, ...]] = {
    "viewer": ("queue", "dashboard"),
    "supervisor": ("queue", "dashboard", "export"),
    "admin": ("queue", "dashboard", "export", "admin"),
}


def plain(text: str | None) -> str:
    """Return a text with its controls made visible; every offset stays."""
    return (text or "").translate(_CONTROLS)


def percent(value: float | None, *, digits: int = 0) -> str:
    """Return a share as per cent, a dash where there is none; never 100 % for nearly all."""
    if value is None:
        return "—"
    shown = f"{value * 100:.{digits}f}"
    if value < 1.0 and float(shown) >= 100.0:
        shown = f"{100 - 10.0**-digits:.{digits}f}"
    if value > 0.0 and float(shown) <= 0.0:
        return f"<{10.0**-digits:.{digits}f}%"
    return f"{shown}%"


@cache
def environment() -> Environment:
    """Return the templates, with every filter that they use."""
    made = Environment(
        loader=FileSystemLoader(package_folder("serve", "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": True}
    made.filters["plain"] = plain
    made.filters["percent"] = percent
    made.filters["clock"] = times.clock
    return made


def page(
    request: Request,
    template: str,
    *,
    session: Session | None = None,
    status: int = 200,
    **values: Any,
) -> Response:
    """Return a template as a response, in the browser's language and theme.

    values: what the template shows. Without a session, forms have the token of the login.
    """
    look = look_of(request)
    say = sayer(look.language)
    serving = service_of(request).engines.current
    query = f"?{request.url.query}" if request.url.query else ""
    holder = Response()
    context = {
        "look": look,
        "say": say,
        "names": Names(look.language, serving.engine.jurisdiction if serving else None),
        "ago": lambda moment, now: times.span(now - moment, say),
        "session": session,
        "user": session.user if session else None,
        "may_review": session is not None and session.user.role in REVIEWERS,
        "csrf": session.csrf if session else browser.form_token(request, holder),
        "csrf_field": browser.CSRF_FIELD,
        "menu": [Entry(name, f"/{name}") for name in _entries(session)],
        "here": request.url.path + query if request.method == "GET" else "/",
        "path": request.url.path,
        "now": datetime.now(UTC),
        "undo": None,
        **values,
        "notice": CATALOGUES[look.language].get(f"notice.{values.get('notice')}"),
    }
    response = HTMLResponse(environment().get_template(template).render(context), status)
    response.raw_headers.extend(
        (name, value) for name, value in holder.raw_headers if name == b"set-cookie"
    )
    return response


def _entries(session: Session | None) -> tuple[str, ...]:
    return _ENTRIES[session.user.role] if session else ()
