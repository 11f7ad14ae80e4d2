"""The switches of language and theme."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.serve import browser
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.look import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE, THEMES, local
from jiesu.serve.service import TheService

router = APIRouter(route_class=PageRoute)
_YEAR = 365 * 24 * 3600


@router.post("/look")
async def choose(
    request: Request,
    service: TheService,
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    """Remember a language or a theme and show the page again."""
    session = await browser.session_of(request, service.store)
    if session is None:
        await browser.check_form_token(request)
    else:
        await browser.check_csrf(request, session)
    response = RedirectResponse(local(next), 303)
    for name, value, known in (
        (LANGUAGE_COOKIE, language, LANGUAGES),
        (THEME_COOKIE, theme, THEMES),
    ):
        if value in known:
            response.set_cookie(
                name,
                value,
                max_age=_YEAR,
                path="/",
                secure=browser.is_secure(request),
                httponly=True,
                samesite="lax",
            )
    return response
