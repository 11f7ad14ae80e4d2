"""Groups of near-duplicate texts, so that no split puts one of them on either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jiesu.text.normalise import NormalBatch, normalise

Hashes = NDArray[np.uint64]

_PERMUTATIONS = 128
_LEAST_RECALL = 0.995
_MOST_CHECKS = 32
_CHUNK = 4096
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


def near_duplicate_groups(
    texts: Sequence[str], *, threshold: float = 0.8, ngram: int = 3, seed: int = 1
) -> NDArray[np.int64]:
    """Return a group number for every text, (n,) int64, counted from 0 in order of appearance.

    Two texts are near-duplicates if the sets of character n-grams of their normal forms have a
    Jaccard similarity of at least `threshold`; groups are the connected ones. Pairs come from
    MinHash with banded LSH, which offers at least 99.5 % of those right at the threshold, and are
    checked exactly; where hundreds of unlike texts share a band (one form letter, filled in
    differently) a text is checked against the nearest 32 groups there. A text whose normal form
    is empty is alone. Source: Broder 1997 (MinHash); Leskovec, Rajaraman and Ullman, Mining of
    Massive Datasets, ch. 3. Raises ValueError for a threshold outside (0, 1] or an ngram below 1.
    """
    if not 0.0 < threshold <= 1.0 or ngram < 1:
        raise ValueError(
            f"found threshold {threshold} and ngram {ngram}, expected (0, 1] and at least 1"
        )
    grams: list[frozenset[int]] = []
    keys = np.empty((len(texts), bands(threshold)[0]), dtype=np.uint64)
    for first in range(0, len(texts), _CHUNK):
        batch = normalise(texts[first : first + _CHUNK])
        hashes, starts = gram_hashes(batch, ngram)
        ends = np.append(starts[1:], len(hashes))
        grams += [
            frozenset(hashes[start:end].tolist())
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
        full = np.flatnonzero(ends > starts)
        if len(full):
            keys[first + full] = band_keys(hashes, starts[full], threshold, seed)
    forest = _Forest(grams, threshold)
    rows = np.array([row for row, found in enumerate(grams) if found], dtype=np.int64)
    for band in range(keys.shape[1]):
        for bucket in _buckets(keys[rows, band], rows):
            forest.join(bucket)
    return forest.numbers()


def bands(threshold: float, permutations: int = _PERMUTATIONS) -> tuple[int, int]:
    """Return (bands, rows a band): the most selective that finds 99.5 % of pairs at threshold."""
    for rows in range(permutations, 1, -1):
        count = permutations // rows
        if 1 - (1 - threshold**rows) ** count >= _LEAST_RECALL:
            return count, rows
    return permutations, 1


def gram_hashes(batch: NormalBatch, ngram: int) -> tuple[Hashes, NDArray[np.int64]]:
    """Return the hash of every n-gram, text after text, and where each text's begin.

    A text shorter than an n-gram is one n-gram.
    """
    lengths = batch.ends - batch.starts
    counts = np.where(lengths > 0, np.maximum(lengths - ngram + 1, 1), 0)
    starts = np.cumsum(counts) - counts
    within = np.arange(int(counts.sum())) - np.repeat(starts, counts)
    places = np.repeat(batch.starts, counts) + within
    ends = np.repeat(batch.ends, counts)
    hashes = np.zeros(len(places), dtype=np.uint64)
    for step in range(ngram):
        inside = places + step < ends
        points = batch.codes[np.where(inside, places + step, 0)].astype(np.uint64)
        hashes = mixed(hashes ^ np.where(inside, points, np.uint64(0)))
    return hashes, starts


def band_keys(hashes: Hashes, starts: NDArray[np.int64], threshold: float, seed: int = 1) -> Hashes:
    """Return (texts, bands) keys: equal where all minima of a band are."""
    factors, offsets = _permutations(threshold, seed)
    count, rows = factors.shape
    keys = np.zeros((len(starts), count), dtype=np.uint64)
    for band in range(count):
        for row in range(rows):
            hashed = hashes * factors[band, row] + offsets[band, row]
            keys[:, band] = mixed(keys[:, band] ^ np.minimum.reduceat(hashed, starts))
    return keys


@cache
def _permutations(threshold: float, seed: int) -> tuple[Hashes, Hashes]:
    """Return the odd factors and the offsets of the permutations, each (bands, rows a band)."""
    drawn = np.random.default_rng(seed).integers(
        2**64, size=(*bands(threshold), 2), dtype=np.uint64
    )
    return drawn[..., 0] | np.uint64(1), drawn[..., 1]


def mixed(values: Hashes) -> Hashes:
    """Return 64-bit values scattered, so that near ones come to lie apart."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)) * _MIX
    return values ^ (values >> _SHIFT)


def _buckets(keys: Hashes, rows: NDArray[np.int64]) -> Iterator[list[int]]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    edges = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if end - start > 1:
            yield rows[order[start:end]].tolist()


class _Forest:
    """Union-find over texts; a union needs a pair that is truly alike."""

    def __init__(self, grams: Sequence[frozenset[int]], threshold: float) -> None:
        self._grams = grams
        self._threshold = threshold
        self._parent = list(range(len(grams)))

    def join(self, rows: Sequence[int]) -> None:
        """Join the groups of the rows of one bucket wherever two rows are alike."""
        members: dict[int, list[int]] = {}
        for row in rows:
            root = self._root(row)
            others = [key for key in members if key != root][-_MOST_CHECKS:]
            for other in others:
                if any(self._alike(row, one) for one in members[other][-_MOST_CHECKS:]):
                    joined = members.pop(other) + members.pop(root, [])
                    low, high = min(root, other), max(root, other)
                    self._parent[high] = root = low
                    members[root] = joined
            members.setdefault(root, []).append(row)

    def numbers(self) -> NDArray[np.int64]:
        """Return group numbers in order of first appearance."""
        found: dict[int, int] = {}
        roots = map(self._root, range(len(self._parent)))
        return np.array([found.setdefault(root, len(found)) for root in roots], dtype=np.int64)

    def _root(self, row: int) -> int:
        parent = self._parent
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def _alike(self, one: int, two: int) -> bool:
        left, right = self._grams[one], self._grams[two]
        shared = len(left & right)
        return shared >= self._threshold * (len(left) + len(right) - shared) - 1e-9
