"""The linear machine behind a head: one-against-rest SVMs with squared hinge."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.errors import ConfigError, ExtraError
from jiesu.heads.linear import Floats
from jiesu.text.ngrams import Ints

_SMOOTHING = 0.3


def fit_weights(
    matrix: sp.csr_array,
    truth: Ints,
    weight: NDArray[np.float64],
    *,
    classes: int,
    c: float,
    softer: float,
    naive_bayes: float,
    seed: int,
) -> tuple[Floats, Floats]:
    """Fit machines a class (liblinear, Fan et al. 2008); return weights (f, k) and bias (k,).

    The result is the mean of a plain machine with `c`; one with `softer * c` unless 0; and, unless
    `naive_bayes` is 0, one on features scaled by 1 - naive_bayes + naive_bayes * |log-count
    ratio| (Wang & Manning, ACL 2012). All are linear, so the mean costs nothing when scoring. A
    class without rows gets the margin -1. Raises ExtraError without scikit-learn.
    """
    rows = sp.csr_matrix(matrix)
    weights = np.zeros((rows.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -1.0, dtype=np.float32)
    total = np.asarray(rows.sum(axis=0)).ravel()
    for label in np.unique(truth).tolist():
        own = truth == label
        machines = [_fit(rows, own, weight, c, seed)]
        if softer:
            machines.append(_fit(rows, own, weight, c * softer, seed))
        if naive_bayes:
            ratio = _log_ratio(np.asarray(rows[own].sum(axis=0)).ravel(), total)
            scale = (1 - naive_bayes + naive_bayes * ratio).astype(np.float32)
            scaled, scaled_bias = _fit((rows @ sp.diags(scale)).tocsr(), own, weight, c, seed)
            machines.append((scaled * scale, scaled_bias))
        weights[:, label] = np.mean([machine[0] for machine in machines], axis=0)
        bias[label] = np.mean([machine[1] for machine in machines])
    return weights, bias


def _log_ratio(own: NDArray[Any], total: NDArray[Any]) -> NDArray[np.float64]:
    inside, outside = own + _SMOOTHING, total - own + _SMOOTHING
    ratio = np.abs(np.log((inside / inside.sum()) / (outside / outside.sum())))
    scaled: NDArray[np.float64] = ratio / ratio.mean()
    return scaled


def _fit(
    rows: Any, own: NDArray[np.bool_], weight: NDArray[np.float64], c: float, seed: int
) -> tuple[NDArray[np.float64], float]:
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC
    except ImportError:
        raise ExtraError("training", "train") from None
    model = LinearSVC(C=c, random_state=seed, max_iter=5000)
    with warnings.catch_warnings():
        # A machine that has not converged is not the machine of this seed: refuse it.
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(rows, own, sample_weight=weight)
        except ConvergenceWarning:
            raise ConfigError(
                "not_converged", f"the machine of c={c} did not converge: expected a smaller c"
            ) from None
    return model.coef_[0], float(model.intercept_[0])
