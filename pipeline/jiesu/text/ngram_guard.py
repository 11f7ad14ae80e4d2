"""Which n-grams look like personal data and so stay out of every vocabulary."""

from __future__ import annotations

import re

from jiesu.text.digits import DIGIT, fold
from jiesu.text.handles import PROVINCES
from jiesu.text.name_data import PLACE, STRONG, WORDLIKE
from jiesu.text.name_shape import common_words, is_han, name_score, surname_of, words_of
from jiesu.text.names import find_names

_DIGITS = re.compile(f"{DIGIT}{{4}}")
_MAIL = re.compile(r"@|艾特")
_PLATE = re.compile(rf"[{PROVINCES}][a-z][·.\- ]?(?=[a-z]{{0,4}}[0-9])[a-z0-9]{{2,}}", re.I)
_LATIN = re.compile(r"[a-z0-9_]{4,}", re.I)
_NAME_CUE = re.compile(r"(?:我叫|名叫|姓名|联系人|免贵姓|我姓|人叫|名字叫|名字是|代表人)[:：是为]?")
# Out of context 于, 向, 路 are words; 黄, 马, 高 are surnames at least as often.
_NO_SURNAME = WORDLIKE - frozenset("黄高方金万马古常钱管柴左祝易安白平盛房")
_SUSPECT = re.compile(f"{DIGIT}{{3}}|[@_a-z艾]", re.I)


def looks_personal(ngram: str) -> bool:
    """Say whether an n-gram (characters, or words joined by a space) looks like personal data.

    True for four digits in a row, written or read aloud, parts of plates, addresses and ids,
    a name behind its cue, and a full name that is no common word. 张先生 names nobody.
    """
    folded = fold(ngram)
    joined = folded.replace(" ", "") if " " in folded else folded
    if _SUSPECT.search(joined) and _is_number_or_id(joined):
        return True
    cue = _NAME_CUE.search(joined)
    if cue and surname_of(joined, cue.end()):
        return True
    parts = {joined, *folded.split(" ")}
    return any(_is_name(part) for part in parts) or (
        len(joined) > 3 and any(end - start > 1 for start, end in find_names(joined))
    )


def _is_number_or_id(joined: str) -> bool:
    if _DIGITS.search(joined) or _MAIL.search(joined) or _PLATE.search(joined):
        return True
    for run in _LATIN.findall(joined):
        digits = sum(char.isdigit() for char in run)
        if "_" in run.strip("_") or (2 <= digits < len(run)) or (digits and len(run) > 5):
            return True
    return False


def _is_name(part: str) -> bool:
    surname = surname_of(part)
    given = part[len(surname) :]
    if not surname or surname in _NO_SURNAME or not 1 <= len(given) <= 2 or not is_han(given):
        return False
    score = name_score(surname, given)
    needed = 2.0 if surname in WORDLIKE else 1.4
    if score < needed or given[-1] in PLACE or not any(char in STRONG for char in given):
        return False
    common = common_words()
    if common(part):
        return False
    if len(given) == 2 and len(surname) == 1:
        # 高峰期, 马路上: a word and what follows it.
        first, *rest = words_of(part)
        if rest and ((len(first[0]) > 1 and common(first[0])) or (score < 2 and common(given))):
            return False
    return True
