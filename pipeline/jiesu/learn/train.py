"""Training a linear bundle from a config: the same seed and data give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.bundle import (
    Manifest,
    ThresholdEntry,
    TokeniserEntry,
    file_hash,
    hash_of,
    load_bundle,
    save_bundle,
)
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.split import random_group_split, time_split
from jiesu.decide.calibrate import fit_calibration, recent_prior, threshold_at_risk
from jiesu.engine import Engine
from jiesu.errors import ConfigError, InputError
from jiesu.heads.linear import Floats, LinearHead, LinearTier, Vocabulary
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import Jurisdiction, load_jurisdiction
from jiesu.learn.config import HeadConfig, TrainConfig
from jiesu.learn.evaluate import measure
from jiesu.learn.labels import label_order, pool_rare
from jiesu.learn.machine import fit_weights
from jiesu.learn.metrics import HeadReport
from jiesu.learn.rows import Rows, excluded_texts, read_rows
from jiesu.learn.vocabulary import fit_vocabulary, prune
from jiesu.schema import Appeal
from jiesu.text.ngrams import Ints, NgramSpec
from jiesu.text.segment import Segmenter

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Trained:
    """One head after training: weights (features, k), and what the manifest says of it."""

    head: LinearHead
    weights: Floats
    pooled: dict[str, str]
    rows: int
    threshold: ThresholdEntry


def train(
    config: TrainConfig,
    *,
    data: Path,
    output: Path,
    tell: Progress = lambda _: None,
) -> Manifest:
    """Train the heads of a config on the files below `data` and write the bundle to `output`.

    Each head with a test set or a hold-out is measured with the finished bundle, and the manifest
    says the figures. Raises ConfigError, InputError, ExtraError (scikit-learn missing).
    """
    jurisdiction = load_jurisdiction(config.jurisdiction)
    segmenter = Segmenter(jurisdiction.words, backend=config.segmenter)
    rows: dict[str, Rows] = {}
    tests: dict[str, Rows] = {}
    for name, head in config.heads.items():
        tell(f"{name}: reading")
        every = read_rows(data, head.sources, head=name, jurisdiction=jurisdiction)
        rows[name] = _without_excluded(every, excluded_texts(data, head))
        if head.holdout:
            groups = near_duplicate_groups([appeal.text for appeal in rows[name].appeals])
            stay, out = random_group_split(groups, share=head.holdout, seed=config.seed)
            rows[name], tests[name] = rows[name].take(stay.tolist()), rows[name].take(out.tolist())
        elif head.test:
            tests[name] = read_rows(data, [head.test], head=name, jurisdiction=jurisdiction)
    for name, part in (*rows.items(), *((name, test) for name, test in tests.items())):
        if not len(part):
            raise InputError("no_rows", f"head {name}: found no row left to train or measure on")
    tell("vocabulary")
    texts = list(dict.fromkeys(item.text for part in rows.values() for item in part.appeals))
    vocabulary = _fit_vocabulary(texts, segmenter, config)
    trained = []
    for name, head in config.heads.items():
        tell(f"{name}: training on {len(rows[name])} rows")
        trained.append(
            _train_head(name, head, rows[name], vocabulary, segmenter, jurisdiction, config)
        )
    linear = _assemble(vocabulary, trained, config.vocabulary.max_features)
    manifest: dict[str, Any] = {
        "name": config.name,
        "version": config.version,
        "jurisdiction": jurisdiction.catalogue,
        "jurisdiction_hash": jurisdiction.content_hash,
        "tokeniser": TokeniserEntry(
            backend=config.segmenter,
            version=version(config.segmenter),
            words_hash=hash_of(segmenter.words),
        ),
        "min_count": config.vocabulary.min_count,
        "thresholds": {item.head.name: item.threshold for item in trained},
        "seed": config.seed,
        "config": config.model_dump(mode="json", exclude={"data", "output"}),
        "data": _data_hashes(config, data),
    }
    pooled = {item.head.name: item.pooled for item in trained}
    counts = {item.head.name: item.rows for item in trained}
    save_bundle(
        output, linear=linear, manifest={**manifest, "metrics": {}}, pooled=pooled, rows=counts
    )
    tell("measuring")
    # Measured as loaded: float16 weights and all.
    engine = Engine(load_bundle(output), jurisdiction)
    manifest["metrics"] = {
        name: _figures(measure(engine, name, test, bootstrap=config.bootstrap))
        for name, test in tests.items()
    }
    return save_bundle(output, linear=linear, manifest=manifest, pooled=pooled, rows=counts)


def _figures(report: HeadReport) -> dict[str, Any]:
    """Return the headline of a report, rounded, as the manifest keeps it."""
    figures = {
        name: {key: round(value, 4) for key, value in metric.items()}
        for name, metric in report.headline.model_dump().items()
        if isinstance(metric, dict)
    }
    return {"rows": report.n, "bootstrap": report.bootstrap, **figures}


def _data_hashes(config: TrainConfig, data: Path) -> dict[str, str]:
    paths = set()
    for head in config.heads.values():
        paths |= {source.path for source in head.sources} | set(head.exclude)
        paths |= {head.test.path} if head.test else set()
    return {path: file_hash(data / path) for path in sorted(paths)}


def _without_excluded(rows: Rows, excluded: Sequence[Appeal]) -> Rows:
    """Leave out rows that are a held-out row or a near-duplicate of one."""
    if not excluded:
        return rows
    texts = [appeal.text for appeal in (*excluded, *rows.appeals)]
    groups = near_duplicate_groups(texts)
    held_out = set(groups[: len(excluded)].tolist())
    stay = [i for i, group in enumerate(groups[len(excluded) :].tolist()) if group not in held_out]
    return rows.take(stay)


def _fit_vocabulary(texts: Sequence[str], segmenter: Segmenter, config: TrainConfig) -> Vocabulary:
    prepared = prepare(texts, segmenter, mask_personal=True)
    wanted = config.vocabulary
    spec = NgramSpec(wanted.char, wanted.word, wanted.word_scale, wanted.skip, wanted.skip_scale)
    return fit_vocabulary(prepared, spec=spec, min_count=wanted.min_count)


def _train_head(
    name: str,
    config: HeadConfig,
    rows: Rows,
    vocabulary: Vocabulary,
    segmenter: Segmenter,
    jurisdiction: Jurisdiction,
    whole: TrainConfig,
) -> Trained:
    texts, pooled = pool_rare(name, rows.labels, config.pool_below, jurisdiction)
    labels = label_order(name, set(texts), jurisdiction)
    truth = np.array([labels.index(text) for text in texts], dtype=np.int64)
    matrix = vocabulary.matrix(prepare([appeal.text for appeal in rows.appeals], segmenter))
    groups = near_duplicate_groups([appeal.text for appeal in rows.appeals])
    parts = _parts(config, rows, groups, whole.seed)
    for early, held in parts:
        kinds = len(np.unique(truth[early]))
        if kinds < 2 or not len(held):
            raise InputError(
                "too_few_rows",
                f"head {name}: found {len(early)} rows of {kinds} labels to train on and "
                f"{len(held)} to calibrate on, expected at least 2 labels and 1 row",
            )
    counts = np.bincount(truth, minlength=len(labels)).astype(np.float64)
    late = np.concatenate([part for _, part in parts])
    late_counts = np.bincount(truth[late], minlength=len(labels)).astype(np.float64)
    weight = np.array(rows.weights) * _balance(truth, len(labels), config.balance)
    weight *= np.exp(recent_prior(counts, late_counts, pull=config.reweigh))[truth]
    seed = whole.seed

    def fit(index: Ints) -> tuple[Floats, Floats]:
        return fit_weights(
            matrix[index],
            truth[index],
            weight[index],
            classes=len(labels),
            c=config.c,
            softer=config.softer,
            naive_bayes=config.naive_bayes,
            seed=seed,
        )

    margins = _held_out_margins(parts, matrix, fit)
    prior = recent_prior(counts, late_counts, pull=config.follow)
    calibration = fit_calibration(margins, truth[late], prior)
    threshold = _threshold(
        calibration.probabilities(margins, prior), truth[late], whole.target_risk
    )
    weights, bias = fit(np.arange(len(truth)))
    head = LinearHead(name, labels, slice(0, len(labels)), bias, prior, calibration)
    return Trained(head, weights, pooled, len(rows), threshold)


def _parts(config: HeadConfig, rows: Rows, groups: Ints, seed: int) -> list[tuple[Ints, Ints]]:
    """Return which rows train and which are held out, in one part by time or in folds."""
    if config.calibrate == "time":
        dates = [appeal.received_at for appeal in rows.appeals]
        if not all(dates):
            raise ConfigError(
                "no_dates", "calibrate: found rows without received_at, expected dates or `folds`"
            )
        return [time_split([str(date) for date in dates], groups, share=config.share)]
    order = np.random.default_rng(seed).permutation(int(groups.max()) + 1)
    fold = order[groups] % config.folds
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in range(config.folds)
    ]


def _held_out_margins(
    parts: Sequence[tuple[Ints, Ints]],
    matrix: sp.csr_array,
    fit: Callable[[Ints], tuple[Floats, Floats]],
) -> Floats:
    """Return margins of the held-out rows, part by part, by machines that did not see them."""
    margins = []
    for early, late in parts:
        weights, bias = fit(early)
        margins.append(np.asarray(matrix[late] @ weights + bias, dtype=np.float32))
    return np.concatenate(margins)


def _threshold(probabilities: Floats, truth: Ints, risk: float) -> ThresholdEntry:
    correct = probabilities.argmax(axis=1) == truth
    confidence = probabilities.max(axis=1).astype(np.float64)
    threshold, coverage = threshold_at_risk(confidence, correct, risk=risk)
    return ThresholdEntry(
        confidence=None if threshold is None else round(threshold, 4),
        target_risk=risk,
        coverage=round(coverage, 4),
        rows=len(truth),
    )


def _balance(truth: Ints, classes: int, power: float) -> NDArray[np.float64]:
    counts = np.bincount(truth, minlength=classes)
    mean = len(truth) / max(1, int(np.count_nonzero(counts)))
    weights = np.asarray((mean / np.maximum(counts, 1)) ** power, dtype=np.float64)
    return weights[truth]


def _assemble(vocabulary: Vocabulary, trained: Sequence[Trained], most: int) -> LinearTier:
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
