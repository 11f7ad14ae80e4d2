"""Thresholds with a guarantee, and prediction sets: what a head may decide alone.

Both are read off held-out rows that neither the weights nor the calibration have seen, and hold
for further rows drawn like those (docs/judgement.md says what breaks that).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

Floats = NDArray[Any]
Ints = NDArray[np.int64]

GRID: tuple[float, ...] = tuple(round(0.995 - 0.005 * step, 3) for step in range(180))
"""Thresholds tried, highest first. Fixed beforehand: the rows have no say in it."""

_STARTS = (0.15, 0.4)
"""Coverages at which testing starts. Few, since each costs its share of delta; not at the top,
where a handful of wrongly labelled rows can stop it."""

_FEWEST = 20


class Certificate(NamedTuple):
    """Above `threshold` the share of errors is at most `risk` with probability 1 - delta.

    threshold None: no threshold could be shown to do that, so everything goes to review.
    coverage, errors: of the `rows` that it was certified on.
    """

    threshold: float | None
    risk: float
    delta: float
    coverage: float
    errors: int
    rows: int


def certify(
    confidence: Floats, correct: NDArray[np.bool_], *, risk: float, delta: float
) -> Certificate:
    """Return the lowest threshold of GRID that is certified for `risk`, by Learn-then-Test.

    Each threshold is a hypothesis "its share of errors is above `risk`", with the exact binomial
    p-value. They are tested in order of the threshold from two starts, each with its share of
    `delta`, going down until one is not rejected (Angelopoulos et al., arXiv 2110.01052, 4.2).
    Where testing starts, and which thresholds have rows enough to be tested, depends on no label.
    """
    rows = len(confidence)
    order = np.sort(confidence)
    thresholds = np.array(GRID)
    taken = rows - np.searchsorted(order, thresholds, side="left")
    wrong = np.sort(confidence[~correct])
    errors = len(wrong) - np.searchsorted(wrong, thresholds, side="left")
    level = delta / len(_STARTS)
    fewest = math.ceil(math.log(level) / math.log1p(-risk))
    best: int | None = None
    for share in _STARTS:
        first = np.searchsorted(taken, max(fewest, share * rows), side="left")
        for index in range(int(first), len(thresholds)):
            # The binomial distribution; scipy.stats has it too, and takes half a second to import.
            if bdtr(errors[index], taken[index], risk) > level:
                break
            best = index if best is None else max(best, index)
    if best is None:
        return Certificate(None, risk, delta, 0.0, 0, rows)
    return Certificate(GRID[best], risk, delta, float(taken[best] / rows), int(errors[best]), rows)


def set_floors(probabilities: Floats, truth: Ints, *, miss: float) -> NDArray[np.float64]:
    """Return for each label (k,) the probability from which it belongs to a prediction set.

    The true label of a further row of any one class is missed with probability `miss` at most:
    class-conditional conformal prediction (Vovk 2012), the score being 1 - p of the label. Classes
    with under 20 rows share one floor, since alone they would belong to every set.
    """
    labels = probabilities.shape[1]
    own = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    counts = np.bincount(truth, minlength=labels)
    rare = counts < _FEWEST
    floors = np.full(labels, _floor(own[rare[truth]], miss))
    for label in np.flatnonzero(~rare).tolist():
        floors[label] = _floor(own[truth == label], miss)
    return floors


def _floor(own: Floats, miss: float) -> float:
    rank = math.floor(miss * (len(own) + 1))
    return float(np.sort(own)[rank - 1]) if rank >= 1 else 0.0


def prediction_sets(probabilities: Floats, floors: Sequence[float]) -> NDArray[np.bool_]:
    """Return which labels are in each row's set (n, k). The best label always is."""
    inside: NDArray[np.bool_] = probabilities >= np.asarray(floors, dtype=np.float64)
    inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
    return inside
