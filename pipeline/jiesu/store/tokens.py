"""Secrets handed out once and kept as hashes only."""

from __future__ import annotations

import hashlib
import secrets


def new_token(prefix: str) -> str:
    """Return a fresh secret of 256 bits that begins with `prefix`."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what the store keeps of a secret. It is random, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
