"""The conduct head: which of the caller's clauses offend, and by which stretch of them.

Every clause is a bag of hashed features: character n-grams as written and by sound (homophones
share a syllable), each also joined with the voice of the clause, and the clause before as
context. One logistic machine a kind; a stretch's part in the sum is what explains it.
Hashing keeps no vocabulary, so nothing of anybody's words can be read out of a bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.heads.patterns import Patterns
from jiesu.heads.sounds import Syllables
from jiesu.schema import FlagKind
from jiesu.text.clauses import ClauseBatch
from jiesu.text.ngrams import Ints, Keys, char_stretches, hash_codes

Floats = NDArray[np.float64]

_SOUND_SALT = np.uint64(0xA24BAED4963EE407)
_VOICE_SALTS = np.array(
    [
        0x9FB21C651E98DF25,
        0xD6E8FEB86659FD93,
        0xE7037ED1A0B428DB,
        0x8EBC6AF09C88C6E3,
        0xC2B2AE3D27D4EB4F,
    ],
    dtype=np.uint64,
)
_BEFORE_SALT = np.uint64(0x589965CC75374CC3)
_PATTERN_SALT = np.uint64(0x2545F4914F6CDD1D)
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class ClauseSpec:
    """Which features: characters 1..char, syllables 2..sound, of the clause before 1..before.

    An expression of the patterns counts `pattern` times an n-gram.
    """

    bits: int = 18
    char: int = 4
    sound: int = 3
    before: int = 2
    pattern: float = 3.0


class ClauseFeatures(NamedTuple):
    """Features of a batch in clause order within each block.

    buckets, values, clauses: (f,). starts, ends: (f,) stretch in the codes, empty for context.
    """

    buckets: Ints
    values: Floats
    clauses: Ints
    starts: Ints
    ends: Ints


def clause_features(
    cut: ClauseBatch, syllables: Syllables, patterns: Patterns, spec: ClauseSpec
) -> ClauseFeatures:
    """Return the features of every clause of a batch."""
    hashed = hash_codes(cut.batch.codes)
    sounds = hash_codes(syllables.of(cut.batch.codes))
    shift = np.uint64(64 - spec.bits)
    blocks: list[ClauseFeatures] = []
    # The clause that comes before in the same text, -1 for the first.
    following = np.full(len(cut.rows), -1, dtype=np.int64)
    if len(cut.rows) > 1:
        same = np.flatnonzero(cut.rows[1:] == cut.rows[:-1])
        following[same] = same + 1

    def add(keys: Keys, clauses: Ints, starts: Ints, ends: Ints, value: float = 1.0) -> None:
        buckets = ((keys * _MIX) >> shift).astype(np.int64)
        values = np.full(len(keys), value)
        blocks.append(ClauseFeatures(buckets, values, clauses, starts, ends))

    for order, found in enumerate(char_stretches(hashed, spec.char), start=1):
        clauses = cut.number[found.starts]
        inside = np.flatnonzero((clauses >= 0) & (clauses == cut.number[found.ends - 1]))
        keys, clauses = found.keys[inside], clauses[inside]
        starts, ends = found.starts[inside], found.ends[inside]
        keys = keys ^ np.uint64(order)
        add(keys, clauses, starts, ends)
        add(keys ^ _VOICE_SALTS[cut.voices[clauses]], clauses, starts, ends)
        if order <= spec.before:
            after = following[clauses]
            has = np.flatnonzero(after >= 0)
            nowhere = np.zeros(len(has), dtype=np.int64)
            add(keys[has] ^ _BEFORE_SALT, after[has], nowhere, nowhere)
    for order, found in enumerate(char_stretches(sounds, spec.sound), start=1):
        if order == 1:
            continue
        clauses = cut.number[found.starts]
        inside = np.flatnonzero((clauses >= 0) & (clauses == cut.number[found.ends - 1]))
        keys = found.keys[inside] ^ _SOUND_SALT ^ np.uint64(order)
        add(keys, clauses[inside], found.starts[inside], found.ends[inside])
    said = patterns.find(cut, hashed, sounds)
    keys = (said.groups.astype(np.uint64) + _PATTERN_SALT) * _MIX
    keys ^= said.by_sound.astype(np.uint64) << np.uint64(40)
    add(keys, said.clauses, said.starts, said.ends, spec.pattern)
    voiced = keys ^ _VOICE_SALTS[cut.voices[said.clauses]]
    add(voiced, said.clauses, said.starts, said.ends, spec.pattern)
    after = following[said.clauses]
    has = np.flatnonzero(after >= 0)
    nowhere = np.zeros(len(has), dtype=np.int64)
    add(keys[has] ^ _BEFORE_SALT, after[has], nowhere, nowhere, spec.pattern)
    every = np.arange(len(cut.rows))
    nowhere = np.zeros(len(every), dtype=np.int64)
    add(_VOICE_SALTS[cut.voices], every, nowhere, nowhere, spec.pattern)
    return ClauseFeatures(*(np.concatenate(part) for part in zip(*blocks, strict=True)))


@dataclass(frozen=True)
class ClauseHead:
    """Weights (2 ** bits, k) in int8 steps of `scales` (k,), and what makes probabilities.

    slopes, offsets: (k,) of the logistic calibration of a clause's margin.
    thresholds: (k,) the probability from which a clause is flagged.
    narrow: (k,) what a character must add to stay in a span.
    """

    kinds: tuple[FlagKind, ...]
    steps: NDArray[np.int8]
    scales: Floats
    bias: Floats
    slopes: Floats
    offsets: Floats
    thresholds: Floats
    narrow: Floats
    syllables: Syllables
    spec: ClauseSpec

    @cached_property
    def _columns(self) -> list[NDArray[np.int8]]:
        return [np.ascontiguousarray(self.steps[:, k]) for k in range(len(self.kinds))]

    def probabilities(self, cut: ClauseBatch, features: ClauseFeatures) -> Floats:
        """Return the probability of each kind for each clause (c, k)."""
        margins = self.margins(cut, features)
        scores: Floats = 1.0 / (1.0 + np.exp(-(margins * self.slopes + self.offsets)))
        return scores

    def margins(self, cut: ClauseBatch, features: ClauseFeatures) -> Floats:
        """Return the margin of each kind for each clause (c, k)."""
        count = len(cut.rows)
        size = np.maximum(np.bincount(features.clauses, minlength=count), 1)
        margins = np.empty((count, len(self.kinds)))
        for k, column in enumerate(self._columns):
            margins[:, k] = np.bincount(
                features.clauses, column[features.buckets] * features.values, minlength=count
            )
        margins *= self.scales / np.sqrt(size)[:, None]
        margins += self.bias
        return margins

    def spans(
        self, cut: ClauseBatch, features: ClauseFeatures, clauses: Ints, kinds: Ints
    ) -> list[tuple[int, int]]:
        """Return the stretch of each clause that speaks most for a kind, as bounds in the codes.

        Each n-gram's part is shared by its characters; the stretch with the largest sum above
        `narrow` a character wins (Kadane's maximum subarray).
        """
        order = np.argsort(features.clauses, kind="stable")
        grouped = features.clauses[order]
        first = np.searchsorted(grouped, clauses, side="left")
        last = np.searchsorted(grouped, clauses, side="right")
        return [
            self._span(cut, features, order[a:b], clause, kind)
            for clause, kind, a, b in zip(
                clauses.tolist(), kinds.tolist(), first.tolist(), last.tolist(), strict=True
            )
        ]

    def _span(
        self, cut: ClauseBatch, features: ClauseFeatures, every: Ints, clause: int, kind: int
    ) -> tuple[int, int]:
        start, end = int(cut.starts[clause]), int(cut.ends[clause])
        own = every[features.ends[every] > features.starts[every]]
        gains = self._columns[kind][features.buckets[own]] * features.values[own]
        gains *= self.scales[kind] / np.sqrt(max(1, len(every)))
        gains /= features.ends[own] - features.starts[own]
        steps = np.zeros(end - start + 1)
        np.add.at(steps, features.starts[own] - start, gains)
        np.subtract.at(steps, features.ends[own] - start, gains)
        return _largest(np.cumsum(steps[:-1]) - self.narrow[kind], start)


def _largest(part: Floats, offset: int) -> tuple[int, int]:
    best, best_bounds, total, begin = -np.inf, (0, len(part)), 0.0, 0
    for at, value in enumerate(part.tolist()):
        if total <= 0:
            total, begin = 0.0, at
        total += value
        if total > best:
            best, best_bounds = total, (begin, at + 1)
    return offset + best_bounds[0], offset + best_bounds[1]
