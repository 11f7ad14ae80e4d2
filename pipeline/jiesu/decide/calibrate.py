"""From margins to probabilities that mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jiesu.heads.linear import Calibration

Floats = NDArray[Any]


_START = ((0.0, 0.0, 0.0), (2.3, 4.0, 0.5))
_FLOOR = 1e-12


def log_loss(probabilities: Floats, truth: NDArray[np.int64]) -> float:
    """Return the mean negative log probability of the truth. probabilities: (n, k)."""
    chosen = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(chosen, _FLOOR)).mean())


def recent_prior(
    all_counts: Floats, recent_counts: Floats, *, pull: float, rows: float = 300.0
) -> NDArray[np.float32]:
    """Return by how much, in logs, each label (k,) has become commoner towards the end.

    The shares of all training rows count as `rows` pseudo-rows against those of the late slice;
    `pull` is the share of the shift that is followed (Saerens et al., Neural Computation 2002,
    with 1). A unit that orders stopped being sent to falls; a new habit rises.
    """
    whole = (all_counts + 0.5) / (all_counts + 0.5).sum()
    late = (recent_counts + rows * whole) / (recent_counts.sum() + rows)
    shift: NDArray[np.float32] = np.round(pull * np.log(late / whole), 6).astype(np.float32)
    return shift


def fit_calibration(
    margins: Floats, truth: NDArray[np.int64], prior: NDArray[np.float32]
) -> Calibration:
    """Return the calibration of held-out margins (n, k) with the least log loss.

    Its three numbers cannot change the order of labels by themselves; a softmax with a
    temperature alone (Guo et al., ICML 2017) is close to one of its members, and fits margins of
    one-against-rest machines badly (docs/decisions/0005). Raises ValueError without rows.
    """
    if not len(truth):
        raise ValueError("no rows to calibrate on")
    values = margins.astype(np.float32)

    def loss(point: NDArray[np.float64]) -> float:
        return log_loss(_calibration(point).probabilities(values, prior), truth)

    found = [
        minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600, "xatol": 1e-3})
        for start in _START
    ]
    return _calibration(min(found, key=lambda result: float(result.fun)).x)


def _calibration(point: NDArray[np.float64]) -> Calibration:
    slope, power = np.exp(np.clip(point[[0, 2]], -4.0, 5.0))
    shift = float(np.clip(point[1], -20.0, 40.0))
    return Calibration(round(float(slope), 6), round(shift, 6), round(float(power), 6))
