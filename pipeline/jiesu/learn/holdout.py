"""What held-out rows say of a head: its calibration, its certificate, its prediction sets.

By time, one slice calibrates and the slice after it certifies, each judged by machines that saw
only what came before; in folds, rows are judged by machines that did not see their fold, and
half of the folds calibrate while the others certify. A head that is not to be certified is
calibrated on what would certify it, the latest there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.corpus.split import time_split
from jiesu.decide.calibrate import fit_calibration
from jiesu.decide.certify import Certificate, certify, set_floors
from jiesu.errors import ConfigError, InputError
from jiesu.heads.linear import Calibration, Floats
from jiesu.learn.config import HeadConfig
from jiesu.text.ngrams import Ints

Machine = Callable[[Ints], tuple[Floats, Floats, Floats]]
"""Trains on the rows of an index and returns weights (f, k), bias (k,) and log prior (k,)."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Margins (m, k) of the rows of `index` by a machine that did not see them, and its prior."""

    index: Ints
    margins: Floats
    prior: Floats


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What was found: the calibration, the certificate, and floors (k,) of prediction sets.

    index, scores: the rows that were judged unseen, and their probabilities (m, k).
    """

    calibration: Calibration
    certificate: Certificate
    floors: NDArray[np.float64]
    index: Ints
    scores: Floats


def find_out(
    name: str,
    config: HeadConfig,
    *,
    dates: Sequence[str | None],
    groups: Ints,
    truth: Ints,
    matrix: sp.csr_array,
    machine: Machine,
    seed: int,
    risk: float,
    delta: float,
    miss: float,
) -> HeldOut:
    """Judge held-out rows and read off them what a head may promise.

    Raises ConfigError without the dates that `calibrate: time` needs, InputError for too few rows.
    """
    plan = _by_time(dates, groups, config) if config.calibrate == "time" else None
    slices = plan or _by_folds(groups, config, seed)
    if not config.certify:
        slices = (slices[1], slices[1])
    for use, parts in zip(("calibrate", "certify"), slices, strict=True):
        for early, held in parts:
            kinds = len(np.unique(truth[early]))
            if kinds < 2 or not len(held):
                raise InputError(
                    "too_few_rows",
                    f"head {name}: found {len(early)} rows of {kinds} labels to train on and "
                    f"{len(held)} to {use} on, expected at least 2 labels and 1 row",
                )
    first = [_judge(part, matrix, machine) for part in slices[0]]
    later = [_judge(part, matrix, machine) for part in slices[1]] if config.certify else first
    index = np.concatenate([part.index for part in first])
    margins = np.concatenate([part.margins for part in first])
    calibration = fit_calibration(margins, truth[index], first[0].prior)
    index = np.concatenate([part.index for part in later])
    scores = np.concatenate([calibration.probabilities(part.margins, part.prior) for part in later])
    confidence = scores.max(axis=1).astype(np.float64)
    correct = scores.argmax(axis=1) == truth[index]
    none = Certificate(None, risk, delta, 0.0, 0, len(index))
    certificate = certify(confidence, correct, risk=risk, delta=delta) if config.certify else none
    floors = set_floors(scores, truth[index], miss=miss)
    if plan is None and config.certify:
        # Every fold was judged by a machine that had not seen it.
        index = np.concatenate([part.index for part in (*first, *later)])
        scores = np.concatenate(
            [calibration.probabilities(part.margins, part.prior) for part in (*first, *later)]
        )
    return HeldOut(calibration, certificate, floors, index, scores)


def _judge(part: tuple[Ints, Ints], matrix: sp.csr_array, machine: Machine) -> Judged:
    early, held = part
    weights, bias, prior = machine(early)
    return Judged(held, np.asarray(matrix[held] @ weights + bias, dtype=np.float32), prior)


Parts = list[tuple[Ints, Ints]]


def _by_time(dates: Sequence[str | None], groups: Ints, config: HeadConfig) -> tuple[Parts, Parts]:
    if not all(dates):
        raise ConfigError(
            "no_dates", "calibrate: found rows without received_at, expected dates or `folds`"
        )
    before, last = time_split(dates, groups, share=config.share)
    if not len(before) or not len(last):
        return [(before, last)], [(before, last)]
    # The same number of rows once more, from what came before.
    share = min(0.9, config.share / (1 - config.share))
    early, middle = time_split([dates[i] for i in before.tolist()], groups[before], share=share)
    return [(before[early], before[middle])], [(before, last)]


def _by_folds(groups: Ints, config: HeadConfig, seed: int) -> tuple[Parts, Parts]:
    order = np.random.default_rng(seed).permutation(int(groups.max()) + 1)
    fold = order[groups] % config.folds
    parts = [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in range(config.folds)
    ]
    half = config.folds // 2
    return parts[:half], parts[half:]
