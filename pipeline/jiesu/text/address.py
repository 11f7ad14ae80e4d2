"""Addresses below street level: house number, building, unit, room, group of a village.

District, street, road, estate and village names stay, since dispatch needs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Found = tuple[str, int, int]

_CN = "一二三四五六七八九十"
_NUM = (
    rf"(?:[0-9]{{1,5}}|[{_CN}百零〇]{{1,4}}|[A-Za-z][0-9]{{0,3}}|[0-9]{{1,3}}[A-Za-z]|[甲乙丙丁])"
)
_RANGE = rf"{_NUM}(?:[-—~之、]{_NUM})?"
_HOUSE = r"(?:号大院|号院|号楼|号栋|号公寓|楼栋|号)"
_BUILDING = r"(?:号楼|号栋|#楼|#栋|#|楼栋|栋楼?|幢楼?|座)"
_BLANK = r"[ ,，、-]?"

# A house number stands behind the name of a road, lane, village or yard.
_NAMED = r"(?<=[路街巷道弄里村屯庄坊段条桥镇园苑院城寨湾区同组队社坪岗])"
_NO_HOUSE = (
    r"(?!线|口|门(?!前|面)|文|令|公交|公路|桥|台风|地块|机|车|站|码|工|通知|井|店铺店|病|上午|下午|早|晚|凌晨|"
    r"中午|当天|当日|日|开始|至|到[0-9]|之前|之后|以前|以后|前后|左右|称|召|角|字|馆|点|称)"
)
_PART = (
    rf"{_RANGE}(?:号大院|号院|号楼|号栋|号公寓|#楼|#|楼栋|栋楼?|幢楼?|座|单元楼?|门(?!口|前|面)|号|层|楼(?!房)|"
    rf"室|弄|房(?![子产屋价间])|户(?!主)|铺)"
)
_STRONG = re.compile(r"号院|号大院|号楼|#|栋|幢|座|单元|室")
_ROOM = (
    r"(?:[A-Za-z]?[0-9]{3,4}[A-Za-z]?|[0-9]{1,2}|[一二三四五六七八九][零〇一二三四五六七八九]{2,3})"
)
_NOT_COUNTED = (
    r"(?![0-9.%]|元|万|平|户|人|米|名|块|年|月|日|点|时|分|个|家|次|天|栋|幢|层|套|辆|多|"
    r"余|㎡|m|级|条)"
)
# Two parts in a row, or one and a bare room number behind it: 3栋2单元, 5号楼-501.
_CHAIN = re.compile(
    rf"(?<![0-9A-Za-z第]){_PART}(?:{_BLANK}{_PART}){{1,6}}(?:{_BLANK}{_ROOM}{_NOT_COUNTED}){{0,2}}"
    rf"|(?<![0-9A-Za-z第]){_RANGE}(?:{_BUILDING}|号院|单元)(?:{_BLANK}{_ROOM}{_NOT_COUNTED}){{1,2}}"
)
_DASHED = re.compile(
    rf"{_NAMED}[0-9]{{1,3}}[A-Za-z]?-[0-9]{{1,2}}-[0-9]{{2,4}}(?![0-9\-年])|"
    r"(?:(?<=住)|(?<=住在)|(?<=址)|(?<=址[:：是为]))[0-9]{1,3}-[0-9]{1,2}-[0-9]{2,4}(?![0-9\-年])"
)
_HOUSE_NUMBER = re.compile(
    rf"{_NAMED}(?:第|甲|乙|附)?(?:[0-9]{{1,5}}|[{_CN}百零]{{1,5}}|[甲乙丙])"
    rf"(?:[-—之][0-9甲乙丙]{{1,4}})?{_HOUSE}(?:(?:之|附)?[0-9]{{1,3}}号?)?{_NO_HOUSE}"
)
_PLATE_NUMBER = re.compile(r"门牌号?(?:码|为|是|[:： ]){0,3}([0-9A-Za-z][0-9A-Za-z\-]{0,8}号?)")
_NUMBERED_BUILDING = re.compile(
    rf"(?<![0-9A-Za-z第每]){_RANGE}(?:号楼|号栋|#楼|#栋|号公寓)(?!盘)"
    r"|(?<=[区苑园城府庭院湾村家里庄])[0-9]{1,3}#(?![0-9A-Za-z线钢])"
)
# 6栋 alone may be a count (新建6栋); behind the name of an estate it is a place.
_ESTATE = r"(?<=[区苑园城府庭院湾村路家居庄里郡都墅阁邸号期寓社厦街巷座景轩庐岸山湖邨坊])"
_BUILDING_OF = re.compile(
    rf"{_ESTATE}(?:[A-Za-z]?-?[0-9]{{1,3}}[A-Za-z]?|[A-Za-z]|[{_CN}]{{1,3}})(?:[-/、][0-9]{{1,3}})?(?:栋|幢|座)"
    r"(?!别墅|住宅|建筑|高层|房|大楼|楼房|楼(?![下上顶道梯前后内里长栋]))"
)
_LONE_ROOM = re.compile(
    r"(?<![0-9A-Za-z])(?:[A-Za-z]?-?[0-9]{3,4}[A-Za-z]?)(?:室|房(?![子产屋价间]))(?!内温|温|外温)"
)
_LONE_UNIT = re.compile(rf"(?<![0-9A-Za-z第每])(?:[0-9]{{1,2}}|[{_CN}]{{1,2}})单元(?!格|测|考|教)")

_ORDINAL = rf"第?(?:[0-9]{{1,3}}|[{_CN}]{{1,3}})"
_GROUP = re.compile(
    rf"(?<=[村区会寨屯庄坪镇乡组场])[(（]?{_ORDINAL}(?:村民小组|村民组|居民小组|居民组|小组|组|队|社|生产队)"
    rf"(?![织合成长建装图件])(?:[)）])?(?:[0-9]{{1,4}}(?:-[0-9]{{1,3}})?号)?"
    rf"|{_ORDINAL}(?:村民小组|村民组|居民小组|生产队)(?:[0-9]{{1,4}}号)?"
)
_NAMED_GROUP = re.compile(
    r"(?<=村)([\u4e00-\u9fff]{1,4}?(?:村民小组|村民组|生产队|小组|组))(?![织合成建装图件])"
)
_NO_GROUP = re.compile(
    r"导|作|查|案|扶|助|监|考|验|评|审|清|理|员|党|委|项|筹|专|财|巡|的|里|和|在|级|改|有|了|是|到|民小|民组|干部|一组|各|每|个|两|几|该|某"
)
_HAS_ADDRESS = re.compile(
    rf"[0-9A-Za-z{_CN}甲乙丙丁][号栋幢座室房单#楼门小村居生组队社]|-[0-9]{{1,2}}-|门牌|村[\u4e00-\u9fff]{{1,4}}组|生产队"
)


def find_addresses(folded: str) -> Iterator[Found]:
    """Yield ("address", start, end). They may overlap; offsets point into `folded`."""
    if not _HAS_ADDRESS.search(folded):
        return
    for found in _CHAIN.finditer(folded):
        if _STRONG.search(found[0]):
            yield "address", *found.span()
    for pattern in (
        _DASHED,
        _HOUSE_NUMBER,
        _NUMBERED_BUILDING,
        _BUILDING_OF,
        _LONE_ROOM,
        _LONE_UNIT,
        _GROUP,
    ):
        for found in pattern.finditer(folded):
            yield "address", *found.span()
    for found in _PLATE_NUMBER.finditer(folded):
        yield "address", *found.span(1)
    for found in _NAMED_GROUP.finditer(folded):
        if not _NO_GROUP.search(found[1]):
            yield "address", *found.span(1)
