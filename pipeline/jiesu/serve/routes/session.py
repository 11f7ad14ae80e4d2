"""`/v1/session`: logging in and out without a page, by password or by a one-time link."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from jiesu.schema import Frozen
from jiesu.serve import browser, payloads
from jiesu.serve.auth import CurrentUser, Gatekeeper
from jiesu.serve.limits import read_body
from jiesu.serve.routes.faults import faults
from jiesu.serve.service import Service, TheService
from jiesu.store import Role, Session, User

router = APIRouter(prefix="/v1/session", tags=["session"])


class Password(Frozen):
    """Who logs in."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=1024, repr=False)


class Link(Frozen):
    """The token of a one-time link."""

    token: str = Field(max_length=256, repr=False)


class SignedIn(Frozen):
    """Who is logged in. csrf: to be sent as X-CSRF-Token with whatever changes something."""

    name: str
    role: Role
    csrf: str


async def verified(gate: Gatekeeper, request: Request, name: str, password: str) -> User:
    """Return the user of a name and password; pages log in by this too.

    Raises ServeError 401 for either being wrong, 403 for a form from elsewhere, 429 for too many
    attempts from one address.
    """
    _check_attempt(gate, request)
    user = await asyncio.to_thread(gate.store.users.verify, name, password, datetime.now(UTC))
    if user is None:
        raise gate.denied("bad_login", "name and password do not fit, or the name is locked")
    return user


async def redeemed(gate: Gatekeeper, request: Request, token: str) -> User:
    """Return the user whom a one-time link lets in; pages log in by this too. Raises ServeError."""
    _check_attempt(gate, request)
    user = await asyncio.to_thread(gate.store.users.redeem, token, datetime.now(UTC))
    if user is None:
        raise gate.denied("bad_link", "this link is unknown, used or too old; ask for another")
    return user


@router.post(
    "",
    openapi_extra=payloads.body_of(Password),
    response_model=SignedIn,
    responses=faults(400, 401, 403, 413, 422, 429, 503),
)
async def begin(request: Request, service: TheService) -> Response:
    """Log in by name and password and get a session cookie."""
    body = payloads.parsed(Password, await _body(request, service))
    user = await verified(service.gatekeeper, request, body.name, body.password)
    return await _signed_in(request, service, user)


@router.post(
    "/link",
    openapi_extra=payloads.body_of(Link),
    response_model=SignedIn,
    responses=faults(400, 401, 403, 413, 422, 429, 503),
)
async def begin_by_link(request: Request, service: TheService) -> Response:
    """Log in by a one-time link and get a session cookie."""
    body = payloads.parsed(Link, await _body(request, service))
    user = await redeemed(service.gatekeeper, request, body.token)
    return await _signed_in(request, service, user)


@router.get("", response_model=SignedIn, responses=faults(401, 503))
async def who(session: CurrentUser) -> SignedIn:
    """Return who is logged in."""
    return _page(session)


@router.delete("", status_code=204, responses=faults(401, 403, 503))
async def end(request: Request, service: TheService, session: CurrentUser) -> Response:
    """Log out."""
    response = Response(status_code=204)
    await browser.sign_out(request, response, service.store)
    return response


async def _body(request: Request, service: Service) -> bytes:
    return await read_body(request, seconds=service.settings.body_seconds)


async def _signed_in(request: Request, service: TheService, user: User) -> Response:
    response = JSONResponse({})
    session = await browser.sign_in(request, response, service.store, user)
    response.body = response.render(_page(session).model_dump())
    response.headers["content-length"] = str(len(response.body))
    return response


def _page(session: Session) -> SignedIn:
    return SignedIn(name=session.user.name, role=session.user.role, csrf=session.csrf)


def _check_attempt(gate: Gatekeeper, request: Request) -> None:
    browser.check_origin(request)
    gate.logins.take(request.client.host if request.client else "", time.monotonic())
