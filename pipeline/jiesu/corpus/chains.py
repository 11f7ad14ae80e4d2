"""Chains of serials by key: the candidates of an appeal among the latest ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

_MOST_CHECKS, _DEPTH = 32, 24


class Chains:
    """Serials by key in each of some columns, newest first, as zlib keeps its window.

    Dicts of lists would take ten times the room. A key of 0 is no key.
    """

    def __init__(self, columns: int, most: int) -> None:
        self._most = most
        self._width = columns
        self._columns = np.arange(columns)
        self._keys = np.zeros((0, columns), dtype=np.uint32)
        self._grow(min(most, 1024))

    def add(self, serial: int, keys: NDArray[np.uint32]) -> None:
        """Put a serial, the next one, before the others of each of its keys."""
        row = serial % self._most
        if row >= len(self._keys):
            self._grow(min(self._most, 2 * row))
        slots = self._columns * self._slots + (keys & self._mask)
        self._keys[row] = keys
        self._next[row] = self._heads[slots]
        self._heads[slots[keys != 0]] = serial + 1

    def find(self, keys: NDArray[np.uint32], before: int, count: int) -> list[int]:
        """Return serials below `before`, of the last `most` of `count`, that share a key.

        Those that share most come first.
        """
        columns = keys.nonzero()[0]
        keys = keys[columns]
        links = self._heads[columns * self._slots + (keys & self._mask)]
        all_keys, all_next = self._keys.reshape(-1), self._next.reshape(-1)
        found: list[int] = []
        for _ in range(_DEPTH):
            live = (links > max(0, count - self._most)).nonzero()[0]
            if not live.size:
                break
            columns, keys, links = columns[live], keys[live], links[live]
            cells = (links - 1) % self._most * self._width + columns
            hits = (all_keys[cells] == keys) & (links <= before)
            found += links[hits].tolist()
            # The caller's own and the exact ones come first.
            found += links[hits & (columns >= self._width - 2)].tolist() * self._width
            links = all_next[cells]
        shared = Counter(found)
        best = sorted(shared, key=lambda link: (-shared[link], -link))[:_MOST_CHECKS]
        return [link - 1 for link in best]

    def _grow(self, rows: int) -> None:
        """Make room for more rows; only ever before the first one is dropped."""
        old = self._keys
        self._keys = np.zeros((rows, self._width), dtype=np.uint32)
        self._keys[: len(old)] = old
        self._next = np.zeros((rows, self._width), dtype=np.int32)
        self._slots = 1 << (rows - 1).bit_length()
        self._mask = np.uint32(self._slots - 1)
        self._heads = np.zeros(self._width * self._slots, dtype=np.int32)
        for column in range(self._width):
            used = np.flatnonzero(old[:, column])
            slots = old[used, column] & self._mask
            order = np.argsort(slots, kind="stable")
            slots, links = slots[order], used[order] + 1
            follows = np.flatnonzero(slots[1:] == slots[:-1])
            self._next[links[follows + 1] - 1, column] = links[follows]
            # Of equal places the last assignment stays: the newest.
            self._heads[column * self._slots + slots] = links
