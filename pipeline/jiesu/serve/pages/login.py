"""Logging in by password or by a one-time link, and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.serve import browser
from jiesu.serve.pages.access import Reader
from jiesu.serve.pages.faults import LOGIN, PageRoute
from jiesu.serve.pages.look import local
from jiesu.serve.pages.render import page
from jiesu.serve.problems import ServeError
from jiesu.serve.routes.session import redeemed, verified
from jiesu.serve.service import TheService
from jiesu.store import User
from jiesu.store.users import LONGEST_PASSWORD

router = APIRouter(route_class=PageRoute)
_SHOWN = ("bad_login", "bad_link", "rate_limited")


@router.get(LOGIN)
async def login(
    request: Request,
    service: TheService,
    next: str = "",
    link: str = "",
    expired: bool = False,
    out: bool = False,
) -> Response:
    """Show the form of the login; with a one-time link, a button that uses it.

    A link is not used by looking at it: programs that preview messages follow what they find.
    """
    if not link and await browser.session_of(request, service.store) is not None:
        return RedirectResponse(local(next, otherwise="/queue"), 303)
    state = "expired" if expired else "out" if out else ""
    return page(request, "login.html", next=local(next, otherwise="/queue"), link=link, state=state)


@router.post(LOGIN)
async def enter(
    request: Request,
    service: TheService,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    link: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Log in; what does not fit shows the form again."""
    gate = service.gatekeeper
    try:
        await browser.check_form_token(request)
        if link:
            user: User = await redeemed(gate, request, link[:256])
        else:
            user = await verified(gate, request, name[:64], password[: LONGEST_PASSWORD + 1])
    except ServeError as error:
        if error.code not in (*_SHOWN, "no_csrf_token"):
            raise
        where = local(next, otherwise="/queue")
        return page(
            request,
            "login.html",
            status=error.status,
            next=where,
            link="",
            state=error.code,
            name=name[:64],
        )
    response = RedirectResponse(local(next, otherwise="/queue"), 303)
    await browser.sign_in(request, response, service.store, user)
    return response


@router.post("/logout")
async def leave(request: Request, service: TheService, session: Reader) -> Response:
    """Log out."""
    response = RedirectResponse(f"{LOGIN}?out=1", 303)
    await browser.sign_out(request, response, service.store)
    return response
