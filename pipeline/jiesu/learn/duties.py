"""Fitting the matcher of duties: every trained unit in turn stands for one that is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jiesu.bundle import DutiesEntry, DutyEntry
from jiesu.heads.duties import (
    BY_SENSE,
    BY_WORDS,
    DutyTexts,
    Likeness,
    Sentences,
    open_sentences,
    pair_features,
)
from jiesu.heads.linear import Floats, Vocabulary
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import Jurisdiction
from jiesu.learn.cascade import Unseen
from jiesu.learn.config import DutiesConfig
from jiesu.text.ngrams import Ints
from jiesu.text.segment import Segmenter


@dataclass(frozen=True, slots=True)
class _Pairs:
    """features: (p, f). owns: (p,) whether the appeal is the unit's. weight: (p,)."""

    features: NDArray[np.float64]
    owns: NDArray[np.float64]
    weight: NDArray[np.float64]


def fit_duties(
    unseen: Unseen,
    vocabulary: Vocabulary,
    segmenter: Segmenter,
    jurisdiction: Jurisdiction,
    config: DutiesConfig,
    *,
    seed: int,
) -> DutiesEntry:
    """Return the matcher, fitted on appeals that the unit head was not trained on."""
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(unseen.truth))[: config.most])
    appeals = [unseen.appeals[row] for row in rows.tolist()]
    texts = [appeal.text for appeal in appeals]
    prepared = prepare(texts, segmenter)
    units = [jurisdiction.units_by_name[label] for label in unseen.labels]
    sentences: Sentences | None = open_sentences()
    likeness = DutyTexts(units, vocabulary, segmenter, sentences).compare(prepared, texts)
    truth, scores = unseen.truth[rows], unseen.scores[rows]
    pairs = _pairs(likeness, scores, truth)
    by_words = _fit(pairs, BY_WORDS, config.penalty)
    by_sense = _fit(pairs, BY_SENSE, config.penalty) if sentences is not None else None
    return DutiesEntry(words=by_words, sense=by_sense, rows=len(rows))


def _pairs(likeness: Likeness, scores: Floats, truth: Ints) -> _Pairs:
    """Return all pairs of appeal and unit; each unit counts alike, since a new one may be any."""
    counts = np.bincount(truth, minlength=scores.shape[1])
    features, owns, weight = [], [], []
    for unit in np.flatnonzero(counts).tolist():
        features.append(pair_features(likeness, scores, unit))
        owns.append((truth == unit).astype(np.float64))
        weight.append(np.full(len(truth), counts.mean() / counts[unit]))
    return _Pairs(np.concatenate(features), np.concatenate(owns), np.concatenate(weight))


def _fit(pairs: _Pairs, names: Sequence[str], penalty: float) -> DutyEntry:
    """Return the logistic model with the least penalised loss, over standardised features."""
    values = pairs.features[:, : len(names)]
    mean, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    x = (values - mean) / spread
    total = float((pairs.weight * pairs.owns).sum())

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = x @ point[1:] + point[0]
        each = np.logaddexp(0.0, logits) - pairs.owns * logits
        chance = 1 / (1 + np.exp(-logits))
        slope = pairs.weight * (chance - pairs.owns)
        size = penalty * total * point[1:]
        value = float(pairs.weight @ each + 0.5 * size @ point[1:]) / total
        return value, np.concatenate(([slope.sum()], x.T @ slope + size)) / total

    found = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B").x
    weights = found[1:] / spread
    return DutyEntry(
        bias=round(float(found[0] - weights @ mean), 6),
        weights={
            name: round(float(weight), 6) for name, weight in zip(names, weights, strict=True)
        },
    )
