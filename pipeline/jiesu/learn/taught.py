"""Distillation: what the encoder says of appeals without a label, as rows for a linear machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.read import read_appeals
from jiesu.errors import ConfigError
from jiesu.heads.cascade import pooled_columns, softmax
from jiesu.heads.linear import Floats
from jiesu.learn.cascade import read_all
from jiesu.learn.config import Taught
from jiesu.learn.encoder.folder import TrainedEncoder
from jiesu.learn.rows import data_file, words_only
from jiesu.schema import Appeal
from jiesu.text.ngrams import Ints


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the encoder says of n appeals. chances: (n, l) of its `labels`."""

    appeals: Sequence[Appeal]
    chances: Floats
    labels: tuple[str, ...]
    config: Taught

    def rows(self, labels: Sequence[str], pooled: dict[str, str]) -> tuple[Ints, Ints, Floats]:
        """Return rows for a machine of `labels`: number of the appeal, label and weight, (m,)."""
        known = {*labels, *pooled}
        own = [place for place, label in enumerate(self.labels) if label in known]
        columns = pooled_columns(labels, [self.labels[place] for place in own], pooled)
        chances = np.zeros((len(self.appeals), len(labels)))
        for place, column in zip(own, columns.tolist(), strict=True):
            chances[:, column] += self.chances[:, place]
        number, label = np.nonzero(chances >= self.config.least)
        weight = (self.config.weight * chances[number, label]).astype(np.float32)
        return number, label, weight


def teach(
    head: str,
    config: Taught,
    encoder: TrainedEncoder,
    data: Path,
    apart: Sequence[Appeal],
) -> Lesson:
    """Let the encoder read the appeals of some files. apart: near-duplicates of these are left out,
    as are those themselves: what is known, or measured on, is not to be learned from hearsay.

    Raises ConfigError if the encoder has no such head.
    """
    labels = dict(encoder.card.labels)
    if head not in labels:
        raise ConfigError(
            "other_labels",
            f"heads -> {head} -> taught: found heads {sorted(labels)} in the encoder",
        )
    found = {
        row.appeal.text: words_only(row.appeal)
        for path in config.paths
        for row in read_appeals(data_file(data, path))
        if row.appeal
    }
    appeals = list(found.values())
    groups = near_duplicate_groups([appeal.text for appeal in (*apart, *appeals)])
    shut = set(groups[: len(apart)].tolist())
    own = groups[len(apart) :].tolist()
    kept = [appeal for appeal, group in zip(appeals, own, strict=True) if group not in shut]
    logits = read_all(encoder, kept).whole[:, encoder.tier.columns(head)]
    chances = softmax(logits.astype(np.float64)).astype(np.float32)
    return Lesson(kept, chances, labels[head], config)
