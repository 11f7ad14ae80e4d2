"""Pages by key: the place behind the last row, so that page 500 is as quick as the first."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from jiesu.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows in order. next: the cursor of the page behind, None at the end."""

    items: list[T]
    next: str | None


def cursor(key: float | str, id: int | str) -> str:
    """Return a place in an order as an opaque text that is safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps([key, id]).encode()).decode().rstrip("=")


def place(written: str) -> tuple[float | str, int | str]:
    """Return what a cursor stands for. Raises InputError `bad_cursor`."""
    try:
        padded = written + "=" * (-len(written) % 4)
        key, id = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if isinstance(key, (float, str)) and isinstance(id, (int, str)):
            return key, id
    except ValueError:
        pass
    raise InputError("bad_cursor", "found what is no cursor, expected `next` of an earlier page")
