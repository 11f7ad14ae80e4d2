"""Browser sessions: the cookie, the token that every form sends back, where a form came from."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import Request
from starlette.responses import Response

from jiesu.serve.problems import ServeError
from jiesu.store import Session, Store, User
from jiesu.store.sessions import ABSOLUTE

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_SESSION = "jiesu_session"
_FORM = "jiesu_form"
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


async def session_of(request: Request, store: Store) -> Session | None:
    """Return the session of a request's cookie, None without a valid one."""
    token = request.cookies.get(_name(request, _SESSION))
    if not token:
        return None
    return await asyncio.to_thread(store.sessions.get, token, datetime.now(UTC))


async def sign_in(request: Request, response: Response, store: Store, user: User) -> Session:
    """Begin a session of a user and set its cookie; an earlier one of this browser ends.

    Raises StoreError.
    """
    now = datetime.now(UTC)
    await _revoke(request, store)
    token = await asyncio.to_thread(store.sessions.create, user.id, now)
    session = await asyncio.to_thread(store.sessions.get, token, now)
    if session is None:
        raise ServeError(401, "no_credentials", "the session ended before it began")
    _set(request, response, _SESSION, token, int(ABSOLUTE.total_seconds()))
    response.delete_cookie(_name(request, _FORM), path="/")
    return session


async def sign_out(request: Request, response: Response, store: Store) -> None:
    """End the session of a request and forget its cookie."""
    await _revoke(request, store)
    response.delete_cookie(
        _name(request, _SESSION), path="/", secure=is_secure(request), httponly=True, samesite="lax"
    )


async def check_csrf(request: Request, session: Session) -> None:
    """Raise ServeError 403 unless a request comes from a page of ours.

    It must send the session's token back, as header `X-CSRF-Token` or as field `csrf_token`, and
    name no other origin.
    """
    given = request.headers.get(CSRF_HEADER) or await _field(request)
    if not _same(given, session.csrf):
        raise _without_token()
    check_origin(request)


def check_origin(request: Request) -> None:
    """Raise ServeError 403 if the browser says that a request comes from another site."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    host = request.headers.get("host", "")
    if site not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != host):
        raise ServeError(403, "other_origin", "found a form from another site")


def form_token(request: Request, response: Response) -> str:
    """Return the token for a form that is shown before there is a session, such as the login.

    Sets a cookie of the same value: another site can neither read nor set it.
    """
    token = request.cookies.get(_name(request, _FORM)) or secrets.token_urlsafe(32)
    _set(request, response, _FORM, token, None)
    return token


async def check_form_token(request: Request) -> None:
    """Raise ServeError 403 unless a form sends back what `form_token` gave it."""
    held = request.cookies.get(_name(request, _FORM), "")
    given = request.headers.get(CSRF_HEADER) or await _field(request)
    if not held or not _same(given, held):
        raise _without_token()
    check_origin(request)


def is_secure(request: Request) -> bool:
    """Return whether cookies of this request may only travel encrypted."""
    always = request.app.state.service.settings.secure_cookies == "always"
    return always or request.url.scheme == "https"


async def _field(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORM_TYPES:
        return ""
    value = (await request.form()).get(CSRF_FIELD)
    return value if isinstance(value, str) else ""


def _same(given: str, held: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), held.encode())


def _without_token() -> ServeError:
    return ServeError(403, "no_csrf_token", "found a form without its token, load the page again")


async def _revoke(request: Request, store: Store) -> None:
    if token := request.cookies.get(_name(request, _SESSION)):
        await asyncio.to_thread(store.sessions.revoke, token)


def _name(request: Request, name: str) -> str:
    # A name of this kind is one that no other host and no unencrypted page can set.
    return f"__Host-{name}" if is_secure(request) else name


def _set(request: Request, response: Response, name: str, value: str, seconds: int | None) -> None:
    response.set_cookie(
        _name(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
