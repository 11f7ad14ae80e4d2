"""The linear tier: one vectoriser, one weight matrix, any number of heads in one pass.

A text is two blocks, character and word n-grams, each an idf-weighted count vector divided by its
length (the root of the summed squared idf of its n-grams), so that a head's margin is linear in
both. A margin becomes a probability by the head's calibration: a multinomial (softmax) model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.text.ngrams import (
    Hashed,
    Ints,
    KeyTable,
    NgramSpec,
    Stretches,
    char_stretches,
    entry_keys,
    word_stretches,
)
from jiesu.text.normalise import NormalBatch

Floats = NDArray[np.float32]
Bounds = tuple[Ints, Ints]
_TINY = np.float32(1e-12)


@dataclass(frozen=True, slots=True)
class Hits:
    """N-grams of one order that the vocabulary knows, in text order.

    features, starts, ends: (h,) feature number and bounds in `codes`.
    rows: (n + 1,) number of the first hit of each text.
    """

    kind: str
    features: NDArray[np.int32]
    starts: Ints
    ends: Ints
    rows: NDArray[np.int32]


@dataclass(frozen=True)
class Vocabulary:
    """The features in order: kind (`c` characters, `w` words), the n-gram, its idf weight."""

    kinds: tuple[str, ...]
    entries: tuple[str, ...]
    idf: Floats
    spec: NgramSpec

    @cached_property
    def table(self) -> KeyTable:
        """The hash table from n-gram to feature number."""
        return KeyTable(entry_keys(self.kinds, self.entries))

    def hits(self, batch: NormalBatch, hashed: Hashed, words: Bounds) -> Iterator[Hits]:
        """Yield the known n-grams of a batch, order by order."""
        for stretches in char_stretches(hashed, self.spec.char):
            yield self._known("c", batch, stretches)
        for stretches in word_stretches(hashed, words, self.spec.word):
            yield self._known("w", batch, stretches)

    def _known(self, kind: str, batch: NormalBatch, stretches: Stretches) -> Hits:
        found, features = self.table.find(stretches.keys)
        starts = stretches.starts[found]
        rows = np.empty(len(batch) + 1, dtype=np.int32)
        rows[:-1] = np.searchsorted(starts, batch.starts)
        rows[-1] = len(starts)
        return Hits(kind, features, starts, stretches.ends[found], rows)

    def matrix(self, hits: Sequence[Hits], texts: int) -> sp.csr_array:
        """Return the texts as feature vectors, (texts, features) float32."""
        shape = (texts, len(self.entries))
        total = sp.csr_array(shape, dtype=np.float32)
        for kind, scale in (("c", 1.0), ("w", self.spec.word_scale)):
            block, squares = sp.csr_array(shape, dtype=np.float32), np.zeros(texts, np.float32)
            for part in hits:
                if part.kind == kind:
                    weights = self.idf[part.features]
                    block += sp.csr_array((weights, part.features, part.rows), shape=shape)
                    squares += np.diff(
                        np.concatenate(([0.0], np.cumsum(weights**2, dtype=np.float64)))[part.rows]
                    ).astype(np.float32)
            length = np.sqrt(np.maximum(squares, _TINY))
            total += sp.diags_array((scale / length).astype(np.float32)).tocsr() @ block
        return sp.csr_array(total)


@dataclass(frozen=True)
class LinearHead:
    """One head: its labels in order, its columns in the weights, bias and calibration.

    Probability = softmax(temperature * (margin + bias)). `bias`: (k,).
    """

    name: str
    labels: tuple[str, ...]
    columns: slice
    bias: Floats
    temperature: float

    def probabilities(self, margins: Floats) -> Floats:
        """Return calibrated probabilities (n, k) of all heads' margins (n, K)."""
        logits = (margins[:, self.columns] + self.bias) * np.float32(self.temperature)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits


@dataclass(frozen=True)
class LinearTier:
    """Vocabulary, weights (features, K) and heads, as a bundle stores them."""

    vocabulary: Vocabulary
    weights: Floats
    heads: tuple[LinearHead, ...]

    @cached_property
    def _effective(self) -> Floats:
        """Weights times idf, and a last column of squared idf, which sums to squared lengths."""
        idf = self.vocabulary.idf[:, None]
        table: Floats = np.concatenate((self.weights * idf, idf**2), axis=1, dtype=np.float32)
        return table

    def warm(self) -> None:
        """Build what is built once, so that the first appeal does not wait for it."""
        _ = self.vocabulary.table, self._effective

    def margins(
        self, batch: NormalBatch, hashed: Hashed, words: Bounds
    ) -> tuple[Floats, list[Hits], dict[str, Floats]]:
        """Return margins (n, K) of all heads, the hits, and per block what a hit is scaled by."""
        texts, (features, columns) = len(batch), self._effective.shape
        hits = list(self.vocabulary.hits(batch, hashed, words))
        margins = np.zeros((texts, columns - 1), dtype=np.float32)
        scales = {}
        for kind, scale in (("c", 1.0), ("w", self.vocabulary.spec.word_scale)):
            sums = np.zeros((texts, columns), dtype=np.float32)
            for part in hits:
                if part.kind == kind and len(part.features):
                    ones = np.ones(len(part.features), dtype=np.float32)
                    counts = sp.csr_array((ones, part.features, part.rows), shape=(texts, features))
                    sums += counts @ self._effective
            factor = np.float32(scale) / np.sqrt(np.maximum(sums[:, -1], _TINY))
            sums *= factor[:, None]
            margins += sums[:, :-1]
            scales[kind] = factor
        return margins, hits, scales

    def word_weights(
        self,
        head: LinearHead,
        chosen: Ints,
        hits: Sequence[Hits],
        scales: dict[str, Floats],
        batch: NormalBatch,
        words: Bounds,
    ) -> NDArray[np.float64]:
        """Return what every word of a batch added to its text's chosen label, in logits.

        An n-gram's contribution is shared equally by its characters; a word's is the sum over its
        own. `chosen`: (n,) label number of each text.
        """
        size = len(batch.codes)
        steps = np.zeros(size + 1, dtype=np.float64)
        for part in hits:
            if not len(part.features):
                continue
            counts = np.diff(part.rows)
            column = np.repeat(chosen + head.columns.start, counts)
            gain = self._effective[part.features, column] * np.repeat(scales[part.kind], counts)
            gain /= part.ends - part.starts
            steps += np.bincount(part.starts, gain, size + 1)
            steps -= np.bincount(part.ends, gain, size + 1)
        per_char = np.cumsum(steps)
        before = np.concatenate(([0.0], np.cumsum(per_char[:-1])))
        starts, ends = words
        weights: NDArray[np.float64] = (before[ends] - before[starts]) * head.temperature
        return weights
