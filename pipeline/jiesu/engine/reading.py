"""What one pass over a batch found, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field

from jiesu.corpus.history import Repeat
from jiesu.heads.linear import Floats, Hits
from jiesu.heads.prepare import Prepared
from jiesu.schema import Demand, DispositionCode, Flag
from jiesu.text.places import Place


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch as read: normal form and words, margins (n, K) of all heads, places, cues.

    By text number: cues, (disposition, start, end) with bounds in `batch.codes`; flags of the
    caller's own conduct; reasons of risk; demands, where there are several; `asked` are those that
    the encoder has read too; repeats of earlier appeals, if they are looked for. By head:
    `trained`, what it said before its labels were carried over to the catalogue that is served;
    `read`, the appeals in which the encoder has a say in it.
    """

    prepared: Prepared
    margins: Floats
    hits: list[Hits]
    scales: dict[str, Floats]
    places: list[Place]
    cues: dict[int, list[tuple[DispositionCode, int, int]]]
    flags: dict[int, list[Flag]] = field(default_factory=dict)
    risks: dict[int, list[str]] = field(default_factory=dict)
    demands: dict[int, tuple[Demand, ...]] = field(default_factory=dict)
    asked: set[int] = field(default_factory=set)
    repeats: dict[int, Repeat] = field(default_factory=dict)
    trained: dict[str, Floats] = field(default_factory=dict)
    read: dict[str, set[int]] = field(default_factory=dict)
