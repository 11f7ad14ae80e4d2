"""Which appeals are drawn for a second view or an audit: at random, yet the same every time."""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Sampling(NamedTuple):
    """Shares drawn: of decided cases for a blind `second` view, of automatic ones for an `audit`.

    seed: None is a secret of the store, so that nobody can tell beforehand what is drawn.
    """

    second: float = 0.1
    audit: float = 0.02
    seed: str | None = None


def is_drawn(name: str, share: float, *, seed: str, purpose: str) -> bool:
    """Return whether `name` belongs to the share; a larger share holds all of a smaller one."""
    digest = hashlib.sha256(f"{seed}\n{purpose}\n{name}".encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share
