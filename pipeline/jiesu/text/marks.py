"""Marks: the houses, roads, estates and figures that a text names, as hashes to compare."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

from jiesu.text.stock import NUMBER

# The words that make a number one of a place or of the facts.
# All that repeats is bounded, so that no text takes more than its length.
_NUMBERS = re.compile(
    rf"(?P<number>{NUMBER})(?:(?P<building>号楼|栋|幢|座|#楼|号院)|(?P<unit>单元|号?门洞)|(?P<room>室|房(?!子|屋))|"
    r"(?P<floor>楼|层)|(?P<house>(?<=[路街道巷村里弄][0-9])号|(?<=[路街道巷村里弄][0-9]{2})号|"
    r"(?<=[路街道巷村里弄][0-9]{3})号)|(?P<group>组|队)|(?P<code>(?<=[0-9]{3})(?:号(?!楼|院)|(?![0-9.:%年元块万米平吨斤人户多余左至-])))|(?P<line>路(?=公交|车|站))|"
    r"(?P<fact>年|个?月|日|号|天|个?小时|点|时|分|周|万|元|块|人|次|户|家|辆|吨|平|米|倍|岁|%))"
)
_PLATES = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z]·?(?=[a-z]{0,4}[0-9])[0-9a-z]{4,6}"
)
_NAMES = re.compile(
    r"(?P<road>大道|大街|[路街巷](?![灯面上边人过程况障费牌])|隧道|大桥)|"
    r"(?P<estate>小区|花园|家园|公寓|广场|大厦|大楼|社区|[苑村](?![民里上])|医院|学校|[小中大]学|学院|幼儿园|市场|"
    r"酒店|工地|公园|宿舍|车站)"
)
_WITHDRAWN = re.compile(r"撤[销诉单回]")
_NO_NAME = re.compile(
    r".?[道马公铁走上下过半思线电水网修让出销套条各该本此这那我们的了在和与及是有等到从往个附近边面口里内外段某家字十位于对同关被由于给向每全某老新农临沿去求找离请回送]$"
)
_KINDS = (
    *("building", "unit", "room", "floor", "house", "group", "line", "code", "plate"),
    *("road", "estate", "address", "fact"),
)
NAMED, ADDRESS, FACT = map(_KINDS.index, ("road", "address", "fact"))
_FIGURES = str.maketrans("一二两三四五六七八九", "1223456789")


def mark_of(kind: str, name: str) -> int:
    """Return a hash whose last four bits are the kind."""
    return zlib.crc32(name.encode()) & ~15 | _KINDS.index(kind)


def _figure(number: str) -> str:
    """Return 十二 as 12; what is larger than 99 keeps its characters."""
    if number.isascii():
        return number
    tens, ten, ones = number.translate(_FIGURES).partition("十")
    return (tens or "1") + (ones or "0") if ten else tens


def find_marks(line: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, mark): roads and estates by their last characters, houses, figures.

    That an appeal is withdrawn is a fact too.
    """
    for found in _NAMES.finditer(line):
        head = line[max(0, found.start() - 2) : found.start()]
        if len(head) == 2 and head.isalnum() and not _NO_NAME.match(head):
            yield found.start() - 2, found.end(), mark_of(found.lastgroup or "", head + found[0])
    for found in _NUMBERS.finditer(line):
        kind, number = found.lastgroup or "", _figure(found["number"])
        if kind != "fact":
            yield *found.span(), mark_of(kind, number)
        elif number != "1":
            yield *found.span(), mark_of(kind, number + found["fact"].replace("号", "日"))
    for found in _WITHDRAWN.finditer(line):
        yield *found.span(), mark_of("fact", "撤")
    for found in _PLATES.finditer(line):
        yield *found.span(), mark_of("plate", found[0])
