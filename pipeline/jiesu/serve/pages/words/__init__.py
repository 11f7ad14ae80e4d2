"""What pages say, one catalogue a language; a test holds both complete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jiesu.serve.pages.words.en import WORDS as ENGLISH
from jiesu.serve.pages.words.zh import WORDS as CHINESE

CATALOGUES: Mapping[str, Mapping[str, str]] = {"zh": CHINESE, "en": ENGLISH}

Say = Callable[..., str]
"""Says a message by its key, with the values that it names."""


def sayer(language: str) -> Say:
    """Return what says messages in a language. An unknown key is a KeyError."""
    words = CATALOGUES[language]

    def say(key: str, **values: Any) -> str:
        return words[key].format(**values) if values else words[key]

    return say
