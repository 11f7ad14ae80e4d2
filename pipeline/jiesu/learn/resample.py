"""Figures of one head as functions of integer row weights, so that a bootstrap is one more axis.

A resample of n rows with replacement is a row of weights (how often each row was drawn). Every
function here takes weights (B, n) and returns B values at once; weights of one give the figure
itself. Undefined values are NaN and end in this module's callers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

UNKNOWN = -2
"""Truth of a row whose label the head does not know: always an error."""

TOLERATED_RISK = 0.05
"""Error among the decided for which `coverage_at_5` is read off."""

GRID: Floats = np.arange(1, 101) / 100
"""Coverages at which the risk-coverage curve is kept."""

CELLS = 2_000_000
"""Weights held at once; bounds the memory of a bootstrap at some 100 MB."""


@dataclass(frozen=True)
class Rows:
    """What each of n labelled rows contributes; the arrays are (n,) unless told otherwise.

    `rank` is the place of the true label among the probabilities, from 1 (k + 1 if the head does
    not know it); of equal probabilities the earlier label comes first, as in argmax.
    """

    k: int
    truth: Ints
    predicted: Ints
    confidence: Floats
    rank: Ints
    either: Flags | None
    brier: Floats
    log_loss: Floats

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.truth)

    @property
    def correct(self) -> Flags:
        """Rows whose best label is the true one."""
        return np.asarray(self.rank == 1)

    def take(self, rows: Flags) -> Rows:
        """Return the chosen rows only."""
        return Rows(
            k=self.k,
            truth=self.truth[rows],
            predicted=self.predicted[rows],
            confidence=self.confidence[rows],
            rank=self.rank[rows],
            either=None if self.either is None else self.either[rows],
            brier=self.brier[rows],
            log_loss=self.log_loss[rows],
        )


def prepare(proba: NDArray[Any], truth: Ints, alt: Ints | None) -> Rows:
    """Reduce probabilities (n, k) to what the figures need.

    Brier: sum over labels of (p - y)^2, 0 to 2 (Brier 1950); an unknown truth has no y = 1 among
    the labels but counts as one beside them. Log loss: -ln p(truth), p not under 1e-15.
    """
    p = proba.astype(np.float64)
    n, k = p.shape
    index = np.arange(n)
    known = truth >= 0
    column = np.where(known, truth, 0)
    own = np.where(known, p[index, column], 0.0)
    before = (p > own[:, None]) | ((p == own[:, None]) & (np.arange(k) < column[:, None]))
    predicted = p.argmax(axis=1).astype(np.int64)
    rank = np.where(known, before.sum(axis=1) + 1, k + 1).astype(np.int64)
    return Rows(
        k=k,
        truth=truth,
        predicted=predicted,
        confidence=p[index, predicted],
        rank=rank,
        either=None if alt is None else (rank == 1) | ((alt >= 0) & (alt == predicted)),
        brier=np.square(p).sum(axis=1) - 2 * own + 1,
        log_loss=-np.log(np.maximum(own, 1e-15)),
    )


def weights(n: int, *, bootstrap: int, seed: int) -> Iterator[Ints]:
    """Yield `bootstrap` resamples of n rows in chunks (B, n); the same seed, the same weights."""
    rng = np.random.default_rng(seed)
    chunk = max(1, CELLS // n)
    for start in range(0, bootstrap, chunk):
        size = min(chunk, bootstrap - start)
        drawn = rng.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        yield np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)


def headline(rows: Rows, w: Ints) -> dict[str, Floats]:
    """Return the headline figures, each (B,).

    Macro-F1 is the mean over the head's labels that occur in the truth. A row with an unknown
    label has no class of its own there: it is a false positive of what was predicted. In
    weighted F1 it weighs with F1 = 0; log loss leaves it out; everywhere else it is an error.
    """
    _, _, f1 = per_class(rows, w)
    support = _count(w, rows.truth, rows.k)
    known = rows.truth >= 0
    values = {
        "macro_f1": _ratio(np.nansum(f1, axis=1), (support > 0).sum(axis=1)),
        "weighted_f1": np.nansum(f1 * support, axis=1) / rows.n,
        "ece": _ece(rows, w, equal_width_edges()),
        "ece_equal_mass": _ece(rows, w, equal_mass_edges(rows)),
        "brier": w @ rows.brier / rows.n,
        "log_loss": _ratio(w[:, known] @ rows.log_loss[known], w[:, known].sum(axis=1)),
    }
    for top in (1, 3, 5):
        values[f"top{top}"] = w @ (rows.rank <= min(top, rows.k)) / rows.n
    values["accuracy"] = values["top1"]
    if rows.either is not None:
        values["either"] = w @ rows.either / rows.n
    return values | risk_coverage(rows, w)


def per_class(rows: Rows, w: Ints) -> tuple[Floats, Floats, Floats]:
    """Return precision, recall and F1, each (B, k); NaN where the denominator is empty.

    F1 = 2 TP / (support + predicted) and needs support: a class without truth has none.
    """
    hit = np.where(rows.correct, rows.truth, -1)
    true_positive = _count(w, hit, rows.k)
    support = _count(w, rows.truth, rows.k)
    predicted = _count(w, rows.predicted, rows.k)
    f1 = _ratio(2 * true_positive, np.where(support > 0, support + predicted, 0))
    return _ratio(true_positive, predicted), _ratio(true_positive, support), f1


def equal_width_edges() -> Floats:
    """Return the edges of 15 bins of equal width over [0, 1]."""
    return np.linspace(0, 1, 16)


def equal_mass_edges(rows: Rows) -> Floats:
    """Return the edges of 15 bins with equal numbers of rows; ties may leave fewer bins.

    They are those of the rows themselves: a resample is binned by them, not by its own quantiles.
    """
    edges = np.unique(np.quantile(rows.confidence, np.linspace(0, 1, 16)))
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def binned(rows: Rows, w: Ints, edges: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rows, summed confidence and summed correctness by bin (low, high], each (B, bins)."""
    place = np.searchsorted(edges[1:-1], rows.confidence, side="left").astype(np.int64)
    bins = len(edges) - 1
    return (
        _count(w, place, bins),
        _count(w, place, bins, rows.confidence),
        _count(w, place, bins, rows.correct.astype(np.float64)),
    )


def risk_coverage(rows: Rows, w: Ints) -> dict[str, Floats]:
    """Return `aurc`, `augrc` and `coverage_at_5`, each (B,).

    With rows in order of falling confidence and E(i) errors among the first i of n:
    AURC = mean over i of E(i) / i (Geifman and El-Yaniv 2017); AUGRC = area under E(i) / n over
    the coverage i / n by trapezoids (Traub et al. 2024, arXiv 2407.01032), which equals
    (1 - AUROC) acc (1 - acc) + (1 - acc)^2 / 2. Rows of equal confidence enter in random order:
    E is its expectation, linear within the tie. `coverage_at_5` is the largest coverage whose
    risk E(i) / i is at most 5 %, ties undivided. It is chosen on the same rows: no guarantee.
    """
    taken, errors = _blocks(rows, w)
    cum, wrong = taken.cumsum(axis=1), errors.cumsum(axis=1)
    cum_before, wrong_before = cum - taken, wrong - errors
    n = rows.n
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, n + 1))])
    slope = np.nan_to_num(_ratio(errors, taken))
    span = harmonic[cum] - harmonic[cum_before]
    aurc = ((wrong_before - slope * cum_before) * span + slope * taken).sum(axis=1) / n
    augrc = (taken * (wrong_before + wrong) / 2).sum(axis=1) / n**2
    allowed = _allowed(wrong, cum)
    return {
        "aurc": aurc,
        "augrc": augrc,
        "coverage_at_5": np.where(allowed, cum, 0).max(axis=1) / n,
    }


def risk_curve(rows: Rows, w: Ints) -> Floats:
    """Return the risk E(i) / i at the coverages of GRID, (B, len(GRID))."""
    taken, errors = _blocks(rows, w)
    start = np.zeros((len(w), 1), dtype=np.int64)
    cum = np.hstack([start, taken.cumsum(axis=1)])
    wrong = np.hstack([start, errors.cumsum(axis=1)])
    at = GRID * rows.n
    return np.array([np.interp(at, c, e) for c, e in zip(cum, wrong, strict=True)]) / at


def threshold_at_5(rows: Rows) -> float | None:
    """Return the confidence from which on `coverage_at_5` decides, or None if nothing may."""
    taken, errors = _blocks(rows, np.ones((1, rows.n), dtype=np.int64))
    allowed = np.flatnonzero(_allowed(errors.cumsum(), taken.cumsum()))
    falling = np.unique(rows.confidence)[::-1]
    return float(falling[allowed[-1]]) if len(allowed) else None


def _allowed(wrong: Ints, taken: Ints) -> Flags:
    """Whether the risk is tolerated; 1 of 20 is, whatever 0.05 rounds to."""
    return np.asarray((wrong <= TOLERATED_RISK * taken + 1e-9) & (taken > 0))


def _blocks(rows: Rows, w: Ints) -> tuple[Ints, Ints]:
    """Rows and errors by distinct confidence, falling; each (B, distinct)."""
    order = np.argsort(-rows.confidence, kind="stable")
    falling = rows.confidence[order]
    starts = np.flatnonzero(np.concatenate([[True], falling[1:] != falling[:-1]]))
    sorted_w = w[:, order]
    wrong = sorted_w * ~rows.correct[order]
    return np.add.reduceat(sorted_w, starts, axis=1), np.add.reduceat(wrong, starts, axis=1)


def _ece(rows: Rows, w: Ints, edges: Floats) -> Floats:
    """Expected calibration error of the best label: sum over bins of |confidence - accuracy|."""
    _, confidence, correct = binned(rows, w, edges)
    return np.asarray(np.abs(confidence - correct).sum(axis=1) / rows.n)


def _count(w: Ints, key: Ints, size: int, value: Floats | None = None) -> Floats:
    """Sum weights (times `value`) by key, (B, size); negative keys are left out."""
    rows = np.flatnonzero(key >= 0)
    data = np.ones(len(rows)) if value is None else value[rows]
    member = sparse.csr_array((data, (key[rows], rows)), shape=(size, len(key)))
    return np.asarray((member @ w.T).T)


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """part / whole, NaN where the whole is empty."""
    found = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    np.divide(part, whole, out=found, where=whole > 0)
    return found
