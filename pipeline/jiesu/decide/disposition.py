"""Which special disposition of Art. 11 applies, from probabilities and their prediction sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.schema import DispositionCode

ORDER: tuple[DispositionCode, ...] = (
    "emergency",
    "secrecy",
    "unlawful",
    "statutory",
    "out_of_scope",
    "repeat",
    "normal",
)
"""Where several apply, the first of them is what happens."""


class Judged(NamedTuple):
    """The disposition of each appeal (n,) as a column, and which other special ones may apply."""

    columns: NDArray[np.int64]
    doubts: list[tuple[DispositionCode, ...]]


def judge_dispositions(
    labels: Sequence[str], probabilities: NDArray[Any], inside: NDArray[np.bool_]
) -> Judged:
    """Decide each row's disposition. probabilities, inside: (n, k) by label.

    An emergency that cannot be ruled out is one, since missing it costs most; otherwise the best
    label stands. Special dispositions that cannot be ruled out are doubts for a supervisor.
    """
    columns = probabilities.argmax(axis=1).astype(np.int64)
    if "emergency" in labels:
        emergency = labels.index("emergency")
        columns[inside[:, emergency]] = emergency
    doubts: list[tuple[DispositionCode, ...]] = [()] * len(columns)
    special = inside.copy()
    special[np.arange(len(columns)), columns] = False
    if "normal" in labels:
        special[:, labels.index("normal")] = False
    for row in np.flatnonzero(special.any(axis=1)).tolist():
        doubts[row] = tuple(
            code for code in ORDER if code in labels and special[row, labels.index(code)]
        )
    return Judged(columns, doubts)
