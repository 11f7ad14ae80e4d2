"""Which words spoke for the labels chosen, at their places in the original text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from jiesu.engine.build import build, fields_of
from jiesu.engine.reading import Reading
from jiesu.heads.linear import LinearTier
from jiesu.schema import Appeal, Evidence, Explanation
from jiesu.text.ngrams import Ints

MOST = 3
"""Words shown a head, the weightiest first."""

_SHARE = 0.2
"""Words with less than this share of the weightiest word's weight are not shown."""

_EVIDENCE = fields_of(Evidence)
_EXPLANATION = fields_of(Explanation)


def explanations(
    appeals: Sequence[Appeal], reading: Reading, tier: LinearTier, chosen: Mapping[str, Ints]
) -> list[Explanation]:
    """Return one explanation an appeal. chosen: label number (n,) by head."""
    shown: dict[str, list[tuple[Evidence, ...]]] = {}
    for head in tier.heads:
        if head.name in chosen:
            weights = tier.word_weights(
                head, chosen[head.name], reading.hits, reading.scales, reading.prepared
            )
            shown[head.name] = _evidence(appeals, reading, weights)
    return [
        build(Explanation, _EXPLANATION, {"type": for_type, "unit": for_unit, "similar": ()})
        for for_type, for_unit in zip(shown["type"], shown["unit"], strict=True)
    ]


def _evidence(
    appeals: Sequence[Appeal], reading: Reading, weights: NDArray[np.float64]
) -> list[tuple[Evidence, ...]]:
    batch = reading.prepared.batch
    starts, ends = reading.prepared.words
    found: list[tuple[Evidence, ...]] = [()] * len(appeals)
    if not len(starts):
        return found
    rows = np.searchsorted(batch.starts, starts, side="right") - 1
    new = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    most = np.repeat(np.maximum.reduceat(weights, new), np.diff(np.append(new, len(rows))))
    strong = np.flatnonzero((weights > 0) & (weights >= _SHARE * most))
    strong = strong[np.lexsort((strong, -weights[strong], rows[strong]))]
    row_of = rows[strong]
    first = np.searchsorted(row_of, row_of)
    strong = strong[np.arange(len(strong)) - first < MOST]
    by_row: dict[int, list[Evidence]] = {}
    for row, weight, start, end in zip(
        rows[strong].tolist(),
        np.round(weights[strong], 4).tolist(),
        batch.origin[starts[strong]].tolist(),
        (batch.origin[ends[strong] - 1] + 1).tolist(),
        strict=True,
    ):
        text = appeals[row].text[start:end]
        values = {"text": text, "weight": weight, "start": start, "end": end}
        by_row.setdefault(row, []).append(build(Evidence, _EVIDENCE, values))
    for row, items in by_row.items():
        found[row] = tuple(items)
    return found
