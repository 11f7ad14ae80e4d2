"""Which words spoke for the labels chosen, at their places in the original text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jiesu.engine.build import build, fields_of
from jiesu.engine.reading import Reading
from jiesu.heads.linear import LinearTier
from jiesu.schema import Appeal, Evidence
from jiesu.text.ngrams import Ints

MOST = 3
"""Words shown a head, the weightiest first."""

_SHARE = 0.2
"""Words with less than this share of the weightiest word's weight are not shown."""

_EVIDENCE = fields_of(Evidence)


def explanations(
    appeals: Sequence[Appeal], reading: Reading, tier: LinearTier, chosen: Mapping[str, Ints]
) -> dict[str, list[tuple[Evidence, ...]]]:
    """Return by head the words that spoke for each chosen label. chosen: label number (n,)."""
    starts, ends = reading.prepared.words
    if not len(starts):
        return {name: [()] * len(appeals) for name in chosen}
    origin = reading.prepared.batch.origin
    words = _Words(
        texts=[appeal.text for appeal in appeals],
        rows=np.searchsorted(reading.prepared.batch.starts, starts, side="right") - 1,
        starts=origin[starts],
        ends=origin[ends - 1] + 1,
        telling=_has_letter(reading.prepared.batch.codes, starts, ends),
    )
    return {
        head.name: _evidence(
            words,
            tier.word_weights(
                head, chosen[head.name], reading.hits, reading.scales, reading.prepared
            ),
        )
        for head in tier.heads
        if head.name in chosen
    }


def words_in_duty(text: str, reading: Reading, row: int, duty: str) -> tuple[Evidence, ...]:
    """Return the words of one appeal that a duty text has too, each with its share of them."""
    batch = reading.prepared.batch
    starts, ends = reading.prepared.words
    first, last = np.searchsorted(starts, (batch.starts[row], batch.ends[row])).tolist()
    spans = []
    for start, end in zip(starts[first:last].tolist(), ends[first:last].tolist(), strict=True):
        if end - start > 1 and batch.text[start:end] in duty:
            spans.append(batch.original_span(start, end))
    total = sum(end - start for start, end in spans)
    spans = sorted(dict.fromkeys(spans), key=lambda span: (span[0] - span[1], span))[:MOST]
    return tuple(
        Evidence(text=text[a:b], weight=round((b - a) / total, 4), start=a, end=b) for a, b in spans
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Every word of a batch: which text it is in, and its bounds in that original text.

    telling: whether it has a letter; a comma or a number tells a reader nothing.
    """

    texts: list[str]
    rows: Ints
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    telling: NDArray[np.bool_]


def _has_letter(codes: NDArray[np.uint32], starts: Ints, ends: Ints) -> NDArray[np.bool_]:
    letter = (codes >= 0x3400) & (codes < 0xF900)
    letter |= (codes >= ord("a")) & (codes <= ord("z"))
    before = np.concatenate(([0], np.cumsum(letter)))
    return np.asarray(before[ends] > before[starts])


def _evidence(words: _Words, weights: NDArray[np.float64]) -> list[tuple[Evidence, ...]]:
    found: list[tuple[Evidence, ...]] = [()] * len(words.texts)
    most = np.zeros(len(found))
    first = np.flatnonzero(np.append(True, words.rows[1:] != words.rows[:-1]))
    most[words.rows[first]] = np.maximum.reduceat(np.where(words.telling, weights, 0.0), first)
    strong = np.flatnonzero(words.telling & (weights > np.maximum(_SHARE * most, 0.0)[words.rows]))
    strong = strong[np.lexsort((strong, -weights[strong], words.rows[strong]))]
    rows = words.rows[strong]
    strong = strong[np.arange(len(rows)) - np.searchsorted(rows, rows) < MOST]
    texts = words.texts
    for row, weight, start, end in zip(
        words.rows[strong].tolist(),
        np.round(weights[strong], 4).tolist(),
        words.starts[strong].tolist(),
        words.ends[strong].tolist(),
        strict=True,
    ):
        text = texts[row][start:end]
        values = {"text": text, "weight": weight, "start": start, "end": end}
        found[row] += (build(Evidence, _EVIDENCE, values),)
    return found
