"""Repeats (Art. 11(3)): is this the same matter again, and does it bring anything new?

An index of earlier appeals in memory. It keeps ids and hashes and no text; hashes of short pieces
can be guessed, so they are pseudonymous at best and do not belong in a file.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.dedupe import Hashes, _gram_hashes, _mixed, bands
from jiesu.schema import Appeal
from jiesu.text.normalise import NormalBatch, fold_table, normalise
from jiesu.text.turns import caller_spans

How = Literal["stated", "exact", "near_duplicate", "same_matter"]
_HOWS: tuple[How, ...] = ("stated", "exact", "near_duplicate", "same_matter")

# Jaccard that the bands are made for, and of near-duplicates: of long texts, and of those of ten
# shingles with a place in common and without, where a single word makes another question.
_BANDED, _ALIKE, _ALIKE_THERE, _ALIKE_SHORT = 0.75, 0.6, 0.75, 0.9
# For one caller: how much of the shorter text the other holds, in one area or place and where
# neither says which.
_CONTAINED, _CONTAINED_ANYWHERE = 0.35, 0.5
_UNSEEN = 0.6
_NGRAM = 2
_SHORTEST, _LEAST_SHINGLES, _LEAST_HAN = 12, 6, 6
_LONGEST = 2000
"""Characters of a text that are compared; what stands behind them is not."""
_MOST_IDS, _MOST_CHECKS, _DEPTH = 5, 32, 24

# How a number is written, and the words that make it one of a place or of the facts.
_N = r"(?:[0-9]{1,9}(?:\.[0-9]{1,4})?|[一二两三四五六七八九十百]{1,7})"
# All that repeats is bounded, so that no text takes more than its length.
_NUMBERS = re.compile(
    rf"(?P<number>{_N})(?:(?P<building>号楼|栋|幢|座|#楼|号院)|(?P<unit>单元|号?门洞)|(?P<room>室|房(?!子|屋))|"
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
_NO_NAME = re.compile(
    r".?[道马公铁走上下过半思线电水网修让出销套条各该本此这那我们的了在和与及是有等到从往个附近边面口里内外段某家字十位于对同关被由于给向每全某老新农]$"
)
_KINDS = (
    *("building", "unit", "room", "floor", "house", "group", "line", "code", "plate"),
    *("road", "estate", "address", "fact"),
)
_NAMED, _ADDRESS, _FACT = map(_KINDS.index, ("road", "address", "fact"))
_FIGURES = str.maketrans("一二两三四五六七八九", "1223456789")

# Words that every chase, every plea and every form uses: they are neither matter nor news.
_WHEN = (
    r"之前|此前|先前|早前|前几天|前段时间|上次|上回|曾经?|多次|再次|再三|反复|屡次|一直|已经?|又|"
    r"第?[0-9一二三四五六七八九十两几好多]{1,5}[次遍]"
)
_SAID = r"来电反映|反[映应馈]|投诉|举报|来电|致电|拨打|催促|催办|催|求助|上报|报修|打过|咨询"
_WHERE = (
    r"12345|市长热线|热线|电话|部门|单位|物业|社区|居委会|"
    r"村委会|街道|城管|派出所|平台|贵局|你们|向|跟|给|在|通过|打|都|就|也"
)
_ASKED = (
    r"贵|有关|相关|政府|主管|职能|执法|工作|部门|单位|人员|领导|市|区|局|各级|上级|你们|能够?|予以|给予?|可以|"
    r"尽快|尽早|尽|早日|及时|马上|立即|速|抓紧|认真|严肃|高度|协助|帮忙|安排|派|人|前来|来|到现场|现场|进行|对此|"
    r"加强|督促|一个|明确|合理|的|再次|重新|我们?|其|市民|居民|将|把|这个|该|此|问题|事情?|情况"
)
_DONE = (
    r"处理|解决|核实|回复|答复|回电|办理|查处|重视|关注|调查|整改|跟进|协调|落实|管管|管理|看看|处置|介入|督办|催办|"
    r"说法|解释|帮助|帮忙解决|支持|了解"
)
_STILL = (
    r"至今|目前|现在|迄今|到现在|一直|仍然?|还是?|依然|依旧|始终|都|也|迟迟|已经?|过去?了?|"
    rf"{_N}[多几来]?(?:天|个?月|周|个?星期|年|个?小时|个?礼拜)[多了]*|半个?[天月年]了?|很久了?|好久了?|这么久了?"
)
_NO_RESULT = (
    r"解决|处理|回复|答复|管|理会|理|反应|回应|改善|结果|下文|消息|整改|落实|进展|动静|处置|受理|回电|解释|说法|效果|"
    r"重视|变化|修好|来修|维修|修复|办理|联系"
)
_STOCK = re.compile(
    # The lookahead spares most characters of a text the walk through all alternatives.
    r"(?=[究什何啥投催政原工市短微网该此这反举致拨催上报打信电交居群业来之此先早前上曾多再反屡一已又第0-9二三四五六七八九十百两几好但可却是至目现迄到仍还依始都也"
    r"迟过半很这久没无强特希盼望恳请求要麻烦敬建呼尽及马抓其民认觉感表非不气太真故谢严影给对存联电手关的问咨响处办"
    r"情结])(?:(?:政府|原)?工单(?:号|编号|内容|信息|结果|情况|处理情况|处理结果)*[:(]*[0-9]*|"
    r"(?:市民|交警|居民|群众|业主)?(?:来?[电信]话?|短信|微信|网站|来访)(?:反映|投诉|咨询|反馈|补充|催办|建议|表示|举报|催)*:?|"
    rf"(?:{_WHEN})(?:{_WHEN}|{_WHERE}){{0,5}}(?:{_SAID}){{1,3}}[过了]?(?:该|此|这个?|上述|同一|相同的?)?"
    r"(?:问题|情况|诉求|事情?|现象)?(?:很?多次|好几次|几次)?[,但均都也]{0,2}(?:未果|无果|无效|没有?用)?|"
    rf"[但可却]?是?(?:{_STILL}){{1,6}}(?:没有?|未|无|不见?|得不到)[人得到给予进行有任何被见来去过]{{0,4}}(?:{_NO_RESULT}){{1,4}}[我们过了]{{0,4}}|"
    rf"(?:没有?|无)[人]?(?:{_NO_RESULT})[我们过了]{{0,4}}|多次[^,。]{{0,4}}(?:未果|无果|无效)|"
    rf"(?:该|此|这个)?(?:问题|情况|事)?(?:已经?)?(?:{_SAID}){{1,3}}[过了]?(?:很多|多|好几|几|数|{_N})[次遍]了?|"
    rf"(?:强烈|再次|特)?(?:希望|盼望?|恳?请求?|要求|麻烦|烦请|敬请|望|建议|呼吁)(?:{_ASKED}){{0,10}}(?:{_DONE}){{1,4}}"
    r"(?:一下|此事|该?问题|为盼)?|(?:尽快|及时|马上|抓紧)(?:处理|解决|回复|答复|核实|办理)|"
    r"[其市]?民?(?:认为|觉得|感到|表示|感觉)(?:很|非常|十分|极)?不(?:合理|满意?|理解|认可)|(?:很|非常|十分)?不满意|关于|的?问题(?=[^,。]{0,2}$|[》,。:])|咨询|"
    r"[0-9]+分钟内?(?:办件|到现场处理)|响应处置|(?:工单)?(?:处理|办件|办理)?(?:情况|结果)(?=[:。,]|$)|"
    r"(?:很|非常|十分|特别)?(?:气愤|无奈)|[太真]不像话了?|又是我|"
    rf"(?:到底|究竟)?(?:什么时候|啥时候|何时|多久)[才能会可以给来]{{0,4}}(?:{_NO_RESULT}|{_DONE}){{1,4}}|"
    r"[故特]此?来电(?:反映|投诉|咨询|建议|求助)*|不作为|谢谢|感谢|"
    r"(?:严重)?影响(?:市民|居民|周[边围]|附近|正常|业主|我们|群众|住户|小区|日常|的|和|与|、){0,9}(?:生活|休息|出行|通行|睡眠|使用|安全|"
    r"市容市?貌?|交通|和|与|、|及){1,9}|(?:给|对).{0,4}(?:出行|生活)?(?:带来|造成)(?:很大|极大|诸多)?(?:的)?不便|"
    r"存在(?:严重|较大|很大|极大)?的?安全隐患|(?:联系)?(?:电话|手机|联系方式)(?:号码?)?[:是为]{0,2}[0-9-]{7,}|[0-9]{11,})"
)
_TIME = re.compile(
    r"[今昨前][天日晚早夜]|[上本这]个?(?:周|月|星期)|星期|凌晨|早上|上午|中午|下午|晚上|夜里|刚才|[0-9]"
)
_SENTENCE = re.compile(r"[^。!?;\x00]+")
_CLAUSE = re.compile(r"[^,、:。!?;\x00]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ID = re.compile(r"[A-Za-z0-9_-]{8,}")


class Repeat(NamedTuple):
    """An appeal that repeats earlier ones: `ids`, best first, at most five.

    `how` and `similarity` (0..1) are those of the first: the Jaccard of the shingles; for a stated
    id and for the same caller, how much of the shorter text the other holds. `new` are stretches
    of the appeal's text, in code points, that say what none of the earlier ones says.
    """

    ids: tuple[str, ...]
    similarity: float
    how: How
    new_fact: bool
    new: tuple[tuple[int, int], ...]


class _Earlier(NamedTuple):
    """What is kept of an appeal: 32-bit hashes; 0 is not known."""

    exact: int
    check: int
    caller: int
    area: int
    subdistrict: int
    marks: Collection[int]
    shingles: Collection[int]


class _Reading(NamedTuple):
    """An appeal while it is compared.

    kept: which characters of the normal form are matter and not stock.
    said: (start, end, mark) of what its normal form names.
    grams: the shingles of what is kept, in order.
    """

    earlier: _Earlier
    keys: NDArray[np.uint32]
    batch: NormalBatch
    kept: NDArray[np.bool_]
    said: tuple[tuple[int, int, int], ...]
    grams: list[int]


class History:
    """The last `most` appeals. Adding an id again replaces it. Not for several threads at once."""

    def __init__(self, most: int = 1_000_000) -> None:
        if most < 1:
            raise ValueError(f"found most {most}, expected at least 1")
        self._most = most
        self._salt = secrets.token_bytes(16)
        self._chains = _Chains(_columns(), most)
        self._latest: dict[str, int] = {}
        self._ids: list[str] = []
        self._packed: list[bytes] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._latest)

    def add(self, appeal: Appeal, *, caller: str | None = None) -> None:
        """Index an appeal. `caller` is any stable key of who called; its salted hash is kept."""
        self._add(appeal.id, _read(appeal, self._caller(caller)))

    def match(self, appeal: Appeal, *, caller: str | None = None) -> Repeat | None:
        """Return what the appeal repeats, None if nothing; it never repeats its own id."""
        return self._match(appeal, _read(appeal, self._caller(caller)))

    def match_then_add(self, appeal: Appeal, *, caller: str | None = None) -> Repeat | None:
        """Match against what is there, then add: one reading serves both."""
        reading = _read(appeal, self._caller(caller))
        found = self._match(appeal, reading)
        self._add(appeal.id, reading)
        return found

    def _caller(self, caller: str | None) -> int:
        if not caller:
            return 0
        key = caller.encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(key, digest_size=4, key=self._salt).digest(), "little") or 1

    def _add(self, name: str, reading: _Reading) -> None:
        row = self._count % self._most
        packed = _pack(reading.earlier)
        if row == len(self._ids):
            self._ids.append(name)
            self._packed.append(packed)
        else:
            if self._latest.get(self._ids[row]) == self._count - self._most:
                del self._latest[self._ids[row]]
            self._ids[row], self._packed[row] = name, packed
        self._latest[name] = self._count
        self._chains.add(self._count, reading.keys)
        self._count += 1

    def _match(self, appeal: Appeal, reading: _Reading) -> Repeat | None:
        names = [*appeal.related_ids, *_ID.findall(appeal.text, 0, _LONGEST)]
        stated = {self._latest[name] for name in names if name in self._latest}
        found: list[tuple[int, float, int, str, _Earlier]] = []
        for serial in stated.union(self._chains.find(reading.keys, self._count)):
            name = self._ids[serial % self._most]
            if name == appeal.id or self._latest[name] != serial:
                continue
            earlier = _unpack(self._packed[serial % self._most])
            if same := _compare(reading, earlier, is_stated=serial in stated):
                found.append((_HOWS.index(same[0]), -same[1], -serial, name, earlier))
        if not found:
            return None
        best = sorted(found)[:_MOST_IDS]
        rank, unlike, *_ = best[0]
        new = () if _HOWS[rank] == "exact" else tuple(_news(reading, [one[-1] for one in best]))
        return Repeat(
            tuple(one[-2] for one in best), round(-unlike, 6), _HOWS[rank], bool(new), new
        )


def _read(appeal: Appeal, caller: int) -> _Reading:
    """Read the caller's own words where there are turns, and the address beside them."""
    text = appeal.text[:_LONGEST]
    spans = caller_spans(text, known=bool(appeal.turns))
    texts = [text, appeal.address] if appeal.address else [text]
    batch = normalise(texts, keep=[spans, None][: len(texts)], table=_table())
    line = batch.row(0)
    codes = batch.codes[batch.starts[0] : batch.ends[0]]
    kept = _written()[codes]
    plain = codes[kept]
    for stock in _STOCK.finditer(line):
        kept[stock.start() : stock.end()] = False
    matter = codes[kept]
    grams, _ = _grams(matter, [0], [len(matter)])
    said = tuple(mark for mark in _marks(line) if kept[mark[0]])
    marks = {mark for *_, mark in said}
    if appeal.address:
        address = batch.row(1)
        marks.update(mark for *_, mark in _marks(address))
        marks.add(_mark("address", address))
    digest = blake2b(plain.tobytes(), digest_size=8).digest()
    earlier = _Earlier(
        int.from_bytes(digest[:4], "little"),
        int.from_bytes(digest[4:], "little"),
        caller,
        _field(appeal.area),
        _field(appeal.subdistrict),
        frozenset(marks),
        frozenset(shingles := _stored(grams)),
    )
    keys = np.zeros(_columns(), dtype=np.uint32)
    keys[-1] = max(earlier.exact, 1) if len(plain) else 0
    if len(plain) >= _SHORTEST and len(earlier.shingles) >= _LEAST_SHINGLES:
        keys[:-2] = _signature(grams)
        keys[-2] = caller
    return _Reading(earlier, keys, batch, kept, said, shingles)


def _pack(earlier: _Earlier) -> bytes:
    numbers = (*earlier[:5], len(earlier.marks), *earlier.marks, *earlier.shingles)
    return np.array(numbers, dtype=np.uint32).tobytes()


def _unpack(packed: bytes) -> _Earlier:
    numbers = memoryview(packed).cast("I").tolist()
    exact, check, caller, area, subdistrict, marks = numbers[:6]
    end = 6 + marks
    return _Earlier(exact, check, caller, area, subdistrict, numbers[6:end], numbers[end:])


@cache
def _table() -> NDArray[np.uint32]:
    """Return the fold table with digits kept apart: 3号楼 is another house than 5号楼."""
    table = fold_table().copy()
    table[ord("0") : ord("9") + 1] = np.arange(ord("0"), ord("9") + 1)
    table[0xFF10:0xFF1A] = table[ord("0") : ord("9") + 1]
    table[[ord("\n"), ord("\r")]] = ord("。")
    return table


@cache
def _written() -> NDArray[np.bool_]:
    """Say of every code point whether it is a letter, a digit or a Chinese character."""
    table = np.ones(len(fold_table()), dtype=np.bool_)
    for code in (*range(0x3400), *range(0xFE00, 0x10000)):
        table[code] = unicodedata.category(chr(code))[0] in "LN"
    return table


def _grams(
    codes: NDArray[np.uint32], starts: Sequence[int], ends: Sequence[int]
) -> tuple[Hashes, NDArray[np.int64]]:
    bounds = np.array([starts, ends], dtype=np.int64)
    nowhere = np.zeros(0, dtype=np.int32)
    return _gram_hashes(NormalBatch(codes, nowhere, bounds[0], bounds[1], ""), _NGRAM)


def _stored(grams: Hashes) -> list[int]:
    high: list[int] = (grams >> np.uint64(32)).tolist()
    return high


@cache
def _shape() -> tuple[int, int]:
    return bands(_BANDED)


def _columns() -> int:
    """Return how many keys an appeal has: its bands, its caller, its exact form."""
    return _shape()[0] + 2


@cache
def _factors() -> tuple[Hashes, Hashes]:
    count, rows = _shape()
    drawn = np.random.default_rng(1).integers(2**64, size=(count * rows, 2, 1), dtype=np.uint64)
    return drawn[:, 0] | np.uint64(1), drawn[:, 1]


def _signature(grams: Hashes) -> NDArray[np.uint32]:
    """Return the keys of dedupe._band_keys for one text, all permutations at once, in 32 bits."""
    factors, offsets = _factors()
    minima = (grams * factors + offsets).min(axis=1).reshape(_shape())
    keys = np.zeros(len(minima), dtype=np.uint64)
    for column in minima.T:
        keys = _mixed(keys ^ column)
    found: NDArray[np.uint32] = np.maximum(keys >> np.uint64(32), 1).astype(np.uint32)
    return found


def _mark(kind: str, name: str) -> int:
    """Return a hash whose last four bits are the kind."""
    return zlib.crc32(name.encode()) & ~15 | _KINDS.index(kind)


def _field(value: str | None) -> int:
    value = (value or "").strip()
    return zlib.crc32(value.encode("utf-8", "surrogatepass")) or 1 if value else 0


def _figure(number: str) -> str:
    """Return 十二 as 12; what is larger than 99 keeps its characters."""
    if number.isascii():
        return number
    tens, ten, ones = number.translate(_FIGURES).partition("十")
    return (tens or "1") + (ones or "0") if ten else tens


def _marks(line: str) -> Iterator[tuple[int, int, int]]:
    """Yield (start, end, mark): roads and estates by their last characters, houses, figures."""
    for found in _NAMES.finditer(line):
        head = line[max(0, found.start() - 2) : found.start()]
        if len(head) == 2 and head.isalnum() and not _NO_NAME.match(head):
            yield found.start() - 2, found.end(), _mark(found.lastgroup or "", head + found[0])
    for found in _NUMBERS.finditer(line):
        kind, number = found.lastgroup or "", _figure(found["number"])
        if kind != "fact":
            yield *found.span(), _mark(kind, number)
        elif number != "1":
            yield *found.span(), _mark(kind, number + found["fact"].replace("号", "日"))
    for found in _PLATES.finditer(line):
        yield *found.span(), _mark("plate", found[0])


def _nearness(one: _Earlier, two: _Earlier) -> int:
    """Return what two appeals say of where: -1 elsewhere, 0 nothing, 1 one area, 2 one place."""
    if 0 < one.area != two.area > 0 or 0 < one.subdistrict != two.subdistrict > 0:
        return -1
    both = {mark & 15 for mark in one.marks}.intersection(mark & 15 for mark in two.marks)
    same = {mark & 15 for mark in set(one.marks).intersection(two.marks)}
    if any(kind < _NAMED for kind in both - same):
        return -1
    # Of a crossing, or of an estate and its road, one name in common is enough.
    if not same.isdisjoint(range(_NAMED, _ADDRESS + 1)):
        return 2
    if not both.isdisjoint(range(_NAMED, _ADDRESS)):
        return -1
    return int(0 < one.area == two.area or 0 < one.subdistrict == two.subdistrict)


def _compare(reading: _Reading, earlier: _Earlier, *, is_stated: bool) -> tuple[How, float] | None:
    mine = reading.earlier
    shared = len(frozenset(mine.shingles).intersection(earlier.shingles))
    least, most = sorted((len(mine.shingles), len(earlier.shingles)))
    contained = shared / least if least else 0.0
    if is_stated:
        return "stated", contained
    if mine[:2] == earlier[:2]:
        # Two callers who say only "please hurry" need not mean one matter.
        is_another = least < _LEAST_SHINGLES and 0 < mine.caller != earlier.caller > 0
        return None if is_another or _nearness(mine, earlier) < 0 else ("exact", 1.0)
    if least < _LEAST_SHINGLES or contained < _CONTAINED:
        return None
    near = _nearness(mine, earlier)
    if near < 0:
        return None
    alike = shared / (least + most - shared)
    strictest = _ALIKE_THERE if near == 2 else _ALIKE_SHORT
    if alike >= max(_ALIKE, strictest - max(0, least - 10) / 100):
        return "near_duplicate", alike
    if 0 < mine.caller == earlier.caller:
        # That both name one place, at length, does not make it one matter.
        where = _where(reading)
        matters = [set(one.shingles) - where for one in (mine, earlier)]
        least = min(map(len, matters))
        contained = len(matters[0] & matters[1]) / max(least, _LEAST_SHINGLES)
        if contained >= (_CONTAINED if near else _CONTAINED_ANYWHERE):
            return "same_matter", contained
    return None


def _where(reading: _Reading) -> set[int]:
    """Return the shingles of an appeal that only say where."""
    before = np.concatenate(([0], np.cumsum(reading.kept))).tolist()
    found: set[int] = set()
    for start, end, mark in reading.said:
        if mark & 15 != _FACT:
            found.update(reading.grams[max(0, before[start] - 1) : before[end]])
    return found


def _news(reading: _Reading, earlier: Sequence[_Earlier]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of the original text that no earlier appeal holds and that tell."""
    line, base = reading.batch.row(0), int(reading.batch.starts[0])
    known = frozenset[int]().union(*(one.marks for one in earlier))
    facts = [at for at, _, mark in reading.said if mark & 15 == _FACT and mark not in known]
    for is_fresh, group in groupby(_clauses(reading, earlier), key=lambda clause: clause[:2]):
        clauses = [clause[2:] for clause in group]
        start, end = clauses[0][0], clauses[-1][1]
        said = "".join(char for at, char in enumerate(line[start:end], start) if reading.kept[at])
        han = len(_HAN.findall(said))
        if is_fresh[1] and (han >= _LEAST_HAN or (han > 1 and _TIME.search(said))):
            yield reading.batch.original_span(base + start, base + end)
            continue
        for start, end in clauses:
            if any(start <= fact < end for fact in facts):
                yield reading.batch.original_span(base + start, base + end)


def _clauses(
    reading: _Reading, earlier: Sequence[_Earlier]
) -> Iterator[tuple[int, bool, int, int]]:
    """Yield (sentence, whether mostly unseen, start, end) of every clause that is not stock."""
    seen = frozenset[int]().union(*(one.shingles for one in earlier))
    line, base = reading.batch.row(0), int(reading.batch.starts[0])
    before = np.concatenate(([0], np.cumsum(reading.kept))).tolist()
    clauses = [
        (number, *clause.span())
        for number, sentence in enumerate(_SENTENCE.finditer(line))
        for clause in _CLAUSE.finditer(line, *sentence.span())
        if before[clause.start()] < before[clause.end()]
    ]
    matter = reading.batch.codes[base : base + len(line)][reading.kept]
    grams, firsts = _grams(
        matter, [before[start] for _, start, _ in clauses], [before[end] for *_, end in clauses]
    )
    for (number, start, end), piece in zip(clauses, np.split(grams, firsts[1:]), strict=False):
        unseen = sum(gram not in seen for gram in _stored(piece))
        yield number, unseen > _UNSEEN * len(piece), start, end


class _Chains:
    """Serials by key in each of some columns, newest first, as zlib keeps its window.

    Dicts of lists would take ten times the room. A key of 0 is no key.
    """

    def __init__(self, columns: int, most: int) -> None:
        self._most = most
        self._width = columns
        self._columns = np.arange(columns)
        self._keys = np.zeros((0, columns), dtype=np.uint32)
        self._grow(min(most, 1024))

    def add(self, serial: int, keys: NDArray[np.uint32]) -> None:
        """Put a serial, the next one, before the others of each of its keys."""
        row = serial % self._most
        if row >= len(self._keys):
            self._grow(min(self._most, 2 * row))
        slots = self._columns * self._slots + (keys & self._mask)
        self._keys[row] = keys
        self._next[row] = self._heads[slots]
        self._heads[slots[keys != 0]] = serial + 1

    def find(self, keys: NDArray[np.uint32], count: int) -> list[int]:
        """Return serials among the last `most` of `count` that share a key, most shared first."""
        columns = keys.nonzero()[0]
        keys = keys[columns]
        links = self._heads[columns * self._slots + (keys & self._mask)]
        all_keys, all_next = self._keys.reshape(-1), self._next.reshape(-1)
        found: list[int] = []
        for _ in range(_DEPTH):
            live = (links > max(0, count - self._most)).nonzero()[0]
            if not live.size:
                break
            columns, keys, links = columns[live], keys[live], links[live]
            cells = (links - 1) % self._most * self._width + columns
            hits = all_keys[cells] == keys
            found += links[hits].tolist()
            # The caller's own and the exact ones come first.
            found += links[hits & (columns >= self._width - 2)].tolist() * self._width
            links = all_next[cells]
        shared = Counter(found)
        best = sorted(shared, key=lambda link: (-shared[link], -link))[:_MOST_CHECKS]
        return [link - 1 for link in best]

    def _grow(self, rows: int) -> None:
        """Make room for more rows; only ever before the first one is dropped."""
        old = self._keys
        self._keys = np.zeros((rows, self._width), dtype=np.uint32)
        self._keys[: len(old)] = old
        self._next = np.zeros((rows, self._width), dtype=np.int32)
        self._slots = 2 << (rows - 1).bit_length()
        self._mask = np.uint32(self._slots - 1)
        self._heads = np.zeros(self._width * self._slots, dtype=np.int32)
        for column in range(self._width):
            used = np.flatnonzero(old[:, column])
            slots = old[used, column] & self._mask
            order = np.argsort(slots, kind="stable")
            slots, links = slots[order], used[order] + 1
            follows = np.flatnonzero(slots[1:] == slots[:-1])
            self._next[links[follows + 1] - 1, column] = links[follows]
            # Of equal places the last assignment stays: the newest.
            self._heads[column * self._slots + slots] = links
