"""Word and character n-grams of a whole batch, found by hash in a few array operations.

Every n-gram is a stretch of the batch's code points, so its key is a rolling hash of them; the
vocabulary is a cuckoo table (Pagh & Rodler 2004) from key to feature number. Nothing is looped
over in Python, and where a feature lies in the text is known for free, which is what an
explanation needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jiesu.errors import BundleError
from jiesu.text.normalise import NormalBatch

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
_BASE_INVERSE = pow(_BASE, -1, 1 << 64)
_SLOT_FACTORS = (np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F))
_WORD_SALT = (np.uint64(0x2545F4914F6CDD1D), np.uint64(0x8BB84B93962EACC9))
_SKIP_SALT = np.uint64(0x589965CC75374CC3)
_ROUNDS = 500
WORD_JOINER = " "


@dataclass(frozen=True, slots=True)
class NgramSpec:
    """Which n-grams are features: characters 1..char, words 1..word, word pairs over a gap.

    `skip`: a pair may leave out up to so many words (0: no such pairs). The blocks count
    `word_scale` and `skip_scale` times the character block.
    """

    char: int = 3
    word: int = 2
    word_scale: float = 0.7
    skip: int = 2
    skip_scale: float = 0.5

    def scales(self) -> dict[str, float]:
        """Return what each block counts: `c` characters, `w` words, `s` pairs over a gap."""
        return {"c": 1.0, "w": self.word_scale, "s": self.skip_scale}


@dataclass(frozen=True, slots=True)
class Stretches:
    """All n-grams of one order in a batch: key, start and end in `codes`, in text order."""

    keys: Keys
    starts: Ints
    ends: Ints


def _char_hashes(codes: NDArray[np.uint32]) -> Keys:
    """Return a random-looking 64-bit number a code point (splitmix64, Steele et al. 2014)."""
    z = codes.astype(np.uint64)
    z += np.uint64(1)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


@dataclass(frozen=True, slots=True)
class Hashed:
    """A batch's code points as random-looking numbers, and their prefix sums for any stretch.

    values: (m,); sums: (m + 1,) of value * base ** -position; powers: (m + 1,) of the base.
    """

    values: Keys
    sums: Keys
    powers: Keys

    def keys(self, starts: Ints, ends: Ints) -> Keys:
        """Return the key of each non-empty stretch [start, end) of any lengths."""
        found: Keys = (self.sums[ends] - self.sums[starts]) * self.powers[ends - 1]
        return found


def hash_codes(codes: NDArray[np.uint32]) -> Hashed:
    """Hash a batch's code points once, for all that looks for stretches of it."""
    values = _char_hashes(codes)
    up, down = _POWERS.upto(len(codes) + 1)
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(values * down[: len(codes)], out=sums[1:])
    return Hashed(values, sums, up)


class _Powers:
    """Powers of the base and of its inverse modulo 2**64, grown on demand."""

    def __init__(self) -> None:
        one = np.ones(1, dtype=np.uint64)
        self._both = (one, one)

    def upto(self, count: int) -> tuple[Keys, Keys]:
        both = self._both
        if len(both[0]) < count:
            size = 1 << (count - 1).bit_length()
            up = np.full(size, _BASE, dtype=np.uint64)
            down = np.full(size, _BASE_INVERSE, dtype=np.uint64)
            up[0] = down[0] = 1
            both = (np.multiply.accumulate(up), np.multiply.accumulate(down))
            # One assignment: another thread sees the old pair or the new one.
            self._both = both
        return both[0][:count], both[1][:count]


_POWERS = _Powers()


def char_stretches(hashed: Hashed, longest: int) -> Iterator[Stretches]:
    """Yield the character n-grams of orders 1..longest. Those over a gap match nothing."""
    hashes = keys = hashed.values
    base = np.uint64(_BASE)
    for order in range(1, longest + 1):
        if order > 1:
            if len(hashes) < order:
                return
            keys = keys[:-1] * base + hashes[order - 1 :]
        starts = np.arange(len(keys), dtype=np.int64)
        yield Stretches(keys, starts, starts + order)


def word_stretches(hashed: Hashed, words: tuple[Ints, Ints], longest: int) -> Iterator[Stretches]:
    """Yield the word n-grams of orders 1..longest, given every word's bounds."""
    starts, ends = words
    if not longest or not len(starts):
        return
    keys = hashed.keys(starts, ends)
    yield Stretches(keys ^ _WORD_SALT[0], starts, ends)
    if longest > 1 and len(starts) > 1:
        together = np.flatnonzero(ends[:-1] == starts[1:])
        yield Stretches(
            _pair_keys(keys[together], keys[together + 1]), starts[together], ends[together + 1]
        )


def skip_stretches(
    batch: NormalBatch, hashed: Hashed, words: tuple[Ints, Ints], most: int
) -> Iterator[Stretches]:
    """Yield pairs of words with 1..most words between them, punctuation not counted."""
    starts, ends = words
    if not most or not len(starts):
        return
    first = batch.codes[starts]
    said = np.flatnonzero((ends - starts > 1) | ((first >= 0x4E00) & (first < 0xA000)))
    starts, ends = starts[said], ends[said]
    if not len(starts):
        return
    rows = np.searchsorted(batch.starts, starts, side="right")
    keys = hashed.keys(starts, ends) ^ _SKIP_SALT
    for gap in range(2, most + 2):
        left = np.flatnonzero(rows[:-gap] == rows[gap:])
        yield Stretches(_pair_keys(keys[left], keys[left + gap]), starts[left], ends[left + gap])


def _pair_keys(first: Keys, second: Keys) -> Keys:
    keys: Keys = (first * _WORD_SALT[0]) ^ (second * _WORD_SALT[1])
    return keys


def entry_keys(kinds: Sequence[str], entries: Sequence[str]) -> Keys:
    """Return the keys of vocabulary entries: `c` characters, `w` one or two words, `s` a pair."""
    kind = np.array([ord(name) for name in kinds], dtype=np.uint32)
    parts = [
        entry.split(WORD_JOINER) if name != "c" else [entry]
        for name, entry in zip(kinds, entries, strict=True)
    ]
    lengths = np.array([len(part) for pieces in parts for part in pieces], dtype=np.int64)
    text = "".join(part for pieces in parts for part in pieces)
    ends = np.cumsum(lengths)
    single = hash_codes(_as_codes(text)).keys(ends - lengths, ends)
    pieces = np.array([len(part) for part in parts], dtype=np.int64)
    first = np.cumsum(pieces) - pieces
    keys = single[first]
    keys[kind == ord("s")] ^= _SKIP_SALT
    two = np.flatnonzero(pieces == 2)
    second = single[first[two] + 1]
    second[kind[two] == ord("s")] ^= _SKIP_SALT
    keys[two] = _pair_keys(keys[two], second)
    keys[(kind == ord("w")) & (pieces == 1)] ^= _WORD_SALT[0]
    return np.asarray(keys, dtype=np.uint64)


def _as_codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


class KeyTable:
    """A cuckoo table from 64-bit keys to their positions in the list that it was built from.

    Raises BundleError if two keys are equal (a vocabulary with an entry twice).
    """

    def __init__(self, keys: Keys) -> None:
        if len(np.unique(keys)) != len(keys):
            raise BundleError("duplicate_entry", "vocabulary: found an entry twice, expected once")
        # Two choices find room for all while the table is less than half full.
        bits = max(4, int(2.2 * len(keys)).bit_length())
        while not self._build(keys, bits):
            bits += 1

    def _slots(self, keys: Keys, way: int) -> Ints:
        slots: Ints = ((keys * _SLOT_FACTORS[way]) >> self._shift).astype(np.int64)
        return slots

    def _build(self, keys: Keys, bits: int) -> bool:
        self._shift = np.uint64(64 - bits)
        self._ids = np.full(1 << bits, -1, dtype=np.int32)
        self._keys = np.zeros(1 << bits, dtype=np.uint64)
        # Whether a key whose first slot this is lies in its second: few do, so few look there.
        self._spilled = np.zeros(1 << bits, dtype=np.bool_)
        both = (self._slots(keys, 0), self._slots(keys, 1))
        way = np.zeros(len(keys), dtype=np.int8)
        pending = np.arange(len(keys), dtype=np.int32)
        for _ in range(_ROUNDS):
            if not len(pending):
                break
            slots = np.where(way[pending] == 0, both[0][pending], both[1][pending])
            before = self._ids[slots]
            self._ids[slots] = pending  # of several, the last stays
            placed = self._ids[slots] == pending
            evicted = np.unique(before[placed & (before >= 0)])
            pending = np.concatenate((pending[~placed], evicted))
            way[pending] ^= 1
        else:
            return False
        taken = np.flatnonzero(self._ids >= 0)
        self._keys[taken] = keys[self._ids[taken]]
        self._spilled[both[0][way == 1]] = True
        return True

    def find(self, keys: Keys) -> tuple[Ints, NDArray[np.int32]]:
        """Return which of `keys` are in the table (ascending), and their positions in the list."""
        slots = self._slots(keys, 0)
        hit = self._keys.take(slots) == keys
        again = np.flatnonzero(self._spilled.take(slots) & ~hit)
        second = self._slots(keys[again], 1)
        there = self._keys.take(second) == keys[again]
        again, second = again[there], second[there]
        hit[again] = True
        slots[again] = second
        found = np.flatnonzero(hit)
        return found, self._ids.take(slots[found])
