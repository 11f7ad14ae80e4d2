"""What one pass over a batch found, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

from jiesu.heads.linear import Floats, Hits
from jiesu.heads.prepare import Prepared
from jiesu.schema import DispositionCode
from jiesu.text.places import Place


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch as read: normal form and words, margins (n, K) of all heads, places, cues.

    cues: by text number, (disposition, start, end) with bounds in `batch.codes`.
    """

    prepared: Prepared
    margins: Floats
    hits: list[Hits]
    scales: dict[str, Floats]
    places: list[Place]
    cues: dict[int, list[tuple[DispositionCode, int, int]]]
