"""Training a linear bundle from a config: the same seed and data give the same bytes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.bundle import Manifest, ThresholdEntry, TokeniserEntry, file_hash, hash_of, save_bundle
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.split import time_split
from jiesu.decide.calibrate import fit_temperature, threshold_at_risk
from jiesu.errors import ConfigError, ExtraError
from jiesu.heads.linear import Bounds, Floats, LinearHead, LinearTier, Vocabulary
from jiesu.text.ngrams import Ints, NgramSpec, hash_codes
from jiesu.jurisdiction import Jurisdiction, load_jurisdiction
from jiesu.learn.config import HeadConfig, TrainConfig
from jiesu.learn.rows import Rows, excluded_texts, read_rows
from jiesu.learn.vocabulary import fit_vocabulary, prune
from jiesu.schema import Appeal
from jiesu.text.normalise import NormalBatch, normalise
from jiesu.text.redact import find_personal_data
from jiesu.text.segment import Segmenter
from jiesu.text.turns import caller_spans

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
    measure: Callable[[Path], Mapping[str, Any]] | None = None,
) -> Manifest:
    """Train the heads of a config on the files below `data` and write the bundle to `output`.

    `measure` is called with the folder of the finished bundle; what it returns becomes the
    manifest's metrics. Raises ConfigError, InputError, ExtraError (scikit-learn missing).
    """
    jurisdiction = load_jurisdiction(config.jurisdiction)
    segmenter = Segmenter(jurisdiction.words, backend=config.segmenter)
    rows = {}
    for name, head in config.heads.items():
        tell(f"{name}: reading")
        rows[name] = _without_excluded(
            read_rows(data, head.sources, head=name, jurisdiction=jurisdiction),
            excluded_texts(data, head),
        )
    tell("vocabulary")
    every = list({appeal.text: appeal for part in rows.values() for appeal in part.appeals}.values())
    vocabulary = _fit_vocabulary(every, segmenter, config)
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
    written = save_bundle(
        output, linear=linear, manifest={**manifest, "metrics": {}}, pooled=pooled, rows=counts
    )
    if measure is None:
        return written
    tell("measuring")
    manifest["metrics"] = dict(measure(output))
    return save_bundle(output, linear=linear, manifest=manifest, pooled=pooled, rows=counts)


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


def prepare(
    appeals: Sequence[Appeal], segmenter: Segmenter, *, mask_personal: bool = False
) -> tuple[NormalBatch, Bounds]:
    """Return appeals as the heads read them: the caller's words in normal form, and their words."""
    keep: list[list[tuple[int, int]] | None] = [caller_spans(appeal.text) for appeal in appeals]
    if mask_personal:
        keep = [
            _cut_out(spans or [(0, len(appeal.text))], appeal.text)
            for spans, appeal in zip(keep, appeals, strict=True)
        ]
    batch = normalise([appeal.text for appeal in appeals], keep=keep)
    return batch, segmenter.boundaries(batch)


def _cut_out(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Return spans without the personal data in them."""
    left: list[tuple[int, int]] = []
    personal = [(item.start, item.end) for item in find_personal_data(text)]
    for start, end in spans:
        for cut_start, cut_end in personal:
            if start < cut_end and cut_start < end:
                left.append((start, max(start, cut_start)))
                start = min(end, cut_end)
        left.append((start, end))
    return [span for span in left if span[1] > span[0]]


def _fit_vocabulary(
    appeals: Sequence[Appeal], segmenter: Segmenter, config: TrainConfig
) -> Vocabulary:
    batch, words = prepare(appeals, segmenter, mask_personal=True)
    wanted = config.vocabulary
    spec = NgramSpec(wanted.char, wanted.word, wanted.word_scale)
    return fit_vocabulary(batch, words, spec=spec, min_count=wanted.min_count)


def _train_head(
    name: str,
    config: HeadConfig,
    rows: Rows,
    vocabulary: Vocabulary,
    segmenter: Segmenter,
    jurisdiction: Jurisdiction,
    whole: TrainConfig,
) -> Trained:
    texts, pooled = _pool(name, rows.labels, config.pool_below, jurisdiction)
    labels = _label_order(name, set(texts), jurisdiction)
    truth = np.array([labels.index(text) for text in texts], dtype=np.int64)
    batch, words = prepare(rows.appeals, segmenter)
    matrix = vocabulary.matrix(
        list(vocabulary.hits(batch, hash_codes(batch.codes), words)), len(batch)
    )
    weight = np.array(rows.weights) * _balance(truth, len(labels), config.balance)
    seed = whole.seed

    def fit(index: Ints) -> tuple[Floats, Floats]:
        return fit_svm(
            matrix[index], truth[index], weight[index], classes=len(labels), c=config.c, seed=seed
        )

    margins, held_out = _held_out_margins(config, rows, matrix, fit, seed)
    temperature = fit_temperature(margins, truth[held_out])
    threshold = _threshold(margins * temperature, truth[held_out], whole.target_risk)
    weights, bias = fit(np.arange(len(truth)))
    head = LinearHead(name, labels, slice(0, len(labels)), bias, temperature)
    return Trained(head, weights, pooled, len(rows), threshold)


def _held_out_margins(
    config: HeadConfig,
    rows: Rows,
    matrix: sp.csr_array,
    fit: Callable[[Ints], tuple[Floats, Floats]],
    seed: int,
) -> tuple[NDArray[np.float64], Ints]:
    """Return margins of rows by models that did not see them (nor near-duplicates), and which."""
    groups = near_duplicate_groups([appeal.text for appeal in rows.appeals])
    if config.calibrate == "time":
        dates = [appeal.received_at for appeal in rows.appeals]
        if not all(dates):
            raise ConfigError(
                "no_dates", "calibrate: found rows without received_at, expected dates or `folds`"
            )
        parts = [time_split([str(date) for date in dates], groups, share=config.share)]
    else:
        order = np.random.default_rng(seed).permutation(groups.max() + 1)
        fold = order[groups] % config.folds
        parts = [
            (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
            for number in range(config.folds)
        ]
    margins, held_out = [], []
    for early, late in parts:
        weights, bias = fit(early)
        margins.append(np.asarray(matrix[late] @ weights + bias, dtype=np.float64))
        held_out.append(late)
    return np.concatenate(margins), np.concatenate(held_out)


def _threshold(logits: NDArray[np.float64], truth: Ints, risk: float) -> ThresholdEntry:
    top = logits.max(axis=1, keepdims=True)
    confidence = 1 / np.exp(logits - top).sum(axis=1)
    correct = logits.argmax(axis=1) == truth
    threshold, coverage = threshold_at_risk(confidence, correct, risk=risk)
    return ThresholdEntry(
        confidence=None if threshold is None else round(threshold, 4),
        target_risk=risk,
        coverage=round(coverage, 4),
        rows=len(truth),
    )


def fit_svm(
    matrix: sp.csr_array, truth: Ints, weight: NDArray[np.float64], *, classes: int, c: float, seed: int
) -> tuple[Floats, Floats]:
    """Fit one-against-rest linear SVMs with squared hinge (liblinear, Fan et al. 2008).

    Returns weights (features, classes) and bias (classes,); a class without rows gets the margin
    -1 everywhere. Raises ExtraError without scikit-learn.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import LinearSVC
    except ImportError:
        raise ExtraError("training", "train") from None
    weights = np.zeros((matrix.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, -1.0, dtype=np.float32)
    model = LinearSVC(C=c, random_state=seed, max_iter=2000)
    rows = sp.csr_matrix(matrix)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(rows, truth, sample_weight=weight)
    present = model.classes_
    if len(present) == 2:
        weights[:, present[1]], bias[present[1]] = model.coef_[0], model.intercept_[0]
        weights[:, present[0]], bias[present[0]] = -model.coef_[0], -model.intercept_[0]
    else:
        weights[:, present], bias[present] = model.coef_.T, model.intercept_
    return weights, bias


def _balance(truth: Ints, classes: int, power: float) -> NDArray[np.float64]:
    counts = np.bincount(truth, minlength=classes)
    mean = len(truth) / max(1, np.count_nonzero(counts))
    weights: NDArray[np.float64] = (mean / np.maximum(counts, 1)) ** power
    return weights[truth]


def _label_order(head: str, present: set[str], jurisdiction: Jurisdiction) -> tuple[str, ...]:
    """Order labels as the jurisdiction lists them, free labels by name."""
    listed = {
        "type": [item.code for item in jurisdiction.types],
        "unit": [item.name for item in jurisdiction.units],
        "topic": [item.name for item in jurisdiction.topics],
    }.get(head, sorted(present))
    return tuple(name for name in listed if name in present)


def _pool(
    head: str, labels: Sequence[str], below: int, jurisdiction: Jurisdiction
) -> tuple[list[str], dict[str, str]]:
    """Move classes with fewer than `below` rows to their parent, and say which went where."""
    parents = {
        "unit": {unit.name: unit.parent for unit in jurisdiction.units},
        "topic": {topic.name: topic.parent for topic in jurisdiction.topics},
    }.get(head, {})
    current, pooled = list(labels), dict[str, str]()
    while True:
        names, counts = np.unique(current, return_counts=True)
        rare = {
            str(name): str(parents[str(name)])
            for name, count in zip(names, counts, strict=True)
            if count < below and parents.get(str(name))
        }
        if not rare:
            return current, pooled
        pooled = {name: rare.get(to, to) for name, to in pooled.items()} | rare
        current = [rare.get(name, name) for name in current]


def _assemble(vocabulary: Vocabulary, trained: Sequence[Trained], most: int) -> LinearTier:
    """Join the heads' weights; keep the features that can move a margin most."""
    weights = np.concatenate([item.weights for item in trained], axis=1)
    reach = np.abs(weights).max(axis=1) * vocabulary.idf
    keep = np.sort(np.argsort(-reach, kind="stable")[:most])
    heads, at = [], 0
    for item in trained:
        columns = slice(at, at + len(item.head.labels))
        head = item.head
        heads.append(LinearHead(head.name, head.labels, columns, head.bias, head.temperature))
        at = columns.stop
    return LinearTier(prune(vocabulary, keep), weights[keep], tuple(heads))
