"""Repeats (Art. 11(3)): is this the same matter again, and does it bring anything new?

An index of earlier appeals in memory. It keeps ids and hashes and no text; hashes of short pieces
can be guessed, so they are pseudonymous at best and do not belong in a file.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from itertools import groupby
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.chains import Chains
from jiesu.corpus.dedupe import Hashes, bands, gram_hashes, signature
from jiesu.schema import Appeal
from jiesu.text.marks import ADDRESS, FACT, NAMED, find_marks, mark_of
from jiesu.text.normalise import NormalBatch, fold_table, normalise
from jiesu.text.stock import STOCK
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
_MOST_IDS = 5

_TIME = re.compile(
    r"[今昨前][天日晚早夜]|[上本这]个?(?:周|月|星期)|星期|凌晨|早上|上午|中午|下午|晚上|夜里|刚才|[0-9]"
)
_SENTENCE = re.compile(r"[^。!?;\x00]+")
_CLAUSE = re.compile(r"[^,、:。!?;\x00]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_MASKED = re.compile(r"[Xx*＊]{3}")
_ID = re.compile(r"[A-Za-z0-9_-]{8,}")


class Repeat(NamedTuple):
    """An appeal that repeats earlier ones: `ids`, best first, at most five.

    `how` and `similarity` (0..1) are those of the first: the Jaccard of the shingles; for a stated
    id and for the same caller, how much of the shorter text the other holds. `new` are stretches
    of the appeal's text, in code points, that say what none of the earlier ones says.
    `other_caller`: all of them are known to be another's, so nobody has said it twice.
    """

    ids: tuple[str, ...]
    similarity: float
    how: How
    new_fact: bool
    new: tuple[tuple[int, int], ...]
    other_caller: bool = False


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
    """The last `most` appeals. Adding an id again replaces it. Threads may share it.

    Who called (`Appeal.caller`) is kept as a salted hash, and a masked number not at all.
    """

    def __init__(self, most: int = 1_000_000) -> None:
        if most < 1:
            raise ValueError(f"found most {most}, expected at least 1")
        self._most = most
        self._salt = secrets.token_bytes(16)
        self._chains = Chains(_columns(), most)
        self._latest: dict[str, int] = {}
        self._ids: list[str] = []
        self._packed: list[bytes] = []
        self._count = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._latest)

    def add(self, appeal: Appeal) -> None:
        """Index an appeal."""
        reading = _read(appeal, self._caller(appeal.caller))
        with self._lock:
            self._add(appeal.id, reading)

    def match(self, appeal: Appeal) -> Repeat | None:
        """Return what the appeal repeats, None if nothing; it never repeats its own id."""
        reading = _read(appeal, self._caller(appeal.caller))
        with self._lock:
            return self._match(appeal, reading)

    def match_then_add(self, appeal: Appeal) -> Repeat | None:
        """Match against what is there, then add: one reading serves both."""
        reading = _read(appeal, self._caller(appeal.caller))
        with self._lock:
            found = self._match(appeal, reading)
            self._add(appeal.id, reading)
        return found

    def _caller(self, caller: str | None) -> int:
        if not caller or _MASKED.search(caller):
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
        mine = reading.earlier.caller
        return Repeat(
            ids=tuple(one[-2] for one in best),
            similarity=round(-unlike, 6),
            how=_HOWS[rank],
            new_fact=bool(new),
            new=new,
            other_caller=all(0 < mine != one[-1].caller > 0 for one in best),
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
    for stock in STOCK.finditer(line):
        kept[stock.start() : stock.end()] = False
    matter = codes[kept]
    grams, _ = _grams(matter, [0], [len(matter)])
    said = tuple(mark for mark in find_marks(line) if kept[mark[0]])
    marks = {mark for *_, mark in said}
    if appeal.address:
        address = batch.row(1)
        marks.update(mark for *_, mark in find_marks(address))
        marks.add(mark_of("address", address))
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
        keys[:-2] = np.maximum(_high(signature(grams, _BANDED)), 1)
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
    return gram_hashes(NormalBatch(codes, nowhere, bounds[0], bounds[1], ""), _NGRAM)


def _high(hashes: Hashes) -> NDArray[np.uint32]:
    """Return the upper half of 64-bit hashes, the better mixed one."""
    return (hashes >> np.uint64(32)).astype(np.uint32)


def _stored(grams: Hashes) -> list[int]:
    high: list[int] = _high(grams).tolist()
    return high


@cache
def _columns() -> int:
    """Return how many keys an appeal has: its bands, its caller, its exact form."""
    return bands(_BANDED)[0] + 2


def _field(value: str | None) -> int:
    value = (value or "").strip()
    return zlib.crc32(value.encode("utf-8", "surrogatepass")) or 1 if value else 0


def _nearness(one: _Earlier, two: _Earlier) -> int:
    """Return what two appeals say of where: -1 elsewhere, 0 nothing, 1 one area, 2 one place."""
    if 0 < one.area != two.area > 0 or 0 < one.subdistrict != two.subdistrict > 0:
        return -1
    both = {mark & 15 for mark in one.marks}.intersection(mark & 15 for mark in two.marks)
    same = {mark & 15 for mark in set(one.marks).intersection(two.marks)}
    if any(kind < NAMED for kind in both - same):
        return -1
    # Of a crossing, or of an estate and its road, one name in common is enough.
    if not same.isdisjoint(range(NAMED, ADDRESS + 1)):
        return 2
    if not both.isdisjoint(range(NAMED, ADDRESS)):
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
        if mark & 15 != FACT:
            found.update(reading.grams[max(0, before[start] - 1) : before[end]])
    return found


def _news(reading: _Reading, earlier: Sequence[_Earlier]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of the original text that no earlier appeal holds and that tell."""
    line, base = reading.batch.row(0), int(reading.batch.starts[0])
    known = frozenset[int]().union(*(one.marks for one in earlier))
    facts = [at for at, _, mark in reading.said if mark & 15 == FACT and mark not in known]
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
