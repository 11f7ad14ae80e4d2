"""Which n-grams a bundle knows: often enough seen, and nothing that looks personal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from jiesu.errors import InputError
from jiesu.heads.linear import Vocabulary
from jiesu.heads.prepare import Prepared
from jiesu.text.ngrams import (
    WORD_JOINER,
    Ints,
    NgramSpec,
    Stretches,
    char_stretches,
    skip_stretches,
    word_stretches,
)
from jiesu.text.normalise import GAP, NormalBatch
from jiesu.text.redact import looks_personal


def fit_vocabulary(prepared: Prepared, *, spec: NgramSpec, min_count: int) -> Vocabulary:
    """Return the n-grams in at least `min_count` texts of a batch, in a fixed order.

    Personal data should have been masked in the batch; what still looks personal is left out.
    Raises InputError if nothing is left.
    """
    batch, hashed, words = prepared.batch, prepared.hashed, prepared.words
    entries: list[tuple[str, str, int]] = []
    for stretches in char_stretches(hashed, spec.char):
        starts, ends, counts = _frequent(batch, stretches, min_count)
        texts = [batch.text[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        entries += zip("c" * len(texts), texts, counts.tolist(), strict=True)
    for order, stretches in enumerate(word_stretches(hashed, words, spec.word), start=1):
        starts, ends, counts = _frequent(batch, stretches, min_count)
        cuts = words[1][np.searchsorted(words[0], starts)] if order == 2 else ends
        for start, cut, end, count in zip(
            starts.tolist(), cuts.tolist(), ends.tolist(), counts.tolist(), strict=True
        ):
            parts = (batch.text[start:cut], batch.text[cut:end])
            entries.append(("w", WORD_JOINER.join(filter(None, parts)), count))
    for stretches in skip_stretches(batch, hashed, words, spec.skip):
        starts, ends, counts = _frequent(batch, stretches, min_count)
        left = words[1][np.searchsorted(words[0], starts)]
        right = words[0][np.searchsorted(words[1], ends)]
        for start, cut, resume, end, count in zip(
            starts.tolist(),
            left.tolist(),
            right.tolist(),
            ends.tolist(),
            counts.tolist(),
            strict=True,
        ):
            entries.append(
                ("s", WORD_JOINER.join((batch.text[start:cut], batch.text[resume:end])), count)
            )
    entries = _unique(entry for entry in entries if not looks_personal(entry[1]))
    # The commonest first: what nearly every text asks for then lies close together in memory.
    entries.sort(key=lambda entry: (-entry[2], entry[0], entry[1]))
    if not entries:
        raise InputError(
            "no_ngrams", f"found no n-gram in {min_count} texts or more among {len(batch)} texts"
        )
    frequency = np.array([entry[2] for entry in entries], dtype=np.float64)
    idf = (np.log((1 + len(batch)) / (1 + frequency)) + 1).astype(np.float32)
    return Vocabulary(
        tuple(entry[0] for entry in entries), tuple(entry[1] for entry in entries), idf, spec
    )


def _unique(entries: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Count a pair that occurs over two gaps once, by the commoner."""
    best: dict[tuple[str, str], int] = {}
    for kind, entry, count in entries:
        best[kind, entry] = max(count, best.get((kind, entry), 0))
    return [(kind, entry, count) for (kind, entry), count in best.items()]


def _frequent(batch: NormalBatch, stretches: Stretches, min_count: int) -> tuple[Ints, Ints, Ints]:
    """Return start and end of one occurrence of each frequent n-gram, and in how many texts."""
    gaps = np.concatenate(([0], np.cumsum(batch.codes == GAP)))
    inside = np.flatnonzero(gaps[stretches.ends] == gaps[stretches.starts])
    keys, starts = stretches.keys[inside], stretches.starts[inside]
    rows = np.searchsorted(batch.starts, starts, side="right")
    order = np.lexsort((starts, keys))
    keys, rows = keys[order], rows[order]
    new_key = np.append(True, keys[1:] != keys[:-1])
    new_text = new_key | np.append(True, rows[1:] != rows[:-1])
    first = np.flatnonzero(new_key)
    counts = np.add.reduceat(new_text, first, dtype=np.int64) if len(first) else first
    often = counts >= min_count
    chosen = inside[order[first[often]]]
    return stretches.starts[chosen], stretches.ends[chosen], counts[often]


def prune(vocabulary: Vocabulary, keep: Ints) -> Vocabulary:
    """Return the vocabulary with only the features numbered in `keep`."""
    return Vocabulary(
        tuple(vocabulary.kinds[i] for i in keep.tolist()),
        tuple(vocabulary.entries[i] for i in keep.tolist()),
        vocabulary.idf[keep],
        vocabulary.spec,
    )
