"""Training the linear tier: one head after another over one vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.bundle import ThresholdEntry
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.split import time_split
from jiesu.decide.calibrate import recent_prior
from jiesu.heads.linear import Floats, LinearHead, LinearTier, Vocabulary
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import Jurisdiction
from jiesu.learn.cascade import Unseen, threshold_entry
from jiesu.learn.config import HeadConfig, TrainConfig
from jiesu.learn.holdout import find_out
from jiesu.learn.labels import label_order, pool_rare
from jiesu.learn.machine import fit_weights
from jiesu.learn.rows import Rows
from jiesu.learn.taught import Lesson
from jiesu.learn.vocabulary import prune
from jiesu.text.ngrams import Ints
from jiesu.text.segment import Segmenter


@dataclass(frozen=True)
class Trained:
    """One head after training: weights (features, k), manifest facts, and rows judged unseen."""

    head: LinearHead
    weights: Floats
    pooled: dict[str, str]
    rows: int
    threshold: ThresholdEntry
    floors: tuple[float, ...]
    unseen: Unseen


def train_head(
    name: str,
    config: HeadConfig,
    rows: Rows,
    vocabulary: Vocabulary,
    segmenter: Segmenter,
    jurisdiction: Jurisdiction,
    whole: TrainConfig,
    *,
    lesson: Lesson | None = None,
) -> Trained:
    """Train, calibrate and certify one head. lesson: what an encoder says of further appeals."""
    texts, pooled = pool_rare(name, rows.labels, config.pool_below, jurisdiction)
    labels = label_order(name, set(texts), jurisdiction)
    truth = np.array([labels.index(text) for text in texts], dtype=np.int64)
    matrix = vocabulary.matrix(prepare([appeal.text for appeal in rows.appeals], segmenter))
    groups = near_duplicate_groups([appeal.text for appeal in rows.appeals])
    dates = [appeal.received_at for appeal in rows.appeals]
    given = np.array(rows.weights)
    heard: tuple[sp.csr_array, Ints, Floats] | None = None
    if lesson is not None:
        number, label, weight = lesson.rows(labels, pooled)
        heard = (
            vocabulary.matrix(prepare([a.text for a in lesson.appeals], segmenter))[number],
            label,
            weight,
        )

    def machine(index: Ints) -> tuple[Floats, Floats, Floats]:
        counts = _counts(truth[index], len(labels))
        late = counts
        if config.calibrate == "time":
            _, last = time_split([dates[i] for i in index], groups[index], share=config.share)
            late = _counts(truth[index[last]], len(labels))
        weight = given[index] * _balance(truth[index], len(labels), config.balance)
        weight *= np.exp(recent_prior(counts, late, pull=config.reweigh))[truth[index]]
        shown, labelled = matrix[index], truth[index]
        if heard is not None:
            shown = sp.vstack([shown, heard[0]], format="csr")
            labelled = np.concatenate([labelled, heard[1]])
            weight = np.concatenate([weight, heard[2]])
        weights, bias = fit_weights(
            shown,
            labelled,
            weight,
            classes=len(labels),
            c=config.c,
            softer=config.softer,
            naive_bayes=config.naive_bayes,
            seed=whole.seed,
        )
        return weights, bias, recent_prior(counts, late, pull=config.follow)

    held_out = find_out(
        name,
        config,
        dates=dates,
        groups=groups,
        truth=truth,
        matrix=matrix,
        machine=machine,
        seed=whole.seed,
        risk=whole.target_risk,
        delta=whole.delta,
        miss=config.set_miss or whole.set_miss,
    )
    weights, bias, prior = machine(np.arange(len(truth)))
    columns = slice(0, len(labels))
    head = LinearHead(name, labels, columns, bias, prior, held_out.calibration)
    floors = tuple(round(float(floor), 6) for floor in held_out.floors)
    unseen = Unseen(
        appeals=[rows.appeals[i] for i in held_out.index.tolist()],
        truth=truth[held_out.index],
        scores=held_out.scores,
        labels=labels,
        pooled=pooled,
        certified=config.certify,
        by_time=config.calibrate == "time",
        miss=config.set_miss or whole.set_miss,
    )
    entry = threshold_entry(held_out.certificate)
    return Trained(head, weights, pooled, len(rows), entry, floors, unseen)


def _counts(truth: Ints, classes: int) -> NDArray[np.float64]:
    return np.bincount(truth, minlength=classes).astype(np.float64)


def _balance(truth: Ints, classes: int, power: float) -> NDArray[np.float64]:
    counts = np.bincount(truth, minlength=classes)
    mean = len(truth) / max(1, int(np.count_nonzero(counts)))
    weights = np.asarray((mean / np.maximum(counts, 1)) ** power, dtype=np.float64)
    return weights[truth]


def join_heads(vocabulary: Vocabulary, trained: Sequence[Trained], most: int) -> LinearTier:
    """Join the heads' weights; keep the features that can move a margin most."""
    weights = np.concatenate([item.weights for item in trained], axis=1)
    reach = np.abs(weights).max(axis=1) * vocabulary.idf
    keep = np.sort(np.argsort(-reach, kind="stable")[:most])
    heads, at = [], 0
    for item in trained:
        columns = slice(at, at + len(item.head.labels))
        heads.append(replace(item.head, columns=columns))
        at = columns.stop
    return LinearTier.quantised(prune(vocabulary, keep), weights[keep], tuple(heads))
