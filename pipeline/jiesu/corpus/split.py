"""Splits that keep near-duplicates together: by chance, or by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jiesu.corpus.times import comparable
from jiesu.errors import InputError

Indices = NDArray[np.intp]


def random_group_split(groups: ArrayLike, *, share: float, seed: int) -> tuple[Indices, Indices]:
    """Return (train, test) row indices, sorted, of whole groups drawn by chance.

    Groups are drawn until the test part holds at least `share` of the rows; a last group that
    would overshoot by more than it mends stays in train. Raises ValueError for a share outside
    (0, 1).
    """
    numbers = _group_numbers(groups)
    wanted = _checked(share) * len(numbers)
    sizes = np.bincount(numbers)
    order = np.random.default_rng(seed).permutation(len(sizes))
    taken = np.cumsum(sizes[order])
    # Each group goes to test if that brings the sum nearer to what is wanted.
    in_test = np.zeros(len(sizes), dtype=np.bool_)
    in_test[order[taken - sizes[order] / 2 <= wanted]] = True
    return _indices(in_test[numbers])


def time_split(
    received_at: Sequence[str | None], groups: ArrayLike, *, share: float
) -> tuple[Indices, Indices]:
    """Return (train, test) row indices, sorted: the latest `share` of the dated rows are test.

    Rows of one moment stay together. A group that straddles the cut goes wholly to test: train
    then holds nothing received at or after the cut and no twin of a test row, at the price of
    some early rows in test. Rows without a time are train unless their group straddles.
    Raises InputError `bad_time` for a text that is no ISO time, ValueError for a share outside
    (0, 1) or for lengths that differ.
    """
    numbers = _group_numbers(groups)
    if len(received_at) != len(numbers):
        raise ValueError(
            f"found {len(received_at)} times and {len(numbers)} groups, expected as many"
        )
    times = [_moment(written, row) for row, written in enumerate(received_at)]
    dated = sorted(moment for moment in times if moment is not None)
    test_rows = round(_checked(share) * len(dated))
    if not test_rows:
        return _indices(np.zeros(len(numbers), dtype=np.bool_))
    cut = dated[len(dated) - test_rows]
    late = np.array([moment is not None and moment >= cut for moment in times])
    in_test = np.zeros(int(numbers.max()) + 1, dtype=np.bool_)
    in_test[numbers[late]] = True
    return _indices(in_test[numbers])


def _group_numbers(groups: ArrayLike) -> NDArray[np.intp]:
    _, numbers = np.unique(np.asarray(groups), return_inverse=True)
    return np.asarray(numbers, dtype=np.intp)


def _checked(share: float) -> float:
    if not 0.0 < share < 1.0:
        raise ValueError(f"found the share {share}, expected one between 0 and 1")
    return share


def _moment(written: str | None, row: int) -> datetime | None:
    if written is None:
        return None
    try:
        return comparable(written)
    except ValueError as error:
        raise InputError(
            "bad_time", f"row {row + 1}: found a time that is not ISO 8601, expected one"
        ) from error


def _indices(in_test: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)
