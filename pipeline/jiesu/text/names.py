"""Personal names by surname, characters of given names, words beside them and segmentation.

No model: a candidate gathers points from what it is made of and what stands around it. The
choice against a tagger and its figures: docs/decisions/0003-personal-names.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jiesu.text.name_cues import HAN, Span, find_cued, support_after, support_before
from jiesu.text.name_data import (
    AFTER,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    FREQUENT,
    PLACE,
    STOP,
    STRONG,
    SURNAMES,
    WEAK,
    WEAK_CUE,
    WORDLIKE,
)
from jiesu.text.name_shape import (
    Word,
    common_words,
    hides_word,
    is_han,
    name_score,
    surname_of,
    words_of,
)

_HEAD = "".join(sorted(SURNAMES | {name[0] for name in COMPOUND_SURNAMES}))
_STRONG = "".join(sorted(STRONG))
_WEAK = "".join(sorted(WEAK))
_FAMILY = "".join(sorted(COMMON_SURNAMES))
_USUAL = "".join(sorted((FREQUENT | STOP | PLACE) - WEAK - STRONG))
_CANDIDATE = re.compile(
    f"[{_HEAD}](?:[{_STRONG}]|[{_WEAK}][{_STRONG}])"
    f"|[{_FAMILY}][^{_USUAL}\\x00-\u4dff\ua000-\U0010ffff]"
)
_ROLE = re.compile(
    f"(?:(?:{WEAK_CUE})[ ：:是叫为\"“'(]{{0,3}}"
    f"|[被由对向跟让给把找及同与和]|(?<![{HAN}A-Za-z0-9]))"
    f"(?=[{''.join(sorted(COMMON_SURNAMES))}]|{'|'.join(sorted(COMPOUND_SURNAMES))})"
)
_AFTER = re.compile(f"[ ]?副?(?:{AFTER})")
_BEFORE_TITLE = re.compile(f"[{_FAMILY}][{HAN}]{{1,2}}?(?=副?(?:{AFTER}))")
_LIST = frozenset("、,，和与及跟 ")
_COMPANY = re.compile(
    "公司|葡萄酒|专卖|品牌|燃气|天然气|昆仑|集团|超市|酒店|饭店|药店|餐厅|商场|大厦|广场|"
    "商城|酒家|茶庄|宾馆|食品|实业|工业|大楼|时代|世家|新村|社区|"
    "水库|小区|大道|家园|花园|公寓|学校|小学|中学|医院|大学"
)
# Segmentation does not look past a character that is not Chinese.
_CLAUSE = re.compile(f"[{HAN}]{{2,300}}")
_HEADS = frozenset(_HEAD)
_THRESHOLD = 2.7
_FAMILY_THRESHOLD = 2.2


def find_names(folded: str) -> Iterator[Span]:
    """Yield (start, end) of personal names; a title stays outside. They may overlap.

    A text without a cue, a title or a surname before a given name's character costs some
    microseconds; any other is cut into words.
    """
    yield from find_cued(folded)
    if any(_is_open(folded, found) for found in _CANDIDATE.finditer(folded)):
        yield from _weakly_cued(folded)
        listed = -2
        for clause in _CLAUSE.finditer(folded):
            if _CANDIDATE.search(folded, *clause.span()):
                for start, end in _uncued(folded, clause, listed):
                    yield start, end
                    listed = end


def _is_open(text: str, found: re.Match[str]) -> bool:
    """Say whether a candidate is more than a word such as 安静 or 凌晨."""
    end = found.end()
    return not common_words()(found[0]) or text[end : end + 1] in STRONG


def _weakly_cued(text: str) -> Iterator[Span]:
    """Full names behind 患者, 被 or a stop, whatever the segmentation makes of them."""
    for cue in _ROLE.finditer(text):
        start = cue.end()
        surname = surname_of(text, start)
        best, stop = 2.1 if len(cue[0]) > 1 else 2.7, 0
        for length in (1, 2):
            end = start + len(surname) + length
            given = text[start + len(surname) : end]
            if len(given) < length or not is_han(given) or given[-1] in PLACE or given[0] in "家和":
                continue
            if text[end : end + 1] in PLACE or hides_word(surname, given):
                continue
            score = (
                name_score(surname, given)
                + support_after(text, end)
                - (0.4 if length == 1 else 0.0)
            )
            if score >= best:
                best, stop = score, end
        if stop:
            yield start, stop
    for found in _BEFORE_TITLE.finditer(text):
        surname, given = found[0][0], found[0][1:]
        if name_score(surname, given) >= 1.9 and not hides_word(surname, given):
            yield found.span()


def _uncued(text: str, clause: re.Match[str], listed_end: int) -> Iterator[Span]:
    """Names in one clause; `listed_end`: where the name before it ends, for 张伟、李娜."""
    offset = clause.start()
    words = [(word, start + offset, end + offset) for word, start, end in words_of(clause[0])]
    number = 0
    while number < len(words):
        word, start, _ = words[number]
        surname = surname_of(word) if word[0] in _HEADS else ""
        if not surname:
            number += 1
            continue
        best, stop, used = _THRESHOLD, 0, 1
        if surname in COMMON_SURNAMES and surname not in WORDLIKE:
            best = _FAMILY_THRESHOLD
        listed = 0.9 if start - listed_end == 1 and text[start - 1] in _LIST else 0.0
        for end, taken in _readings(words, number, surname):
            score = _score(text, start, end, surname, taken) + listed
            if score >= best:
                best, stop, used = score, end, taken
        if stop:
            yield start, stop
            listed_end = stop
        number += used


def _readings(words: list[Word], number: int, surname: str) -> Iterator[tuple[int, int]]:
    """Yield the ends that a name beginning at a word may have, and the words that it takes."""
    start = words[number][1]
    for taken in (1, 2, 3):
        if number + taken > len(words):
            return
        end = words[number + taken - 1][2]
        given = end - start - len(surname)
        if given > 2:
            return
        if given > 0:
            yield end, taken


def _score(text: str, start: int, end: int, surname: str, taken: int) -> float:
    given = text[start + len(surname) : end]
    score = name_score(surname, given)
    titled = _AFTER.match(text, end) is not None
    if not titled and text[end : end + 1] in PLACE:
        return -1.0
    if score < 0.5 or given[-1] in PLACE or not is_han(given):
        return -1.0
    common = common_words()
    if hides_word(surname, given) or given[0] in "家和":
        return -1.0
    if taken > 1 and len(given) == 2 and common(given) and given[0] not in STRONG:
        return -1.0
    if _COMPANY.match(text, end):
        return -1.0
    if len(given) == 1 and given not in STRONG and (given in WEAK or given in FREQUENT):
        return -1.0
    if surname in WORDLIKE:
        score -= 0.4
    if len(given) == 2 and set(given) <= STRONG:
        score += 0.3
    if taken == 1:
        # The segmenter made one word of it, unasked: it reads it as a name.
        score += 0.6 if surname in COMMON_SURNAMES else 0.3
    elif len(given) == 2 and taken == 2 and surname in COMMON_SURNAMES and not common(given):
        score += 0.3
    return score + support_before(text, start) + support_after(text, end)
