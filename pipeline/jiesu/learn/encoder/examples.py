"""What the encoder is shown: each appeal once, with whatever labels its files give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.read import read_appeals
from jiesu.corpus.split import random_group_split, time_split
from jiesu.heads.pieces import Pieces
from jiesu.heads.transformer import window
from jiesu.jurisdiction import Jurisdiction
from jiesu.learn.conduct import (
    KINDS,
    ConductRows,
    Mark,
    read_authored,
    read_lines,
    read_negatives,
)
from jiesu.learn.encoder.config import EncoderConfig
from jiesu.learn.encoder.folder import EncoderCard, text_hash
from jiesu.learn.labels import label_names, label_order
from jiesu.learn.rows import data_file, label_of, labelled_rows, value_of
from jiesu.schema import Appeal
from jiesu.text.ngrams import Ints
from jiesu.text.normalise import normalise
from jiesu.text.turns import caller_spans

NO_LABEL = -1
_CHUNK = 512


@dataclass(slots=True)
class Known:
    """One appeal and what is known of it. labels, seconds: by head. marks: None if its conduct is
    not."""

    appeal: Appeal
    path: str
    labels: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, str] = field(default_factory=dict)
    marks: list[Mark] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """One appeal in pieces.

    ids: (p,) with the begin and the end. labels, seconds: (h,), NO_LABEL where not known.
    marks: (p, k) which pieces lie in a stretch of a kind, None where the conduct is not known.
    begins: (p, k) which pieces begin one.
    """

    ids: Ints
    labels: Ints
    seconds: Ints
    marks: NDArray[np.bool_] | None
    begins: NDArray[np.bool_] | None
    path: str


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples to train on and those held out, and each head's labels in order."""

    train: list[Example]
    held: list[Example]
    held_rows: list[Known]
    labels: dict[str, tuple[str, ...]]
    cut: float


def gather(config: EncoderConfig, data: Path, jurisdiction: Jurisdiction) -> list[Known]:
    """Read every file that the config names; an appeal that stands in two has both's labels."""
    known: dict[str, Known] = {}
    wanted: dict[str, list[str]] = {}
    tables: dict[str, list[str]] = {}
    for name, head in config.heads.items():
        for source in head.sources:
            wanted.setdefault(source.path, []).append(name)
            tables.setdefault(source.path, []).append(source.labels)
    names = {name: label_names(name, jurisdiction) for name in config.heads}
    for path, heads in wanted.items():
        for row in labelled_rows(data, path, tables[path]):
            if row.appeal is None:
                continue
            for name in heads:
                for source in config.heads[name].sources:
                    label = label_of(row, source) if source.path == path else None
                    if label is None:
                        continue
                    # A row without any label teaches nothing.
                    entry = known.setdefault(row.appeal.text, Known(row.appeal, path))
                    entry.labels.setdefault(name, names[name].get(label, label))
                    other = value_of(row, config.heads[name].second)
                    if isinstance(other, str) and other:
                        entry.seconds.setdefault(name, names[name].get(other, other))
    if config.conduct is not None:
        for rows, path in _conduct_files(config, data):
            for appeal, marks in zip(rows.appeals, rows.marks, strict=True):
                entry = known.setdefault(appeal.text, Known(appeal, path))
                entry.marks = marks
    return list(known.values())


def _conduct_files(config: EncoderConfig, data: Path) -> list[tuple[ConductRows, str]]:
    part = config.conduct
    found: list[tuple[ConductRows, str]] = []
    if part is None:
        return found
    for path in part.authored:
        found.append((rows := ConductRows(), path))
        read_authored(data_file(data, path), rows)
    for path in part.lines:
        found.append((rows := ConductRows(), path))
        read_lines(data_file(data, path), rows)
    for path, most in part.negatives.items():
        found.append((rows := ConductRows(), path))
        read_negatives(data_file(data, path), rows, most=most, seed=config.seed)
    return found


def make_examples(
    config: EncoderConfig,
    data: Path,
    jurisdiction: Jurisdiction,
    pieces: Pieces,
    *,
    start: EncoderCard | None = None,
) -> Examples:
    """Read, split and cut everything. Near-duplicates of held-out rows are not trained on.

    start: an earlier training that this one goes on from; what it held out stays held out.
    """
    rows = gather(config, data, jurisdiction)
    excluded = [
        row.appeal.text
        for path in config.exclude
        for row in read_appeals(data_file(data, path))
        if row.appeal
    ]
    groups = near_duplicate_groups([*excluded, *(row.appeal.text for row in rows)])
    shut, own = set(groups[: len(excluded)].tolist()), groups[len(excluded) :]
    held = _held(config, rows, own, start)
    held_groups = set(own[held].tolist())
    order = {
        name: label_order(name, {r.labels[name] for r in rows if name in r.labels}, jurisdiction)
        for name in config.heads
    }
    cut, shares = cut_rows(rows, order, pieces, config.pieces)
    kept = [i for i, group in enumerate(own.tolist()) if group not in shut | held_groups]
    apart = [i for i in np.flatnonzero(held).tolist() if own[i] not in shut]
    return Examples(
        train=[cut[i] for i in kept],
        held=[cut[i] for i in apart],
        held_rows=[rows[i] for i in apart],
        labels=order,
        cut=float(np.mean(shares)),
    )


def _held(
    config: EncoderConfig, rows: Sequence[Known], groups: Ints, start: EncoderCard | None
) -> NDArray[np.bool_]:
    held = np.zeros(len(rows), dtype=np.bool_)
    seen = frozenset(start.trained["data"]) if start is not None else frozenset()
    before = frozenset(start.held) if start is not None else frozenset()
    for i, row in enumerate(rows):
        held[i] = row.path in seen and text_hash(row.appeal.text) in before
    for path, hold in config.hold.items():
        if path in seen:
            continue
        index = np.array([i for i, row in enumerate(rows) if row.path == path], dtype=np.int64)
        if hold.by == "time":
            dates = [rows[i].appeal.received_at for i in index.tolist()]
            _, last = time_split(dates, groups[index], share=hold.share)
        else:
            _, last = random_group_split(groups[index], share=hold.share, seed=config.seed)
        held[index[last]] = True
    return held


def cut_rows(
    rows: Sequence[Known],
    order: dict[str, tuple[str, ...]],
    pieces: Pieces,
    most: int,
) -> tuple[list[Example], list[float]]:
    """Cut rows into pieces; also return the share of each row's pieces that no window reads."""
    examples, shares = list[Example](), list[float]()
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        texts = [row.appeal.text for row in part]
        keep = [caller_spans(row.appeal.text, known=bool(row.appeal.turns)) for row in part]
        batch = normalise(texts, keep=keep)
        for row, found in zip(part, pieces.cut(batch), strict=True):
            chosen = window(len(found.ids), most - 2)
            ids = np.concatenate(([pieces.BEGIN], found.ids[chosen], [pieces.END]))
            marks = begins = None
            if row.marks is not None:
                marks = np.zeros((len(ids), len(KINDS)), dtype=np.bool_)
                begins = np.zeros_like(marks)
                first, last = batch.origin[found.starts], batch.origin[found.ends - 1] + 1
                for kind, a, b in row.marks:
                    inside = (np.minimum(last, b) > np.maximum(first, a))[chosen]
                    marks[1:-1, KINDS.index(kind)] |= inside
                    if inside.any():
                        begins[1 + int(inside.argmax()), KINDS.index(kind)] = True
            labels, seconds = (_numbers(known, order) for known in (row.labels, row.seconds))
            examples.append(Example(ids, labels, seconds, marks, begins, row.path))
            shares.append(1 - len(chosen) / max(1, len(found.ids)))
    return examples, shares


def _numbers(known: Mapping[str, str], order: Mapping[str, tuple[str, ...]]) -> Ints:
    return np.array(
        [
            labels.index(known[name]) if known.get(name) in labels else NO_LABEL
            for name, labels in order.items()
        ],
        dtype=np.int64,
    )
