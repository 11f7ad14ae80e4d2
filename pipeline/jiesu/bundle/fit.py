"""Whether a bundle fits what is installed: tokeniser, patterns."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from jiesu.bundle.hashes import hash_of
from jiesu.bundle.manifest import Manifest
from jiesu.errors import BundleError


def check_patterns_fit(manifest: Manifest, patterns_hash: str) -> None:
    """Refuse other patterns than the conduct head was trained with. Raises BundleError."""
    entry = manifest.conduct
    if entry is not None and entry.patterns_hash != patterns_hash:
        raise BundleError(
            "other_patterns",
            f"bundle {manifest.name}: found patterns {patterns_hash[:12]}…, expected "
            f"{entry.patterns_hash[:12]}…: train again",
        )


def check_tokeniser_fits(manifest: Manifest, words: Sequence[str]) -> None:
    """Refuse another tokeniser than the one trained with. Raises BundleError."""
    entry = manifest.tokeniser
    installed = version(entry.backend)
    if installed != entry.version:
        raise BundleError(
            "other_tokeniser",
            f"bundle {manifest.name}: found {entry.backend} {installed}, expected {entry.version}",
        )
    if hash_of(words) != entry.words_hash:
        raise BundleError("other_words", f"bundle {manifest.name}: the dictionary was altered")
