"""Numbers that identify a person: ID cards, bank cards, mobile and landline telephones.

All patterns run on figures (spoken digits folded), are anchored at digit boundaries and repeat
only bounded groups, so that time grows with the length of the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jiesu.text.checksums import is_id_number, is_luhn
from jiesu.text.digits import DIGIT, PAUSE, SOFT, SPOKEN, Figures

Found = tuple[str, int, int]

_RUN = re.compile(rf"{DIGIT}(?:{PAUSE}(?:个?{DIGIT}|[2-8二三四五六七八两]个)){{4}}")
_SPOKEN = re.compile(f"[{SPOKEN}]")

_BORN = (
    rf"[1-9](?:{SOFT}[0-9]){{5}}{SOFT}(?:1{SOFT}[89]|2{SOFT}0)(?:{SOFT}[0-9]){{2}}"
    rf"{SOFT}[01]{SOFT}[0-9]{SOFT}[0-3]{SOFT}[0-9]"
)
_ID18 = re.compile(rf"(?<![0-9]){_BORN}(?:{SOFT}[0-9]){{3}}{SOFT}[0-9Xx](?![0-9A-Za-z])")
_ID15 = re.compile(r"(?<![0-9])[1-9][0-9]{7}[01][0-9][0-3][0-9]{4}(?![0-9])")
_ID_CUED = re.compile(
    r"(?:身份证|证件|公民身份)(?:件|号码?|[号编]号|为|是|[:： (]){0,4}"
    rf"((?<![0-9])[1-9](?:{PAUSE}[0-9]){{14}}(?:(?:{PAUSE}[0-9]){{2}}{PAUSE}[0-9Xx])?(?![0-9]))"
)
_PASSPORT = re.compile(
    r"(?:护照|通行证|军官证|台胞证|居留证)(?:号码?|为|是|[:： ]){0,3}"
    r"([A-Za-z]{1,2}[0-9]{7,8})(?![0-9])"
)

_GAP = SOFT.replace("{0,3}", "{1,3}")
_BANK = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[3-6][0-9]{12,18}"
    rf"|[3-6][0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{2,3}}(?:{_GAP}[0-9]{{1,4}})?"
    rf"|3[47][0-9]{{2}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{5}}"
    rf"|6[0-9]{{5}}{_GAP}[0-9]{{7,13}}"
    r")(?![0-9])"
)
_BANK_CUED = re.compile(
    r"(?:卡号|银行卡|储蓄卡|信用卡|工资卡|社保卡|医保卡|账号|帐号|账户|帐户|存折|收款人?|开户行)"
    r"(?:号码?|尾号|为|是|[:： (]){0,4}"
    rf"((?<![0-9])[0-9](?:{PAUSE}[0-9]){{11,24}}(?![0-9]))"
)
# An order has numbers too; behind such a word only what is surely a telephone goes.
_ORDER = re.compile(
    r"(?:单号?|编号|流水号?|文号|案号|批号|条码|序号|快递|运单|受理号?|信访件|信用代码|合同号|"
    r"发票号?|税号)"
    r"(?:号码?|为|是|[:：#( 【\[]){0,4}[A-Za-z]{0,4}$"
)

_MOBILE = re.compile(
    rf"(?<![0-9])(?:(?:\+|00)?86[)]?{SOFT})?(1{PAUSE}[3-9](?:{PAUSE}[0-9]){{9}})(?![0-9])"
)
_GLUED = re.compile(r"(?<![0-9])(1[3-9][0-9]{9})(1[3-9][0-9]{9})(?![0-9])")
_PHONE_CUE = re.compile(
    r"(?:电话|手机|号码|联系|拨打|致电|热线|座机|固话|打|拨|call|tel|phone|mobile|同号)\D{0,8}$",
    re.I,
)
_UNIT = re.compile(r"(?:元|块|万|亿|人民币|平方|平米|㎡|吨|斤|公里|千瓦|度|立方)")
_AREA_CODE = r"0(?:10|2[0-9]|[3-9][0-9]{2})"
_LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z.])(?:(?:\+|00)?86{SOFT})?(?:\({_AREA_CODE}\)|{_AREA_CODE}){PAUSE}[2-9]"
    rf"(?:{PAUSE}[0-9]){{6,7}}(?![0-9])(?:[ ]?(?:转|分机号?|-|ext\.?)[ ]?[0-9]{{1,5}}(?![0-9]))?"
)
_LOCAL = re.compile(
    r"(?:座机|固话|固定电话|办公电话|宅电|电话|联系方式|致电|拨打|拨|来电号码|打)"
    r"(?:号码?|为|是|了|[:： ]){0,4}"
    rf"((?<![0-9])[2-8][0-9]{{2,3}}{PAUSE}[0-9]{{4}}(?![0-9年-]))"
)
_DAY = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]$")
_PAUSED_GROUPS = frozenset([(3, 4, 4), (3, 8), (4, 3, 4), (4, 4, 3)])
# How people group the eleven digits when they write blanks or dashes between them.
_GROUPS = frozenset(
    (
        *((3, 4, 4), (3, 8), (3, 3, 5), (3, 5, 3), (4, 3, 4), (4, 4, 3), (7, 4), (5, 6), (6, 5)),
        *((3, 2, 2, 2, 2), (3, 3, 3, 2), (3, 2, 3, 3), (3, 4, 2, 2), (3, 2, 2, 4), (1,) * 11),
    )
)


def has_number(folded: str) -> bool:
    """Say, cheaply and without missing any, whether a folded text could hold such a number."""
    return _RUN.search(folded) is not None


def find_numbers(folded: str, shown: Figures) -> Iterator[Found]:
    """Yield (kind, start, end) in the order of trust: ID, bank card, mobile, landline.

    They may overlap; offsets point into `folded`.
    """
    for kind, start, end in _in_figures(folded, shown):
        yield kind, *shown.span(start, end)


def _in_figures(folded: str, shown: Figures) -> Iterator[Found]:
    text = shown.text
    yield from _ids(text)
    yield from _banks(text)
    for found in _GLUED.finditer(text):
        yield "mobile", found.start(1), found.end(1)
        yield "mobile", found.start(2), found.end(2)
    position = 0
    while mobile := _MOBILE.search(text, position):
        if _is_mobile(folded, shown, mobile):
            yield "mobile", *mobile.span()
            position = mobile.end()
        else:
            position = mobile.start(1) + 1
    for found in _LANDLINE.finditer(text):
        if not _UNIT.match(text, found.end()):
            yield "landline", *found.span()
    for found in _LOCAL.finditer(text):
        if not _DAY.match(found[1]) and not _UNIT.match(text, found.end()):
            yield "landline", *found.span(1)


def _digits_of(stretch: str) -> str:
    return "".join(char for char in stretch if char in "0123456789Xx")


def _after_order(text: str, start: int) -> bool:
    return _ORDER.search(text[max(0, start - 12) : start]) is not None


def _ids(text: str) -> Iterator[Found]:
    for found in _ID18.finditer(text):
        if is_id_number(_digits_of(found[0])):
            yield "id_card", *found.span()
    for found in _ID15.finditer(text):
        if is_id_number(found[0]) and not _after_order(text, found.start()):
            yield "id_card", *found.span()
    for pattern in (_ID_CUED, _PASSPORT):
        for found in pattern.finditer(text):
            yield "id_card", *found.span(1)


def _banks(text: str) -> Iterator[Found]:
    for found in _BANK.finditer(text):
        digits = _digits_of(found[0])
        if 13 <= len(digits) <= 19 and is_luhn(digits) and not _after_order(text, found.start()):
            yield "bank_card", *found.span()
    for found in _BANK_CUED.finditer(text):
        digits = _digits_of(found[1])
        if not (len(digits) == 13 and digits.startswith("86")):
            yield "bank_card", *found.span(1)


def _is_mobile(folded: str, shown: Figures, found: re.Match[str]) -> bool:
    text = shown.text
    start, end = found.span(1)
    cued = _PHONE_CUE.search(text[max(0, start - 14) : start]) is not None
    if not cued and (
        _UNIT.match(text, end)
        or (start > 1 and text[start - 1] == "." and text[start - 2].isdigit())
    ):
        return False
    if end - start == 11 or cued:
        return True
    gaps = [gap for gap in re.split(r"[0-9]", found[1])[1:-1] if gap]
    groups = tuple(map(len, re.findall(r"[0-9]+", found[1])))
    if any("." in gap for gap in gaps):
        return groups == (3, 4, 4)
    paused = any(set(gap) & set(",、。…~嗯啊呃哦额诶") for gap in gaps)
    if _SPOKEN.search(folded[slice(*shown.span(start, end))]):
        return len(groups) < 8 or not paused
    return groups in (_PAUSED_GROUPS if paused else _GROUPS)
