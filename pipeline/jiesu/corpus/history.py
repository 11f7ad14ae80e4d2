"""Repeats (Art. 11(3)): is this the same matter again, and does it bring anything new?

An index of earlier appeals in memory. It keeps ids and hashes and no text; hashes of short pieces
can be guessed, so they are pseudonymous at best and do not belong in a file.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from itertools import groupby
from threading import Lock
from typing import Literal, NamedTuple

import numpy as np

from jiesu.corpus.callers import caller_key
from jiesu.corpus.chains import Chains
from jiesu.corpus.matter import (
    LEAST_SHINGLES,
    LONGEST,
    Earlier,
    Matter,
    columns,
    grams_of,
    pack,
    read_matters,
    stored,
    unpack,
)
from jiesu.schema import Appeal
from jiesu.text.marks import ADDRESS, FACT, NAMED

How = Literal["stated", "exact", "near_duplicate", "same_matter"]
_HOWS: tuple[How, ...] = ("stated", "exact", "near_duplicate", "same_matter")

# Jaccard of near-duplicates: of long texts, and of those of ten shingles with a place in common
# and without, where a single word makes another question.
_ALIKE, _ALIKE_THERE, _ALIKE_SHORT = 0.6, 0.75, 0.9
# For one caller: how much of the shorter text the other holds, in one area or place and where
# neither says which.
_CONTAINED, _CONTAINED_ANYWHERE = 0.35, 0.5
_UNSEEN, _LEAST_HAN = 0.6, 6
_MOST_IDS = 5

_TIME = re.compile(
    r"[今昨前][天日晚早夜]|[上本这]个?(?:周|月|星期)|星期|凌晨|早上|上午|中午|下午|晚上|夜里|刚才|[0-9]"
)
_SENTENCE = re.compile(r"[^。!?;\x00]+")
_CLAUSE = re.compile(r"[^,、:。!?;\x00]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ID = re.compile(r"[A-Za-z0-9_-]{8,}")

MOST = 200_000
"""Appeals that a history keeps unless told otherwise."""


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


class History:
    """The last `most` appeals. Threads may share it: a lock lets in one appeal at a time.

    An id sent again with the same words is the same appeal and finds what it found the first
    time, never those that came after it; with other words it replaces the old one. Who called
    (`Appeal.caller`) is kept as a salted hash, and a masked number or `匿名` not at all.
    """

    def __init__(self, most: int = MOST) -> None:
        if most < 1:
            raise ValueError(f"found most {most}, expected at least 1")
        self._most = most
        self._salt = secrets.token_bytes(16)
        self._chains = Chains(columns(), most)
        self._latest: dict[str, int] = {}
        self._ids: list[str] = []
        self._packed: list[bytes] = []
        self._count = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._latest)

    def add(self, appeal: Appeal) -> None:
        """Index an appeal."""
        (reading,) = self._read([appeal])
        with self._lock:
            self._add(appeal.id, reading)

    def match(self, appeal: Appeal) -> Repeat | None:
        """Return what the appeal repeats, None if nothing; it never repeats its own id."""
        (reading,) = self._read([appeal])
        with self._lock:
            return self._match(appeal, reading)

    def match_then_add(self, appeal: Appeal) -> Repeat | None:
        """Match against what is there, then add: one reading serves both."""
        return self.match_then_add_all([appeal])[0]

    def match_then_add_all(self, appeals: Sequence[Appeal]) -> list[Repeat | None]:
        """Match and add one after another; the same as one by one, and read together faster."""
        found: list[Repeat | None] = []
        for appeal, reading in zip(appeals, self._read(appeals), strict=True):
            with self._lock:
                found.append(self._match(appeal, reading))
                self._add(appeal.id, reading)
        return found

    def _read(self, appeals: Sequence[Appeal]) -> Iterator[Matter]:
        return read_matters(appeals, [caller_key(one.caller, self._salt) for one in appeals])

    def _sent(self, name: str, reading: Matter) -> int | None:
        """Return when these same words came under this id, None if they have not."""
        serial = self._latest.get(name)
        if serial is None:
            return None
        earlier = unpack(self._packed[serial % self._most])
        return serial if earlier[:2] == reading.earlier[:2] else None

    def _add(self, name: str, reading: Matter) -> None:
        if self._sent(name, reading) is not None:
            return
        row = self._count % self._most
        packed = pack(reading.earlier)
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

    def _match(self, appeal: Appeal, reading: Matter) -> Repeat | None:
        names = [*appeal.related_ids, *_ID.findall(appeal.text, 0, LONGEST)]
        stated = {self._latest[name] for name in names if name in self._latest}
        sent = self._sent(appeal.id, reading)
        before = self._count if sent is None else sent
        found: list[tuple[int, float, int, str, Earlier]] = []
        for serial in stated.union(self._chains.find(reading.keys, before, self._count)):
            name = self._ids[serial % self._most]
            if serial >= before or name == appeal.id or self._latest[name] != serial:
                continue
            earlier = unpack(self._packed[serial % self._most])
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


def _nearness(one: Earlier, two: Earlier) -> int:
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


def _compare(reading: Matter, earlier: Earlier, *, is_stated: bool) -> tuple[How, float] | None:
    mine = reading.earlier
    shared = len(frozenset(mine.shingles).intersection(earlier.shingles))
    least, most = sorted((len(mine.shingles), len(earlier.shingles)))
    contained = shared / least if least else 0.0
    if is_stated:
        return "stated", contained
    if mine[:2] == earlier[:2]:
        # Two callers who say only "please hurry" need not mean one matter.
        is_another = least < LEAST_SHINGLES and 0 < mine.caller != earlier.caller > 0
        return None if is_another or _nearness(mine, earlier) < 0 else ("exact", 1.0)
    if least < LEAST_SHINGLES or contained < _CONTAINED:
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
        contained = len(matters[0] & matters[1]) / max(least, LEAST_SHINGLES)
        if contained >= (_CONTAINED if near else _CONTAINED_ANYWHERE):
            return "same_matter", contained
    return None


def _where(reading: Matter) -> set[int]:
    """Return the shingles of an appeal that only say where."""
    before = np.concatenate(([0], np.cumsum(reading.kept))).tolist()
    found: set[int] = set()
    for start, end, mark in reading.said:
        if mark & 15 != FACT:
            found.update(reading.grams[max(0, before[start] - 1) : before[end]])
    return found


def _news(reading: Matter, earlier: Sequence[Earlier]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of the original text that no earlier appeal holds and that tell."""
    line, base = reading.batch.row(reading.row), int(reading.batch.starts[reading.row])
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


def _clauses(reading: Matter, earlier: Sequence[Earlier]) -> Iterator[tuple[int, bool, int, int]]:
    """Yield (sentence, whether mostly unseen, start, end) of every clause that is not stock."""
    seen = frozenset[int]().union(*(one.shingles for one in earlier))
    line, base = reading.batch.row(reading.row), int(reading.batch.starts[reading.row])
    before = np.concatenate(([0], np.cumsum(reading.kept))).tolist()
    clauses = [
        (number, *clause.span())
        for number, sentence in enumerate(_SENTENCE.finditer(line))
        for clause in _CLAUSE.finditer(line, *sentence.span())
        if before[clause.start()] < before[clause.end()]
    ]
    matter = reading.batch.codes[base : base + len(line)][reading.kept]
    grams, firsts = grams_of(
        matter, [before[start] for _, start, _ in clauses], [before[end] for *_, end in clauses]
    )
    for (number, start, end), piece in zip(clauses, np.split(grams, firsts[1:]), strict=False):
        unseen = sum(gram not in seen for gram in stored(piece))
        yield number, unseen > _UNSEEN * len(piece), start, end
