"""Finds many fixed expressions in a whole batch at once: place names, units, cues."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jiesu.text.ngrams import Hashed, Ints, KeyTable, entry_keys
from jiesu.text.normalise import NormalBatch, normalise


@dataclass(frozen=True, slots=True)
class Match:
    """An expression found: its number, the text it is in, and its bounds in `codes`."""

    entry: int
    row: int
    start: int
    end: int


class Lexicon:
    """A fixed set of expressions of two characters or more, matched in normal form.

    Where matches overlap the longest wins, then the first. table: the form of the texts that are
    searched, normalise's own unless given.
    """

    def __init__(self, entries: Iterable[str], *, table: NDArray[np.uint32] | None = None) -> None:
        batch = normalise(list(entries), greetings=True, table=table)
        folded = [batch.row(index) for index in range(len(batch))]
        known: dict[str, int] = {}
        for index, entry in enumerate(folded):
            if len(entry) >= 2:
                known.setdefault(entry, index)
        self.size = len(folded)
        unique = list(known)
        self._entry = np.array([known[entry] for entry in unique], dtype=np.int64)
        self._lengths = sorted({len(entry) for entry in unique}, reverse=True)
        self._table = KeyTable(entry_keys("c" * len(unique), unique))
        heads = sorted({entry[:2] for entry in unique})
        self._heads = KeyTable(entry_keys("c" * len(heads), heads))

    def find(self, batch: NormalBatch, hashed: Hashed) -> list[Match]:
        """Return all matches, ordered by text and place."""
        size = len(batch.codes)
        if size < 2 or not self._lengths:
            return []
        places = np.arange(size - 1, dtype=np.int64)
        places, _ = self._heads.find(hashed.keys(places, places + 2))
        taken = np.zeros(size, dtype=np.bool_)
        found: list[tuple[int, int, int]] = []
        for length in self._lengths:
            starts = places[places + length <= size]
            hit, ids = self._table.find(hashed.keys(starts, starts + length))
            for start, entry in zip(starts[hit].tolist(), self._entry[ids].tolist(), strict=True):
                if not taken[start] and not taken[start + length - 1]:
                    taken[start : start + length] = True
                    found.append((start, start + length, entry))
        found.sort()
        rows = _rows(batch, found)
        return [
            Match(entry, row, start, end)
            for (start, end, entry), row in zip(found, rows, strict=True)
        ]


def _rows(batch: NormalBatch, found: list[tuple[int, int, int]]) -> list[int]:
    starts: Ints = np.array([item[0] for item in found], dtype=np.int64)
    rows: list[int] = (np.searchsorted(batch.starts, starts, side="right") - 1).tolist()
    return rows
