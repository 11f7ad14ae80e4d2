"""Personal names by surname, characters of given names, words beside them and segmentation.

No model: a candidate gathers points from what it is made of and what stands around it. The
choice against a tagger and its figures: docs/decisions/0003-personal-names.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from jiesu.text.name_data import (
    AFTER,
    COMMON_SURNAMES,
    COMPOUND_SURNAMES,
    FOLLOW,
    FREQUENT,
    NO_NAMES,
    NOT_BEFORE_TITLE,
    PLACE,
    STOP,
    STRONG,
    STRONG_CUE,
    SURNAMES,
    TITLES_OF_SURNAME,
    WEAK,
    WEAK_CUE,
    WORDLIKE,
)

Span = tuple[int, int]
Word = tuple[str, int, int]
Tagger = Callable[[str], list[tuple[str, str]]]

_HAN = "\u4e00-\u9fff"
_HEAD = "".join(sorted(SURNAMES | {name[0] for name in COMPOUND_SURNAMES}))
_STRONG = "".join(sorted(STRONG))
_WEAK = "".join(sorted(WEAK))
_FAMILY = "".join(sorted(COMMON_SURNAMES))
_USUAL = "".join(sorted((FREQUENT | STOP | PLACE) - WEAK - STRONG))
_CANDIDATE = re.compile(
    f"[{_HEAD}](?:[{_STRONG}]|[{_WEAK}][{_STRONG}])"
    f"|[{_FAMILY}][^{_USUAL}\\x00-\u4dff\ua000-\U0010ffff]"
)
_MAY_BE_CUED = re.compile("[叫姓名]|联系人|代表|户主|收款人|[人者主法东][是为:：]")
_CUED = re.compile(f"(?:{STRONG_CUE})[ ：:\"“']{{0,2}}")
_WEAKLY_CUED = re.compile(f"(?:{WEAK_CUE})[ ：:是叫为\"“'(]{{0,3}}$")
_ROLE = re.compile(
    f"(?:(?:{WEAK_CUE})[ ：:是叫为\"“'(]{{0,3}}"
    f"|[被由对向跟让给把找及同与和]|(?<![{_HAN}A-Za-z0-9]))"
    f"(?=[{''.join(sorted(COMMON_SURNAMES))}]|{'|'.join(sorted(COMPOUND_SURNAMES))})"
)
_AFTER = re.compile(f"[ ]?副?(?:{AFTER})")
_TITLES = frozenset(AFTER.split("|"))
_BEFORE_TITLE = re.compile(f"[{_FAMILY}][{_HAN}]{{1,2}}?(?=副?(?:{AFTER}))")
_FOLLOW = re.compile(FOLLOW)
_TITLED = re.compile(
    f"(?:{'|'.join(sorted(COMPOUND_SURNAMES))}|[{''.join(sorted(SURNAMES))}])"
    f"(?=[先女小同老医大太师阿护][生士姐志师夫太傅姨])(?={TITLES_OF_SURNAME})"
)
_SURNAME_SAID = re.compile(
    f"(?:免贵|我|本人|他|她|位|个)姓((?:{'|'.join(sorted(COMPOUND_SURNAMES))})|[{''.join(sorted(SURNAMES))}])"
    "(?![名氏什])"
)
_OPEN = re.compile(f"[^{_HAN}A-Za-z0-9*]")
_LIST = frozenset("、,，和与及跟 ")

_DOT = re.compile("[•・‧]")
# Transcribed names: 阿卜杜拉·买买提. A dot alone also joins estates (万达·华府).
_DOTTED = re.compile(f"[{_HAN}]{{2,7}}(?:[·•・‧][{_HAN}]{{1,8}}){{1,3}}")
_SOUNDS = frozenset(
    "拜阿艾爱买提木吾尔热依拉帕孜古丽努江麦合吐逊肉斯库迪力亚克别巴特扎西卓玛次仁达瓦格桑多吉旦增索朗罗布德央金"
    "尼普坚赞那图雅苏日娜乌兰托娅哈其额敦白音朝鲁孟宝赫伊目萨赛穆优素福法蒂沙赤米仙尤斯卜欣凯麻地塔什叶卡加"
    "夏汗娃娅莫子则伍呷史约玉素甫买赛买买买热孜万奴如则提比孙再娜蕾帕热扎克山江胡赛因杜拉赫曼如孜卡迪尔"
)
_NOBODY = re.compile(
    "不详|不愿|保密|匿名|未知|未提供|同上|如上|本人|无名|没有|某|市民|群众|物业|业主|村委|公司|单位|先生|女士|小姐|"
    "电话|手机|号码|投诉|举报|反映|咨询|部门|领导|同志|他们|我们|它|这|那|什么|怎|谁|哪"
)
_CUED_WHOLE = re.compile(f"[{_HAN}]{{2,4}}(?![{_HAN}])")
_COMPANY = re.compile(
    "公司|葡萄酒|专卖|品牌|燃气|天然气|昆仑|集团|超市|酒店|饭店|药店|餐厅|商场|大厦|广场|商城|酒家|茶庄|宾馆|食品|实业|工业|大楼|时代|世家|新村|社区|水库|小区|大道|家园|花园|公寓|学校|小学|中学|医院|大学"
)
# Segmentation does not look past a character that is not Chinese.
_CLAUSE = re.compile(f"[{_HAN}]{{2,300}}")
_HEADS = frozenset(_HEAD)
_THRESHOLD = 2.7
_FAMILY_THRESHOLD = 2.2


def find_names(folded: str) -> Iterator[Span]:
    """Yield (start, end) of personal names; a title stays outside. They may overlap.

    A text without a cue, a title or a surname before a given name's character costs some
    microseconds; any other is cut into words.
    """
    if _MAY_BE_CUED.search(folded):
        yield from _cued(folded)
        for found in _SURNAME_SAID.finditer(folded):
            yield found.span(1)
    if "·" in folded or _DOT.search(folded):
        yield from _dotted(folded)
    for found in _TITLED.finditer(folded):
        if _is_titled(folded, found):
            yield found.span()
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


def surname_of(text: str, start: int = 0) -> str:
    """Return the surname that begins at an offset, compound ones first, or an empty string."""
    if text[start : start + 2] in COMPOUND_SURNAMES:
        return text[start : start + 2]
    return text[start : start + 1] if text[start : start + 1] in SURNAMES else ""


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


def _weakly_cued(text: str) -> Iterator[Span]:
    """Full names behind 患者, 被 or a stop, whatever the segmentation makes of them."""
    for cue in _ROLE.finditer(text):
        start = cue.end()
        surname = surname_of(text, start)
        best, stop = 2.1 if len(cue[0]) > 1 else 2.7, 0
        for length in (1, 2):
            end = start + len(surname) + length
            given = text[start + len(surname) : end]
            if len(given) < length or given[-1] in PLACE or given[0] in "家和":
                continue
            if text[end : end + 1] in PLACE or _hides_word(surname, given):
                continue
            score = name_score(surname, given) + _right(text, end) - (0.4 if length == 1 else 0.0)
            if score >= best:
                best, stop = score, end
        if stop:
            yield start, stop
    for found in _BEFORE_TITLE.finditer(text):
        surname, given = found[0][0], found[0][1:]
        if name_score(surname, given) >= 1.9 and not _hides_word(surname, given):
            yield found.span()


def _hides_word(surname: str, given: str) -> bool:
    """Say whether the dictionary has the name, or its first two characters, as a word."""
    common = common_words()
    name = surname + given
    if common(name) or (len(surname) == 1 and name[:2] in NO_NAMES):
        return True
    # 许国强, 魏国庆: the first two are a word as well, but what follows them is none's tail.
    sure = surname in COMMON_SURNAMES and surname not in WORDLIKE and set(given) <= STRONG
    return len(given) == 2 and not sure and common(name[:2])


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


def _may_be_unknown(clause: str) -> bool:
    if set(clause) <= _SOUNDS:
        return True
    if _NOBODY.search(clause) or any(char in STOP for char in clause):
        return False
    return not any(common_words()(word) and len(word) > 1 for word, _, _ in words_of(clause))


def _cued_end(text: str, start: int, surname: str) -> int:
    best, end = 0.9, 0
    after = start + len(surname)
    for length in (1, 2):
        given = text[after : after + length]
        if len(given) < length or not _is_han(given):
            break
        stop = after + length
        score = name_score(surname, given) + _right(text, stop)
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


def _is_han(text: str) -> bool:
    return all("\u4e00" <= char <= "\u9fff" for char in text)


def _closed(text: str, at: int) -> bool:
    return at >= len(text) or _OPEN.match(text, at) is not None


def _right(text: str, at: int) -> float:
    """Return what the text behind a candidate says for it."""
    if _closed(text, at):
        return 0.6
    if _AFTER.match(text, at):
        return 1.2
    return 0.7 if _FOLLOW.match(text, at) else -0.3


def _left(text: str, at: int) -> float:
    """Return what the text before a candidate says for it."""
    if _WEAKLY_CUED.search(text, max(0, at - 8), at):
        return 1.2
    return 0.4 if at == 0 or _OPEN.match(text, at - 1) else 0.0


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
    if score < 0.5 or given[-1] in PLACE or not _is_han(given):
        return -1.0
    common = common_words()
    if _hides_word(surname, given) or given[0] in "家和":
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
    return score + _left(text, start) + _right(text, end)
