"""The caller's conduct as both tiers see it: whether an appeal offends, and by which stretches."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jiesu.heads.linear import Floats
from jiesu.heads.pieces import Cut

_TINY = 1e-9
_MOST_ODDS = 8.0
_CLAUSE = re.compile(r"[^，。！？；、,.!?;:：\s“”\"…~—]+")


class Cutting(NamedTuple):
    """How pieces become stretches.

    A piece belongs to one if its chance is `share` of the likeliest piece's, and one of them must
    have `seed` of it. A new one begins where the chance of that is at least `begin`. One that fills
    `whole` of what lies before its end in a clause, or behind its start, is stretched to the
    clause's bound.
    """

    share: float
    seed: float
    begin: float
    whole: float


@dataclass(frozen=True, slots=True)
class Stretches:
    """The caller's conduct from both tiers: kinds in the encoder's order, what makes them flags.

    A kind is flagged where its chance reaches its threshold: a logistic model (bias, then weights)
    of what the encoder says of the appeal and of its likeliest piece, and the linear tier of its
    likeliest clause.
    """

    thresholds: NDArray[np.float64]
    cutting: Cutting
    weights: tuple[float, float, float, float]

    def scores(
        self, offends: Floats, pieces: Floats, clause: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return each kind's chance (k,) from an appeal's logits (k,), its pieces' (p, k) and the
        likeliest clause's chance (k,)."""
        if not len(pieces):
            return np.zeros(len(offends))
        bias, *weights = self.weights
        said = conduct_features(offends, pieces, clause)
        return _sigmoid(said @ np.array(weights) + bias)

    def spans(self, text: str, cut: Cut, pieces: Floats, begins: Floats) -> list[tuple[int, int]]:
        """Return the stretches of a kind as bounds in the text, in order.

        cut: with bounds in the text. pieces, begins: (p,) logits of the kind.
        """
        bounds = list(zip(cut.starts.tolist(), cut.ends.tolist(), strict=True))
        # A mark between two words is no part of an offence, and parts nothing by itself.
        words = [n for n, (a, b) in enumerate(bounds) if any(c.isalnum() for c in text[a:b])]
        # Where there is nothing but marks and faces, these are what was said.
        words = words or [n for n, (a, b) in enumerate(bounds) if text[a:b].strip()]
        if not words:
            return []
        chances = _sigmoid(pieces)
        best = chances[words].max()
        inside = chances >= self.cutting.share * best
        anew = _sigmoid(begins) >= self.cutting.begin
        runs: list[tuple[int, int]] = []
        weights: list[float] = []
        goes_on = False
        for number in words:
            start, end = bounds[number]
            if inside[number]:
                # Behind a line break it is another's turn.
                if goes_on and not anew[number] and "\n" not in text[runs[-1][1] : start]:
                    runs[-1] = (runs[-1][0], end)
                    weights[-1] = max(weights[-1], chances[number])
                else:
                    runs.append((start, end))
                    weights.append(chances[number])
            goes_on = bool(inside[number])
        clauses = [match.span() for match in _CLAUSE.finditer(text)]
        found: list[tuple[int, int]] = []
        for (start, end), weight in zip(runs, weights, strict=True):
            if weight < self.cutting.seed * best:
                continue
            span = self._to_clauses(*_bare(text, start, end), clauses)
            if span is None:
                continue
            if found and span[0] < found[-1][1]:
                found[-1] = (found[-1][0], max(span[1], found[-1][1]))
            else:
                found.append(span)
        return found

    def _to_clauses(
        self, start: int, end: int, clauses: list[tuple[int, int]]
    ) -> tuple[int, int] | None:
        """Stretch a run to the bounds of the clauses that it nearly fills; None without words."""
        if end <= start:
            return None
        first = next(((a, b) for a, b in clauses if a <= start < b), (start, end))
        last = next(((a, b) for a, b in clauses if a < end <= b), (start, end))
        low, high = start, end
        if min(end, first[1]) - start >= self.cutting.whole * (first[1] - first[0]):
            low = first[0]
        if end - max(start, last[0]) >= self.cutting.whole * (last[1] - last[0]):
            high = last[1]
        return low, high


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Leave out what is no word at both ends; all of it if there is no word."""
    first, last = start, end
    while first < last and not text[first].isalnum():
        first += 1
    while first < last and not text[last - 1].isalnum():
        last -= 1
    return (first, last) if first < last else (start, end)


def conduct_features(
    offends: Floats, pieces: Floats, clause: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what speaks for each kind (k, 3) as log-odds, bounded: see Stretches."""
    odds = np.log(np.maximum(clause, _TINY)) - np.log(np.maximum(1 - clause, _TINY))
    found = np.stack([offends, pieces.max(axis=0), odds], axis=1).astype(np.float64)
    return np.clip(found, -_MOST_ODDS, _MOST_ODDS)


def _sigmoid(logits: Floats) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-logits.astype(np.float64))), dtype=np.float64)
