"""The linear tier: one vectoriser, one weight matrix, any number of heads in one pass.

A text is three blocks, character n-grams, word n-grams and word pairs over a gap, each an
idf-weighted count vector divided by its length (the root of the summed squared idf of its
n-grams), so that a head's margin is linear in all. Margins become probabilities by the head's
calibration, over all its labels at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.heads.prepare import Prepared
from jiesu.text.ngrams import (
    Ints,
    Keys,
    KeyTable,
    NgramSpec,
    Stretches,
    char_stretches,
    entry_keys,
    skip_stretches,
    word_stretches,
)

Floats = NDArray[np.float32]
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
    """The features in order: kind (see NgramSpec.scales), the n-gram, its idf weight."""

    kinds: tuple[str, ...]
    entries: tuple[str, ...]
    idf: Floats
    spec: NgramSpec
    stored_keys: Keys | None = None

    @cached_property
    def keys(self) -> Keys:
        """The hash of every n-gram, stored with the bundle since making them takes a while."""
        return (
            entry_keys(self.kinds, self.entries) if self.stored_keys is None else self.stored_keys
        )

    @cached_property
    def table(self) -> KeyTable:
        """The hash table from n-gram to feature number."""
        return KeyTable(self.keys)

    def hits(self, prepared: Prepared) -> Iterator[Hits]:
        """Yield the known n-grams of a batch, order by order."""
        row_starts = prepared.batch.starts
        for stretches in char_stretches(prepared.hashed, self.spec.char):
            yield self._known("c", row_starts, stretches)
        for stretches in word_stretches(prepared.hashed, prepared.words, self.spec.word):
            yield self._known("w", row_starts, stretches)
        for stretches in skip_stretches(
            prepared.batch, prepared.hashed, prepared.words, self.spec.skip
        ):
            yield self._known("s", row_starts, stretches)

    def _known(self, kind: str, row_starts: Ints, stretches: Stretches) -> Hits:
        found, features = self.table.find(stretches.keys)
        starts = stretches.starts[found]
        rows = np.empty(len(row_starts) + 1, dtype=np.int32)
        rows[:-1] = np.searchsorted(starts, row_starts)
        rows[-1] = len(starts)
        return Hits(kind, features, starts, stretches.ends[found], rows)

    def matrix(self, prepared: Prepared) -> sp.csr_array:
        """Return the texts as feature vectors, (texts, features) float32."""
        hits, texts = list(self.hits(prepared)), len(prepared.batch)
        shape = (texts, len(self.entries))
        total: Any = sp.csr_array(shape, dtype=np.float32)
        for kind, scale in self.spec.scales().items():
            block: Any = sp.csr_array(shape, dtype=np.float32)
            squares = np.zeros(texts, np.float32)
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


@dataclass(frozen=True, slots=True)
class Calibration:
    """From margins to probabilities: p(k) is proportional to softplus(slope * m + shift) ** power.

    With a large shift this is a power of the margin's distance from a floor, with a small one a
    softmax; which of them the margins of a head call for is fitted.
    """

    slope: float
    shift: float
    power: float

    def probabilities(self, margins: Floats, prior: Floats) -> Floats:
        """Return probabilities (n, k) of margins (n, k). prior: (k,), added in log space."""
        logits = margins * np.float32(self.slope)
        logits += np.float32(self.shift)
        softplus = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
        np.maximum(softplus, _TINY, out=softplus)
        scores = np.log(softplus) * np.float32(self.power) + prior
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return np.asarray(scores, dtype=np.float32)


@dataclass(frozen=True)
class LinearHead:
    """One head: its labels in order, its columns in the weights, and what makes probabilities.

    bias: (k,) of the margins. prior: (k,) log of how much commoner a label has become towards
    the end of training, zeros where nothing is known of time.
    """

    name: str
    labels: tuple[str, ...]
    columns: slice
    bias: Floats
    prior: Floats
    calibration: Calibration

    def probabilities(self, margins: Floats) -> Floats:
        """Return calibrated probabilities (n, k) of all heads' margins (n, K)."""
        return self.calibration.probabilities(margins[:, self.columns] + self.bias, self.prior)


@dataclass(frozen=True)
class LinearTier:
    """Vocabulary, weights and heads, as a bundle stores them.

    steps: (features, K) int8 weights in steps of `scales` (features, heads), one a head, since
    heads differ in how large their weights are.
    """

    vocabulary: Vocabulary
    steps: NDArray[np.int8]
    scales: Floats
    heads: tuple[LinearHead, ...]

    @classmethod
    def quantised(
        cls, vocabulary: Vocabulary, weights: Floats, heads: tuple[LinearHead, ...]
    ) -> LinearTier:
        """Round weights (features, K) to 255 steps a feature and head."""
        steps = np.zeros(weights.shape, dtype=np.int8)
        scales = np.zeros((len(weights), len(heads)), dtype=np.float32)
        for number, head in enumerate(heads):
            part = weights[:, head.columns]
            # Stored as float16: round first, so that what is measured is what is stored.
            step = (np.abs(part).max(axis=1) / 127).astype(np.float16).astype(np.float32)
            scales[:, number] = step
            ratio = np.divide(part, step[:, None], where=step[:, None] > 0, out=np.zeros_like(part))
            steps[:, head.columns] = np.clip(np.round(ratio), -127, 127).astype(np.int8)
        return cls(vocabulary, steps, scales, heads)

    def weights(self) -> Floats:
        """Return the weights (features, K) as they are used."""
        heads = np.repeat(np.arange(len(self.heads)), [len(head.labels) for head in self.heads])
        return np.asarray(self.steps * self.scales[:, heads], dtype=np.float32)

    @cached_property
    def _effective(self) -> Floats:
        """Weights times idf, and a last column of squared idf, which sums to squared lengths."""
        idf = self.vocabulary.idf[:, None]
        table = np.empty((self.steps.shape[0], self.steps.shape[1] + 1), dtype=np.float32)
        for number, head in enumerate(self.heads):
            scale = self.scales[:, number, None] * idf
            np.multiply(self.steps[:, head.columns], scale, out=table[:, head.columns])
        table[:, -1] = idf[:, 0] ** 2
        return table

    def warm(self) -> None:
        """Build what is built once, so that the first appeal does not wait for it."""
        _ = self.vocabulary.table, self._effective

    def margins(self, prepared: Prepared) -> tuple[Floats, list[Hits], dict[str, Floats]]:
        """Return margins (n, K) of all heads, the hits, and per block what a hit is scaled by."""
        texts, (features, columns) = len(prepared.batch), self._effective.shape
        hits = list(self.vocabulary.hits(prepared))
        margins = np.zeros((texts, columns - 1), dtype=np.float32)
        scales: dict[str, Floats] = {}
        for kind, scale in self.vocabulary.spec.scales().items():
            sums = np.zeros((texts, columns), dtype=np.float32)
            for part in hits:
                if part.kind == kind and len(part.features):
                    ones = np.ones(len(part.features), dtype=np.float32)
                    counts = sp.csr_array((ones, part.features, part.rows), shape=(texts, features))
                    sums += np.asarray(counts @ self._effective)
            length = np.sqrt(np.maximum(sums[:, -1], _TINY))
            factor = np.asarray(scale / length, dtype=np.float32)
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
        prepared: Prepared,
    ) -> NDArray[np.float64]:
        """Return what every word of a batch added to the margin of its text's chosen label.

        An n-gram's contribution is shared equally by its characters; a word's is the sum over its
        own. `chosen`: (n,) label number of each text.
        """
        size = len(prepared.batch.codes)
        columns = chosen + head.columns.start
        width, line = self.steps.shape[1], self.steps.ravel()
        step = self.scales[:, self.heads.index(head)] * self.vocabulary.idf
        steps = np.zeros(size + 1)
        for part in hits:
            counts = np.diff(part.rows)
            gain = step.take(part.features) * np.repeat(scales[part.kind], counts)
            gain *= line.take(part.features * np.int64(width) + np.repeat(columns, counts))
            gain /= part.ends - part.starts
            steps += np.bincount(part.starts, gain, size + 1)
            steps -= np.bincount(part.ends, gain, size + 1)
        before = np.zeros(size + 1)
        np.cumsum(np.cumsum(steps)[:-1], out=before[1:])
        starts, ends = prepared.words
        weights: NDArray[np.float64] = before[ends] - before[starts]
        return weights
