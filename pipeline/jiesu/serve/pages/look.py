"""How pages look to one browser: language and theme, kept in cookies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, cast, get_args
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.serve import browser
from jiesu.serve.service import TheService

Language = Literal["zh", "en"]
Theme = Literal["auto", "light", "dark"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
THEMES: tuple[Theme, ...] = get_args(Theme)

_LANGUAGE, _THEME = "jiesu_language", "jiesu_theme"
_YEAR = 365 * 24 * 3600

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Look:
    """Language and theme. The theme `auto` is the one that the browser prefers."""

    language: Language = "zh"
    theme: Theme = "auto"

    @property
    def other_language(self) -> Language:
        """The language that the switch leads to."""
        return LANGUAGES[(LANGUAGES.index(self.language) + 1) % len(LANGUAGES)]

    @property
    def next_theme(self) -> Theme:
        """The theme that the switch leads to."""
        return THEMES[(THEMES.index(self.theme) + 1) % len(THEMES)]


def look_of(request: Request) -> Look:
    """Return the look that a browser asks for; Chinese and `auto` where it asks for none."""
    language = request.cookies.get(_LANGUAGE)
    theme = request.cookies.get(_THEME)
    return Look(
        cast("Language", language) if language in LANGUAGES else "zh",
        cast("Theme", theme) if theme in THEMES else "auto",
    )


def local(path: str | None, *, otherwise: str = "/") -> str:
    """Return a path of this site as it is, `otherwise` for what might lead elsewhere."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")):
        return otherwise
    # Browsers take a tab or a line end out of an address before they read it.
    if any(ord(character) < 32 or character == "\\" for character in path):
        return otherwise
    parts = urlsplit(path)
    return otherwise if parts.scheme or parts.netloc else path


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
    for name, value, known in ((_LANGUAGE, language, LANGUAGES), (_THEME, theme, THEMES)):
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
