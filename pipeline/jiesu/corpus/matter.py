"""What an appeal is about, as hashes to compare: its words, its marks, where and who called."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.dedupe import Hashes, bands, gram_hashes, mixed
from jiesu.schema import Appeal
from jiesu.text.marks import find_marks, mark_of
from jiesu.text.normalise import NormalBatch, fold_table, normalise
from jiesu.text.stock import STOCK
from jiesu.text.turns import caller_spans

LONGEST = 2000
"""Characters of a text that are compared; what stands behind them is not."""

LEAST_SHINGLES = 6
"""A text of fewer says too little to be like another."""

# The Jaccard that the bands are made for.
_BANDED = 0.75
_NGRAM = 2
_SHORTEST = 12


class Earlier(NamedTuple):
    """What is kept of an appeal: 32-bit hashes; 0 is not known."""

    exact: int
    check: int
    caller: int
    area: int
    subdistrict: int
    marks: Collection[int]
    shingles: Collection[int]


class Matter(NamedTuple):
    """An appeal while it is compared.

    row: its number in the batch.
    kept: which characters of the normal form are matter and not stock.
    said: (start, end, mark) of what its normal form names.
    grams: the shingles of what is kept, in order.
    """

    earlier: Earlier
    keys: NDArray[np.uint32]
    batch: NormalBatch
    row: int
    kept: NDArray[np.bool_]
    said: tuple[tuple[int, int, int], ...]
    grams: list[int]


def read_matters(appeals: Sequence[Appeal], callers: Sequence[int]) -> Iterator[Matter]:
    """Read the callers' own words where there are turns, and the addresses beside them."""
    texts = [appeal.text[:LONGEST] for appeal in appeals]
    spans = [
        caller_spans(text, known=bool(appeal.turns))
        for text, appeal in zip(texts, appeals, strict=True)
    ]
    places = [(row, appeal.address) for row, appeal in enumerate(appeals) if appeal.address]
    texts += [address for _, address in places]
    batch = normalise(texts, keep=[*spans, *[None] * len(places)], table=_table())
    addresses = {row: batch.row(at) for at, (row, _) in enumerate(places, start=len(appeals))}
    for row, (appeal, caller) in enumerate(zip(appeals, callers, strict=True)):
        yield _matter(appeal, caller, addresses.get(row), batch, row)


def _matter(
    appeal: Appeal, caller: int, address: str | None, batch: NormalBatch, row: int
) -> Matter:
    line = batch.row(row)
    codes = batch.codes[batch.starts[row] : batch.ends[row]]
    kept = _written()[codes]
    plain = codes[kept]
    for stock in STOCK.finditer(line):
        kept[stock.start() : stock.end()] = False
    grams = _shingles(codes[kept])
    said = tuple(mark for mark in find_marks(line) if kept[mark[0]])
    marks = {mark for *_, mark in said}
    if address is not None:
        marks.update(mark for *_, mark in find_marks(address))
        marks.add(mark_of("address", address))
    digest = blake2b(plain.tobytes(), digest_size=8).digest()
    shingles: list[int] = grams.tolist()
    earlier = Earlier(
        int.from_bytes(digest[:4], "little"),
        int.from_bytes(digest[4:], "little"),
        caller,
        _field(appeal.area),
        _field(appeal.subdistrict),
        frozenset(marks),
        frozenset(shingles),
    )
    keys = np.zeros(columns(), dtype=np.uint32)
    keys[-1] = max(earlier.exact, 1) if len(plain) else 0
    if len(plain) >= _SHORTEST and len(earlier.shingles) >= LEAST_SHINGLES:
        keys[:-2] = _band_keys(grams)
        keys[-2] = caller
    return Matter(earlier, keys, batch, row, kept, said, shingles)


def pack(earlier: Earlier) -> bytes:
    """Return what is kept as bytes, four a number: a tenth of the room that objects take."""
    numbers = (*earlier[:5], len(earlier.marks), *earlier.marks, *earlier.shingles)
    return np.array(numbers, dtype=np.uint32).tobytes()


def unpack(packed: bytes) -> Earlier:
    """Return what `pack` put away."""
    numbers = memoryview(packed).cast("I").tolist()
    exact, check, caller, area, subdistrict, marks = numbers[:6]
    end = 6 + marks
    return Earlier(exact, check, caller, area, subdistrict, numbers[6:end], numbers[end:])


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


def grams_of(
    codes: NDArray[np.uint32], starts: Sequence[int], ends: Sequence[int]
) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the 64-bit shingles of the stretches, one behind another, and where each begins."""
    bounds = np.array([starts, ends], dtype=np.int64)
    nowhere = np.zeros(0, dtype=np.int32)
    return gram_hashes(NormalBatch(codes, nowhere, bounds[0], bounds[1], ""), _NGRAM)


def _shingles(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the kept half of `grams_of` for one text, at a third of its cost."""
    if len(codes) < _NGRAM:
        return _high(grams_of(codes, [0], [len(codes)])[0])
    points = codes.astype(np.uint64)
    return _high(mixed(mixed(points[:-1]) ^ points[1:]))


def _band_keys(shingles: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return a key a band, never 0: equal where all minima of a band are (MinHash)."""
    factors, offsets, weights = _permutations()
    hashed = shingles * factors
    hashed += offsets
    minima = hashed.min(axis=-1).astype(np.uint64)
    return np.maximum(_high(mixed(minima @ weights)), 1)


@cache
def _permutations() -> tuple[NDArray[np.uint32], NDArray[np.uint32], Hashes]:
    """Return the odd factors and the offsets, each (bands, rows a band, 1), and what joins rows."""
    count, rows = bands(_BANDED)
    random = np.random.default_rng(1)
    drawn = random.integers(2**32, size=(2, count, rows, 1), dtype=np.uint32)
    weights = random.integers(2**64, size=rows, dtype=np.uint64)
    return drawn[0] | np.uint32(1), drawn[1], weights | np.uint64(1)


def _high(hashes: Hashes) -> NDArray[np.uint32]:
    """Return the upper half of 64-bit hashes, the better mixed one."""
    return (hashes >> np.uint64(32)).astype(np.uint32)


def stored(grams: Hashes) -> list[int]:
    """Return shingles in the 32 bits that are kept of them."""
    high: list[int] = _high(grams).tolist()
    return high


@cache
def columns() -> int:
    """Return how many keys an appeal has: its bands, its caller, its exact form."""
    return bands(_BANDED)[0] + 2


def _field(value: str | None) -> int:
    value = (value or "").strip()
    return zlib.crc32(value.encode("utf-8", "surrogatepass")) or 1 if value else 0
