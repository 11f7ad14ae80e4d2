"""Earlier appeals that read alike, and which unit had them in the end.

Texts are compared by the pairs of characters that they share, each counting the more the fewer
texts have it (cosine, weighed by squared idf). What is held in memory are hashes, no text.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from jiesu.corpus.dedupe import gram_hashes
from jiesu.review.settled import State, settle
from jiesu.store import Store
from jiesu.text.normalise import normalise

MOST_TEXTS = 10_000
LEAST_ALIKE = 0.08
"""Below this, what two appeals share is the hotline's own phrases."""

_GRAM = 2
_BITS = 18
_FEW = 100
_EVERY = 15.0
_OVERLAP = timedelta(minutes=5)
_EXCERPT = 60

Grams = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier appeal. unit: the one that stands, None while two reviewers differ.

    state: how it was settled; None: no supervisor has decided it, the unit is the verdict's.
    """

    id: str
    likeness: float
    received: datetime
    type: str | None
    unit: str | None
    state: State | None
    excerpt: str = field(repr=False)


class Precedents:
    """Finds earlier appeals among the latest of a store. Threads may share it."""

    def __init__(
        self,
        store: Store,
        *,
        most: int = MOST_TEXTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._grams: dict[str, Grams] = {}
        self._latest: datetime | None = None
        self._read_at: float | None = None
        self._table: _Table | None = None

    def like(self, id: str, *, viewer: int | None = None, count: int = 5) -> list[Precedent]:
        """Return the appeals most like a stored one, the likest first.

        viewer: a user's id, who is not told what others said while a blind view is open. Raises
        StoreError.
        """
        with self._lock:
            self._refresh()
            table = self._table
        found = table.like(id, count) if table is not None else []
        records = self._store.appeals.get_many([other for other, _ in found])
        shown = []
        for other, likeness in found:
            if (record := records.get(other)) is None:
                continue
            verdict = record.verdict
            type_: str | None = verdict.type.code
            unit = verdict.dispatch.unit or verdict.dispatch.function
            settled = settle(self._store.reviews.of(other, viewer=viewer))
            if settled is not None:
                labels = settled.labels
                type_ = labels.type if labels else None
                unit = (labels.unit or labels.function) if labels else None
            shown.append(
                Precedent(
                    id=other,
                    likeness=likeness,
                    received=record.received,
                    type=type_,
                    unit=unit,
                    state=settled.state if settled else None,
                    excerpt=record.text[:_EXCERPT],
                )
            )
        return shown

    def _refresh(self) -> None:
        """Read what was stored since the last time, at most every few seconds."""
        now = self._clock()
        if self._read_at is not None and now - self._read_at < _EVERY:
            return
        # A batch that was committed late may bear an earlier time than one that is known.
        since = self._latest - _OVERLAP if self._latest is not None else None
        rows = [
            row
            for row in self._store.texts.latest(self._most, since=since)
            if row.id not in self._grams
        ]
        self._read_at = now
        if not rows:
            return
        for row, grams in zip(rows, _grams_of([row.text for row in rows]), strict=True):
            self._grams[row.id] = grams
        newest = max(row.stored_at for row in rows)
        self._latest = max(newest, self._latest) if self._latest is not None else newest
        while len(self._grams) > self._most:
            del self._grams[next(iter(self._grams))]
        self._table = _Table(self._grams)


class _Table:
    """The grams of all texts one behind another, weighed."""

    def __init__(self, grams: dict[str, Grams]) -> None:
        self._ids = list(grams)
        self._rows = {id: row for row, id in enumerate(self._ids)}
        lengths = np.array([len(one) for one in grams.values()], dtype=np.int64)
        self._ends = np.cumsum(lengths)
        self._starts = self._ends - lengths
        self._all = np.concatenate(list(grams.values()))
        seen = np.bincount(self._all, minlength=1 << _BITS)
        # Among few texts nothing can be told of what is common.
        count = max(len(self._ids), _FEW)
        self._weights = np.log((1.0 + count) / (1.0 + seen)) ** 2
        # One more than there are, so that an empty text sums up nothing.
        self._norms = np.sqrt(self._sums(self._weights))

    def like(self, id: str, count: int) -> list[tuple[str, float]]:
        row = self._rows.get(id)
        if row is None or self._norms[row] == 0.0:
            return []
        shared = np.zeros_like(self._weights)
        own = self._all[self._starts[row] : self._ends[row]]
        shared[own] = self._weights[own]
        norms = np.where(self._norms > 0.0, self._norms, np.inf)
        likeness = self._sums(shared) / (norms * self._norms[row])
        likeness[row] = 0.0
        best = np.argsort(-likeness, kind="stable")[:count]
        return [
            (self._ids[one], min(1.0, float(likeness[one])))
            for one in best.tolist()
            if likeness[one] >= LEAST_ALIKE
        ]

    def _sums(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.concatenate([[0.0], np.cumsum(weights[self._all])])
        found: NDArray[np.float64] = np.maximum(sums[self._ends] - sums[self._starts], 0.0)
        return found


def _grams_of(texts: list[str]) -> list[Grams]:
    """Return which pairs of characters each text has, as numbers below 2 ** _BITS."""
    hashes, starts = gram_hashes(normalise(texts), _GRAM)
    numbers = (hashes >> np.uint64(64 - _BITS)).astype(np.int64)
    ends = np.append(starts[1:], len(numbers))
    return [
        np.unique(numbers[start:end])
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
