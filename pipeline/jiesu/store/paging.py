"""Pages by key: the place behind the last row, so that page 500 is as quick as the first."""

from __future__ import annotations

import base64
import json
import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

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


def rank_place(written: str) -> tuple[float, int]:
    """Return the rank and id that a cursor of the queue stands for. Raises `bad_cursor`."""
    key, id = _place(written)
    if not isinstance(key, float) or not isinstance(id, int) or not math.isfinite(key):
        raise _no_cursor()
    return key, id


def moment_place(written: str) -> tuple[datetime, str]:
    """Return the moment and id that a cursor of appeals stands for. Raises `bad_cursor`."""
    key, id = _place(written)
    try:
        moment = datetime.fromisoformat(str(key))
    except ValueError:
        raise _no_cursor() from None
    if moment.tzinfo is None or not isinstance(id, str):
        raise _no_cursor()
    return moment, id


def _place(written: str) -> tuple[Any, Any]:
    try:
        padded = written + "=" * (-len(written) % 4)
        key, id = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    # What was decoded may be no JSON, or JSON of another shape.
    except (ValueError, TypeError):
        raise _no_cursor() from None
    return key, id


def _no_cursor() -> InputError:
    return InputError("bad_cursor", "found what is no cursor, expected `next` of an earlier page")
