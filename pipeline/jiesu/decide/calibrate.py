"""From margins to probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float64]


def log_loss(logits: Floats, truth: NDArray[np.int64]) -> float:
    """Return the mean negative log probability of the truth. logits: (n, k); truth: (n,)."""
    top = logits.max(axis=1, keepdims=True)
    total = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    return float(np.mean(total - logits[np.arange(len(truth)), truth]))


def fit_temperature(margins: Floats, truth: NDArray[np.int64]) -> float:
    """Return the factor of the margins whose softmax has the least log loss.

    One number cannot change which label is best, so accuracy is untouched (Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017). margins: (n, k), held out from training;
    truth: (n,). Raises ValueError without rows.
    """
    if not len(truth):
        raise ValueError("no rows to calibrate on")
    found = minimize_scalar(
        lambda power: log_loss(margins * np.exp(power), truth), bounds=(-4.0, 5.0), method="bounded"
    )
    return float(np.exp(found.x))


def threshold_at_risk(
    confidence: Floats, correct: NDArray[np.bool_], *, risk: float
) -> tuple[float | None, float]:
    """Return the lowest confidence above which the share of errors is at most `risk`, and coverage.

    An estimate from the rows at hand, certified for nothing. (None, 0.0) if no threshold does.
    """
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order])
    share = errors / np.arange(1, len(order) + 1)
    # A threshold must not cut through rows of equal confidence.
    last = np.append(np.diff(confidence[order]) != 0, True)
    good = np.flatnonzero((share <= risk) & last)
    if not len(good):
        return None, 0.0
    return float(confidence[order][good[-1]]), float((good[-1] + 1) / len(order))
