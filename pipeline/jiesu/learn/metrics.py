"""How good a head is: every figure with a percentile bootstrap 95 % interval.

Plain arrays in, one frozen report out; nothing here knows the engine. What each figure means is
said in `jiesu.learn.resample` and, in Chinese, in the report (`jiesu.learn.report.DEFINITIONS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.errors import InputError
from jiesu.learn import resample
from jiesu.learn.resample import GRID, UNKNOWN, Floats, Ints, Rows
from jiesu.schema import Frozen

UNLABELLED = -1
"""Truth of a row that nobody labelled: left out of every figure."""

SMALL_SLICE = 30
"""Slices with fewer rows are marked: their intervals are too wide to compare."""

FEWEST_RESAMPLES = 100
TOP_CONFUSIONS = 30


@dataclass(frozen=True)
class HeadScores:
    """What a head said of n rows, and what is true.

    `proba` is (n, k), rows summing to 1, columns in the order of `labels`. `truth` (n,) holds
    columns, -1 (no truth: left out) or -2 (a label unknown to the head: an error). `alt` (n,)
    is a second defensible label or -1. `groups` maps the name of a slice to a value a row.

    Raises InputError if shapes, values or sums do not fit.
    """

    name: str
    labels: tuple[str, ...]
    proba: NDArray[np.float32] | NDArray[np.float64]
    truth: Ints
    alt: Ints | None = None
    groups: Mapping[str, NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, k = len(self.truth), len(self.labels)
        if self.proba.shape != (n, k):
            self._refuse(f"proba has shape {self.proba.shape}, expected {(n, k)}")
        sums = self.proba.sum(axis=1, dtype=np.float64)
        if not (np.isfinite(sums).all() and (self.proba >= 0).all()):
            self._refuse("proba holds a negative or non-finite value, expected probabilities")
        if n and np.abs(sums - 1).max() > 1e-3:
            row = int(np.abs(sums - 1).argmax())
            self._refuse(f"proba of row {row} sums to {sums[row]:.4f}, expected 1")
        for name, column in {"truth": self.truth, "alt": self.alt}.items():
            if column is None:
                continue
            if len(column) != n:
                self._refuse(f"{name} has {len(column)} rows, expected {n}")
            if n and not (column.min() >= UNKNOWN and column.max() < k):
                self._refuse(
                    f"{name} spans {column.min()} to {column.max()}, expected -2 to {k - 1}"
                )
        for name, values in self.groups.items():
            if len(values) != n:
                self._refuse(f"group '{name}' has {len(values)} rows, expected {n}")

    def _refuse(self, message: str) -> None:
        raise InputError("bad_scores", f"scores of head '{self.name}': {message}")


class Metric(Frozen):
    """A figure with the 2.5 % and 97.5 % quantiles of its bootstrap."""

    value: float
    low: float
    high: float


class Headline(Frozen):
    """The figures of one set of rows; None where undefined (or, for `either`, not asked)."""

    accuracy: Metric
    macro_f1: Metric | None
    weighted_f1: Metric
    top1: Metric
    top3: Metric
    top5: Metric
    either: Metric | None = None
    ece: Metric
    ece_equal_mass: Metric
    brier: Metric
    log_loss: Metric | None
    aurc: Metric
    augrc: Metric
    coverage_at_5: Metric


class ClassReport(Frozen):
    """One label of the head. No precision if never predicted; no recall, no F1 without truth."""

    label: str
    support: int
    predicted: int
    precision: Metric | None
    recall: Metric | None
    f1: Metric | None


class Bin(Frozen):
    """Rows whose confidence is in (low, high]; no means if there are none."""

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: Metric | None


class CurvePoint(Frozen):
    """Error among the most confident share of rows."""

    coverage: float
    risk: Metric


class Confusion(Frozen):
    """How often one label was taken for another; `truth` None: a label unknown to the head."""

    truth: str | None
    predicted: str
    n: int
    share: float
    """Of the rows with that truth."""


class SliceReport(Frozen):
    """The headline figures of the rows that share a value; `small`: fewer than 30 rows."""

    group: str
    value: str
    n: int
    small: bool
    headline: Headline


class HeadReport(Frozen):
    """Everything measured of one head; `model_dump(mode="json")` holds no NaN.

    `confusion[i][j]`: rows of truth i (in the order of `labels`, then one row for unknown labels)
    predicted j. `threshold_at_5` is the confidence behind `headline.coverage_at_5`; both are read
    off these very rows and certify nothing.
    """

    head: str
    n: int
    left_out: int
    unknown: int
    bootstrap: int
    seed: int
    labels: tuple[str, ...]
    headline: Headline
    threshold_at_5: float | None
    classes: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    top_confusions: tuple[Confusion, ...]
    equal_width: tuple[Bin, ...]
    equal_mass: tuple[Bin, ...]
    curve: tuple[CurvePoint, ...]
    slices: tuple[SliceReport, ...]


def evaluate_head(scores: HeadScores, *, bootstrap: int = 1000, seed: int = 0) -> HeadReport:
    """Measure one head.

    Raises InputError if no row has a truth or `bootstrap` is under 100.
    """
    if bootstrap < FEWEST_RESAMPLES:
        raise InputError(
            "bad_bootstrap", f"{bootstrap} resamples asked, expected {FEWEST_RESAMPLES} or more"
        )
    kept = scores.truth != UNLABELLED
    if not kept.any():
        raise InputError(
            "no_truth",
            f"head '{scores.name}': none of {len(kept)} rows has a truth, expected at least one",
        )
    alt = None if scores.alt is None else scores.alt[kept]
    rows = resample.prepare(scores.proba[kept], scores.truth[kept], alt)
    estimate = _Estimator(rows, bootstrap, seed)
    matrix = _confusion(rows)
    return HeadReport(
        head=scores.name,
        n=rows.n,
        left_out=int((~kept).sum()),
        unknown=int((rows.truth == UNKNOWN).sum()),
        bootstrap=bootstrap,
        seed=seed,
        labels=scores.labels,
        headline=estimate.headline(),
        threshold_at_5=resample.threshold_at_5(rows),
        classes=_classes(estimate, scores.labels, matrix),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        top_confusions=_top_confusions(matrix, scores.labels),
        equal_width=_bins(estimate, resample.equal_width_edges()),
        equal_mass=_bins(estimate, resample.equal_mass_edges(rows)),
        curve=_curve(estimate),
        slices=_slices(rows, {k: v[kept] for k, v in scores.groups.items()}, bootstrap, seed),
    )


@dataclass(frozen=True)
class _Estimator:
    """Runs a figure of `resample` on the rows and on their resamples."""

    rows: Rows
    bootstrap: int
    seed: int

    def __call__(self, figures: Callable[[Rows, Ints], Mapping[str, Floats]]) -> dict[str, Any]:
        """Return each figure's metrics: one, or a list where the figure is (B, m)."""
        once = figures(self.rows, np.ones((1, self.rows.n), dtype=np.int64))
        drawn = resample.weights(self.rows.n, bootstrap=self.bootstrap, seed=self.seed)
        chunks = [figures(self.rows, w) for w in drawn]
        return {
            name: _metric(point[0], np.concatenate([chunk[name] for chunk in chunks]))
            for name, point in once.items()
        }

    def headline(self) -> Headline:
        """Return the headline figures."""
        return Headline(**self(resample.headline))


def _metric(point: Any, spread: Floats) -> Any:
    if spread.ndim == 2:
        return [_metric(p, column) for p, column in zip(point, spread.T, strict=True)]
    spread = spread[np.isfinite(spread)]
    if not np.isfinite(point) or not len(spread):
        return None
    low, high = np.quantile(spread, (0.025, 0.975))
    return Metric(value=float(point), low=float(low), high=float(high))


def _classes(
    estimate: _Estimator, labels: tuple[str, ...], matrix: Ints
) -> tuple[ClassReport, ...]:
    names = ("precision", "recall", "f1")
    found = estimate(lambda r, w: dict(zip(names, resample.per_class(r, w), strict=True)))
    support, predicted = matrix[:-1].sum(axis=1), matrix.sum(axis=0)
    return tuple(
        ClassReport(
            label=label,
            support=int(support[i]),
            predicted=int(predicted[i]),
            **{name: found[name][i] for name in names},
        )
        for i, label in enumerate(labels)
    )


def _confusion(rows: Rows) -> Ints:
    matrix = np.zeros((rows.k + 1, rows.k), dtype=np.int64)
    np.add.at(matrix, (np.where(rows.truth >= 0, rows.truth, rows.k), rows.predicted), 1)
    return matrix


def _top_confusions(matrix: Ints, labels: tuple[str, ...]) -> tuple[Confusion, ...]:
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:TOP_CONFUSIONS]
    names = (*labels, None)
    return tuple(
        Confusion(
            truth=names[i],
            predicted=labels[j],
            n=int(wrong[i, j]),
            share=float(wrong[i, j] / matrix[i].sum()),
        )
        for i, j in zip(*np.unravel_index(order, wrong.shape), strict=True)
        if wrong[i, j]
    )


def _bins(estimate: _Estimator, edges: Floats) -> tuple[Bin, ...]:
    def accuracy(rows: Rows, w: Ints) -> dict[str, Floats]:
        n, _, correct = resample.binned(rows, w, edges)
        return {"accuracy": np.where(n > 0, correct / np.maximum(n, 1), np.nan)}

    found = estimate(accuracy)["accuracy"]
    ones = np.ones((1, estimate.rows.n), dtype=np.int64)
    counts, sums, _ = resample.binned(estimate.rows, ones, edges)
    return tuple(
        Bin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            n=int(n),
            confidence=float(total / n) if n else None,
            accuracy=found[i],
        )
        for i, (n, total) in enumerate(zip(counts[0], sums[0], strict=True))
    )


def _curve(estimate: _Estimator) -> tuple[CurvePoint, ...]:
    found = estimate(lambda r, w: {"risk": resample.risk_curve(r, w)})["risk"]
    return tuple(
        CurvePoint(coverage=float(c), risk=risk) for c, risk in zip(GRID, found, strict=True)
    )


def _slices(
    rows: Rows, groups: Mapping[str, NDArray[Any]], bootstrap: int, seed: int
) -> tuple[SliceReport, ...]:
    found: list[SliceReport] = []
    for group, values in groups.items():
        named = np.array([_value(value) for value in values], dtype=object)
        names, counts = np.unique(named.astype(str), return_counts=True)
        for name, n in sorted(zip(names, counts, strict=True), key=lambda pair: -pair[1]):
            estimate = _Estimator(rows.take(named == name), bootstrap, seed)
            found.append(
                SliceReport(
                    group=group,
                    value=str(name),
                    n=int(n),
                    small=bool(n < SMALL_SLICE),
                    headline=estimate.headline(),
                )
            )
    return tuple(found)


def _value(value: object) -> str:
    """Name a slice; None, NaN and blanks are one slice of their own."""
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return "（未注明）" if missing or not str(value).strip() else str(value)
