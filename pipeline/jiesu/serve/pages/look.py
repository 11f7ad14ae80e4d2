"""How pages look to one browser: language and theme, kept in cookies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from fastapi import Request

Language = Literal["zh", "en"]
Theme = Literal["auto", "light", "dark"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
THEMES: tuple[Theme, ...] = get_args(Theme)

LANGUAGE_COOKIE, THEME_COOKIE = "jiesu_language", "jiesu_theme"


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
    language = request.cookies.get(LANGUAGE_COOKIE)
    theme = request.cookies.get(THEME_COOKIE)
    return Look(
        language if language in LANGUAGES else "zh",
        theme if theme in THEMES else "auto",
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
