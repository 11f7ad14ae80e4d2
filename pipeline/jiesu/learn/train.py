"""Training a bundle from a config: the same seed and data give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import (
    ConductEntry,
    Manifest,
    TokeniserEntry,
    file_hash,
    hash_of,
    load_bundle,
    save_bundle,
)
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.split import random_group_split
from jiesu.engine import Engine
from jiesu.errors import ConfigError, InputError
from jiesu.heads.clauses import ClauseHead
from jiesu.heads.linear import Vocabulary
from jiesu.heads.patterns import load_patterns
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.cascade import fit_cascade
from jiesu.learn.conduct import (
    ConductRows,
    read_authored,
    read_lines,
    read_negatives,
    train_conduct,
)
from jiesu.learn.config import ConductConfig, TrainConfig
from jiesu.learn.duties import fit_duties
from jiesu.learn.encoder.folder import TrainedEncoder, load_encoder, place_encoder
from jiesu.learn.evaluate import measure
from jiesu.learn.linear import join_heads, train_head
from jiesu.learn.metrics import HeadReport
from jiesu.learn.rows import Rows, data_file, excluded_texts, read_rows
from jiesu.learn.taught import Lesson, teach
from jiesu.learn.vocabulary import fit_vocabulary
from jiesu.resources import resource
from jiesu.schema import Appeal
from jiesu.text.ngrams import NgramSpec
from jiesu.text.segment import Segmenter

Progress = Callable[[str], None]


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
    encoder: TrainedEncoder | None = None
    if config.cascade is not None:
        encoder = load_encoder(place_encoder(config.cascade.encoder, output))
    lessons: dict[str, Lesson] = {}
    for name, head in config.heads.items():
        if head.taught is None:
            continue
        if encoder is None:
            raise ConfigError("no_encoder", f"heads -> {name} -> taught: expected a `cascade`")
        tell(f"{name}: listening to the encoder")
        apart = (*rows[name].appeals, *tests[name].appeals) if name in tests else rows[name].appeals
        lessons[name] = teach(name, head.taught, encoder, data, apart)
    tell("vocabulary")
    shown = [appeal for part in rows.values() for appeal in part.appeals]
    shown += [appeal for lesson in lessons.values() for appeal in lesson.appeals]
    texts = list(dict.fromkeys(appeal.text for appeal in shown))
    vocabulary = _fit_vocabulary(texts, segmenter, config)
    trained = []
    for name, head in config.heads.items():
        tell(f"{name}: training on {len(rows[name])} rows")
        trained.append(
            train_head(
                name,
                head,
                rows[name],
                vocabulary,
                segmenter,
                jurisdiction,
                config,
                lesson=lessons.get(name),
            )
        )
    conduct, cascade = None, None
    if config.conduct is not None:
        tell("conduct: training")
        said = _conduct_rows(config.conduct, data, config.seed)
        conduct = _train_conduct(config.conduct, said, config.seed)
    if config.cascade is not None and encoder is not None:
        tell("cascade: reading held-out rows with the encoder")
        cascade = fit_cascade(
            encoder,
            {item.head.name: item.unseen for item in trained},
            (said, conduct[2]) if conduct is not None else None,
            config.cascade,
            risk=config.target_risk,
            delta=config.delta,
            seed=config.seed,
        )
    linear = join_heads(vocabulary, trained, config.vocabulary.max_features)
    duties = None
    if config.duties is not None:
        tell("duties: comparing appeals with the duties of units")
        unit = next((item.unseen for item in trained if item.head.name == "unit"), None)
        if unit is None:
            raise ConfigError("no_unit_head", "duties: found no head `unit`, expected one")
        duties = fit_duties(
            unit, linear.vocabulary, segmenter, jurisdiction, config.duties, seed=config.seed
        )
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
        "conduct": conduct[1] if conduct else None,
        "encoder": cascade,
        "duties": duties,
        "thresholds": {item.head.name: item.threshold for item in trained},
        "seed": config.seed,
        "config": config.model_dump(mode="json", exclude={"data", "output"}),
        "data": _data_hashes(config, data),
    }
    parts: dict[str, Any] = {
        "words": segmenter.words,
        "conduct": conduct[0] if conduct else None,
        "pooled": {item.head.name: item.pooled for item in trained},
        "floors": {item.head.name: item.floors for item in trained},
        "rows": {item.head.name: item.rows for item in trained},
    }
    save_bundle(output, linear=linear, manifest={**manifest, "metrics": {}}, **parts)
    tell("measuring")
    # Measured as loaded: float16 weights and all.
    engine = Engine(load_bundle(output), jurisdiction)
    manifest["metrics"] = {
        name: _figures(measure(engine, name, test, bootstrap=config.bootstrap))
        for name, test in tests.items()
    }
    return save_bundle(output, linear=linear, manifest=manifest, **parts)


def _conduct_rows(config: ConductConfig, data: Path, seed: int) -> ConductRows:
    rows = ConductRows()
    for path in config.authored:
        read_authored(data_file(data, path), rows)
    for path in config.lines:
        read_lines(data_file(data, path), rows)
    for path in config.negatives:
        read_negatives(data_file(data, path), rows, most=config.most, seed=seed)
    return rows


def _train_conduct(
    config: ConductConfig, rows: ConductRows, seed: int
) -> tuple[ClauseHead, ConductEntry, NDArray[np.float64]]:
    groups, patterns_hash = load_patterns(resource("configs", "patterns", "conduct.yaml"))
    return train_conduct(rows, groups, config, patterns_hash=patterns_hash, seed=seed)


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
        named = {path for item in head.sources for path in (item.path, item.labels) if path}
        paths |= named | set(head.exclude) | set(head.taught.paths if head.taught else ())
        paths |= {head.test.path} if head.test else set()
    if config.conduct is not None:
        part = config.conduct
        paths |= {*part.authored, *part.lines, *part.negatives}
    return {path: file_hash(data_file(data, path)) for path in sorted(paths)}


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
