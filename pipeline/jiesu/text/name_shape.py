"""What a name looks like: a surname, characters of given names, no word of the dictionary."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from jiesu.text.name_data import (
    AFTER,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    FREQUENT,
    NO_NAMES,
    PLACE,
    STOP,
    STRONG,
    SURNAMES,
    WEAK,
    WORDLIKE,
)

Word = tuple[str, int, int]
Tagger = Callable[[str], list[tuple[str, str]]]

_TITLES = frozenset(AFTER.split("|"))


def surname_of(text: str, start: int = 0) -> str:
    """Return the surname that begins at an offset, compound ones first, or an empty string."""
    if text[start : start + 2] in COMPOUND_SURNAMES:
        return text[start : start + 2]
    return text[start : start + 1] if text[start : start + 1] in SURNAMES else ""


def name_score(surname: str, given: str) -> float:
    """Return how much a surname and a given name look like one, from -1 to 3.2."""
    if given in _TITLES or any(char in STOP for char in given):
        return -1.0
    score = 1.0 if surname in COMMON_SURNAMES else 0.6 if len(surname) > 1 else 0.0
    score += sum(map(_given_score, given))
    if len(given) == 2 and given[0] == given[1] and given[0] in STRONG:
        score += 0.2
    return score


def _given_score(char: str) -> float:
    if char in STRONG:
        return 1.0
    if char in WEAK:
        return 0.4
    return -0.6 if char in FREQUENT or char in PLACE else 0.5


def is_han(text: str) -> bool:
    """Say whether every character is a Chinese one of the basic block."""
    return all("\u4e00" <= char <= "\u9fff" for char in text)


@cache
def _segmenter() -> tuple[Callable[[str], list[Word]], Callable[[str], bool], Tagger]:
    # Loading the dictionary takes a tenth of a second: only where a text may hold a name.
    import rjieba

    return rjieba.tokenize, rjieba.has_word, rjieba.tag


def words_of(text: str) -> list[Word]:
    """Return a text's words with their bounds."""
    return _segmenter()[0](text)


@cache
def common_words() -> Callable[[str], bool]:
    """Return a test whether the dictionary holds a word that is no name."""
    _, has_word, tag = _segmenter()

    @lru_cache(maxsize=65536)
    def is_common(word: str) -> bool:
        if word in NO_NAMES:
            return True
        return has_word(word) and not tag(word)[0][1].startswith("nr")

    return is_common


def hides_word(surname: str, given: str) -> bool:
    """Say whether the dictionary has a name, or its first two characters, as a word."""
    common = common_words()
    name = surname + given
    if common(name) or (len(surname) == 1 and name[:2] in NO_NAMES):
        return True
    # 许国强, 魏国庆: the first two are a word as well, but what follows them is none's tail.
    sure = surname in COMMON_SURNAMES and surname not in WORDLIKE and set(given) <= STRONG
    return len(given) == 2 and not sure and common(name[:2])
