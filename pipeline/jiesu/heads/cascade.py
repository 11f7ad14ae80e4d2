"""Linear tier and encoder as one head: the encoder reads what the linear tier leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jiesu.heads.linear import Floats
from jiesu.text.ngrams import Ints

_TINY = 1e-9
_HEEDED = 0.4
ALARM = "emergency"
"""The disposition that either tier may raise."""


@dataclass(frozen=True, slots=True)
class Blend:
    """A head's probabilities from both tiers: p(k) ~ linear(k) ** a * encoder(k) ** b.

    A weighted geometric mean (logarithmic opinion pool, Genest and Zidek 1986). columns: (l,) the
    linear tier's label that each of the encoder's belongs to, rare ones to the one they pool in.
    """

    linear: float
    encoder: float
    columns: NDArray[np.int64]

    def probabilities(self, linear: Floats, logits: Floats) -> Floats:
        """Return probabilities (n, k) from the linear tier's (n, k) and the logits (n, l)."""
        scores = self.linear * np.log(np.maximum(linear.astype(np.float64), _TINY))
        scores += self.encoder * np.log(np.maximum(self.pooled(logits, linear.shape[1]), _TINY))
        return softmax(scores).astype(np.float32)

    def heeding(self, linear: Floats, logits: Floats, alarm: int | None) -> Floats:
        """Return the probabilities, of the label `alarm` no less than a share of the linear tier's.

        Each tier knows emergencies that the other has no words for, and missing one costs most.
        """
        found = self.probabilities(linear, logits)
        if alarm is not None:
            found[:, alarm] = np.maximum(found[:, alarm], _HEEDED * linear[:, alarm])
            found /= found.sum(axis=1, keepdims=True)
        return found

    def pooled(self, logits: Floats, labels: int) -> NDArray[np.float64]:
        """Return the encoder's own probabilities (n, k) of the linear tier's labels."""
        own = softmax(logits.astype(np.float64))
        found = np.zeros((len(own), labels))
        for column, to in enumerate(self.columns.tolist()):
            found[:, to] += own[:, column]
        return found


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(scores) (n, k), each row divided by its sum."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def pooled_columns(
    labels: Sequence[str], of: Sequence[str], pooled: Mapping[str, str]
) -> NDArray[np.int64]:
    """Return for each of `of` the number of the label in `labels` that it is or pools in.

    Raises ValueError for one that is neither.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    found = []
    for label in of:
        to = pooled.get(label, label)
        if to not in numbers:
            raise ValueError(f"label {label!r} is none of the {len(labels)} labels of the head")
        found.append(numbers[to])
    return np.array(found, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which appeals the encoder reads: confidence of the linear tier below `sure` of any head, or
    a chance from `special` on that the disposition is not normal, or a clause that may offend with
    a chance from `conduct` on. From `long` characters on `sure_long` counts for the heads in it."""

    sure: Mapping[str, float]
    special: float
    conduct: float
    sure_long: Mapping[str, float] = field(default_factory=dict)
    long: int = 0

    def unsure(self, name: str, probabilities: Floats, lengths: Ints) -> NDArray[np.bool_]:
        """Return whether the linear tier is unsure of a head (n,). lengths: (n,) characters."""
        short = self.sure[name]
        limits = np.where(lengths >= self.long, self.sure_long.get(name, short), short)
        return np.asarray(probabilities.max(axis=1) < limits)

    def rows(
        self,
        probabilities: Mapping[str, Floats],
        suspicion: NDArray[np.float64],
        normal: int | None,
        lengths: Ints,
    ) -> NDArray[np.bool_]:
        """Return which rows (n,) the encoder is asked about.

        suspicion: (n,) the likeliest offence of a clause. normal: that label of the disposition.
        """
        asked: NDArray[np.bool_] = suspicion >= self.conduct
        for name in self.sure:
            if name in probabilities:
                asked |= self.unsure(name, probabilities[name], lengths)
        if normal is not None:
            asked |= 1 - probabilities["disposition"][:, normal] >= self.special
        return asked
