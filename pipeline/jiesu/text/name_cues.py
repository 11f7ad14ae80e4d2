"""Names that their surroundings give away: said outright (我叫…), before a title, transcribed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jiesu.text.name_data import (
    AFTER,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    FOLLOW,
    NOT_BEFORE_TITLE,
    PLACE,
    STOP,
    STRONG_CUE,
    SURNAMES,
    TITLES_OF_SURNAME,
    WEAK_CUE,
)
from jiesu.text.name_shape import common_words, is_han, name_score, surname_of, words_of

Span = tuple[int, int]

HAN = "\u4e00-\u9fff"
_MAY_BE_CUED = re.compile("[叫姓名]|联系人|代表|户主|收款人|[人者主法东][是为:：]")
_CUED = re.compile(f"(?:{STRONG_CUE})[ ：:\"“']{{0,2}}")
_WEAKLY_CUED = re.compile(f"(?:{WEAK_CUE})[ ：:是叫为\"“'(]{{0,3}}$")
_AFTER = re.compile(f"[ ]?副?(?:{AFTER})")
_FOLLOW = re.compile(FOLLOW)
_TITLED = re.compile(
    f"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{''.join(sorted(SURNAMES))}])"
    f"(?=[先女小同老医大太师阿护][生士姐志师夫太傅姨])(?={TITLES_OF_SURNAME})"
)
_SURNAME_SAID = re.compile(
    f"(?:免贵|我|本人|他|她|位|个)姓((?:{'|'.join(sorted(COMPOUND_SURNAMES))})|[{''.join(sorted(SURNAMES))}])"
    "(?![名氏什])"
)
_OPEN = re.compile(f"[^{HAN}A-Za-z0-9*]")
_DOT = re.compile("[•・‧]")
# Transcribed names: 阿卜杜拉·买买提. A dot alone also joins estates (万达·华府).
_DOTTED = re.compile(f"[{HAN}]{{2,7}}(?:[·•・‧][{HAN}]{{1,8}}){{1,3}}")
_SOUNDS = frozenset(
    "拜阿艾爱买提木吾尔热依拉帕孜古丽努江麦合吐逊肉斯库迪力亚克别巴特扎西卓玛次仁达瓦格桑多吉旦增索朗罗布德央金"
    "尼普坚赞那图雅苏日娜乌兰托娅哈其额敦白音朝鲁孟宝赫伊目萨赛穆优素福法蒂沙赤米仙尤斯卜欣凯麻地塔什叶卡加"
    "夏汗娃娅莫子则伍呷史约玉素甫买赛买买买热孜万奴如则提比孙再娜蕾帕热扎克山江胡赛因杜拉赫曼如孜卡迪尔"
)
_NOBODY = re.compile(
    "不详|不愿|保密|匿名|未知|未提供|同上|如上|本人|无名|没有|某|市民|群众|物业|业主|村委|公司|单位|先生|女士|小姐|"
    "电话|手机|号码|投诉|举报|反映|咨询|部门|领导|同志|他们|我们|它|这|那|什么|怎|谁|哪"
)
_CUED_WHOLE = re.compile(f"[{HAN}]{{2,4}}(?![{HAN}])")


def find_cued(folded: str) -> Iterator[Span]:
    """Yield (start, end) of names behind 我叫, before 先生, and of 阿卜杜拉·买买提."""
    if _MAY_BE_CUED.search(folded):
        yield from _cued(folded)
        for found in _SURNAME_SAID.finditer(folded):
            yield found.span(1)
    if "·" in folded or _DOT.search(folded):
        yield from _dotted(folded)
    for found in _TITLED.finditer(folded):
        if _is_titled(folded, found):
            yield found.span()


def support_after(text: str, at: int) -> float:
    """Return what the text behind a candidate says for it."""
    if _closed(text, at):
        return 0.6
    if _AFTER.match(text, at):
        return 1.2
    return 0.7 if _FOLLOW.match(text, at) else -0.3


def support_before(text: str, at: int) -> float:
    """Return what the text before a candidate says for it."""
    if _WEAKLY_CUED.search(text, max(0, at - 8), at):
        return 1.2
    return 0.4 if at == 0 or _OPEN.match(text, at - 1) else 0.0


def _closed(text: str, at: int) -> bool:
    return at >= len(text) or _OPEN.match(text, at) is not None


def _cued(text: str) -> Iterator[Span]:
    """Names behind 我叫, 姓名：, 联系人：and the like; the cut is by what follows."""
    for cue in _CUED.finditer(text):
        start = cue.end()
        surname = surname_of(text, start)
        end = _cued_end(text, start, surname) if surname else 0
        if not end:
            whole = _CUED_WHOLE.match(text, start)
            if whole and _may_be_unknown(whole[0]):
                end = whole.end()
        if end:
            yield start, end


def _cued_end(text: str, start: int, surname: str) -> int:
    best, end = 0.9, 0
    after = start + len(surname)
    for length in (1, 2):
        given = text[after : after + length]
        if len(given) < length or not is_han(given):
            break
        stop = after + length
        score = name_score(surname, given) + support_after(text, stop)
        if score < 0.3 and _closed(text, stop) and not _NOBODY.search(surname + given):
            # Rare characters, but nothing else stands between the cue and the stop.
            score = 1.0
        if text[stop : stop + 1] in PLACE:
            score -= 2.0
        if common_words()(surname + given) and not _closed(text, stop):
            score -= 1.5
        if score >= best:
            best, end = score, stop
    return end


def _may_be_unknown(clause: str) -> bool:
    if set(clause) <= _SOUNDS:
        return True
    if _NOBODY.search(clause) or clause[-1] in PLACE or any(char in STOP for char in clause):
        return False
    return not any(common_words()(word) and len(word) > 1 for word, _, _ in words_of(clause))


def _dotted(text: str) -> Iterator[Span]:
    for found in _DOTTED.finditer(text):
        start, end = found.span()
        # The first part runs into what stands before it; keep the sounds next to the dot.
        dot = next(i for i in range(start, end) if text[i] in "·•・‧")
        begin = dot
        while begin > start and text[begin - 1] in _SOUNDS:
            begin -= 1
        stop = dot + 1
        while stop < end and (text[stop] in _SOUNDS or text[stop] in "·•・‧"):
            stop += 1
        cue = next(_CUED.finditer(text, max(0, start - 8), end), None)
        if cue and dot - 8 < cue.end() < dot and (_closed(text, end) or stop - dot < 2):
            yield cue.end(), end
        elif dot - begin >= 2 and stop - dot >= 3:
            yield begin, stop


def _is_titled(text: str, found: re.Match[str]) -> bool:
    at = found.start()
    if at == 0 or _OPEN.match(text, at - 1):
        return found[0] not in NOT_BEFORE_TITLE
    if found[0] not in COMMON_SURNAMES:
        return False
    # 师范老师: the surname must not be the tail of a word.
    if not common_words()(text[at - 1 : at + 1]):
        return True
    window = text[max(0, at - 4) : at + 1]
    return words_of(window)[-1][0] == found[0]
