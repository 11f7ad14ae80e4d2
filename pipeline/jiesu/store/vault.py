"""Secrets of a store: hashes of texts that cannot be guessed at, and originals encrypted."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from jiesu.errors import StoreError

VARIABLE = "JIESU_STORE_KEY"


class Vault:
    """Hashes texts and encrypts originals with the keys of a store.

    salt: a random secret of this store. keys: Fernet keys, comma-separated, the newest first;
    older ones still open what they closed. Raises StoreError `store_key` for what is no key.
    """

    def __init__(self, salt: bytes, keys: bytes | None = None) -> None:
        self._fernet: MultiFernet | None = None
        secret = salt
        if keys:
            parts = [part.strip() for part in keys.split(b",") if part.strip()]
            try:
                self._fernet = MultiFernet([Fernet(part) for part in parts])
            except ValueError:
                raise StoreError(
                    "store_key",
                    f"{VARIABLE} holds no Fernet key; expected 32 bytes in URL-safe base64",
                ) from None
            # The oldest key: adding a newer one before it must not make every text a new one.
            secret = hmac.digest(parts[-1], b"jiesu text" + salt, "sha256")
        self._secret = secret
        self.name = hashlib.sha256(b"name" + secret).hexdigest()[:16]

    @property
    def can_encrypt(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def text_hash(self, text: str) -> str:
        """Return a text's hash, hex.

        Keyed, since a plain one would let who has the redacted text try out telephone numbers.
        """
        return hmac.new(self._secret, text.encode("utf-8", "replace"), "sha256").hexdigest()

    def encrypt(self, text: str) -> bytes:
        """Return a text encrypted with the newest key."""
        if self._fernet is None:
            raise no_key()
        return self._fernet.encrypt(text.encode("utf-8", "replace"))

    def decrypt(self, token: bytes) -> str:
        """Return an encrypted text. Raises StoreError `store_key` if no key opens it."""
        if self._fernet is None:
            raise no_key()
        try:
            return self._fernet.decrypt(token).decode("utf-8")
        except InvalidToken:
            raise StoreError("store_key", f"no key in {VARIABLE} opens this original") from None


def no_key() -> StoreError:
    """Return the error of a store that should keep originals and has no key."""
    return StoreError("store_key", f"originals are kept encrypted only: {VARIABLE} holds no key")


def key_from_environment() -> bytes | None:
    """Return the keys that the environment holds."""
    return os.environ.get(VARIABLE, "").encode() or None
