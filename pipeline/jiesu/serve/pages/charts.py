"""Charts as geometry, which a template draws as SVG; each has its figures as a table too."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from jiesu.store import Volume

WIDTH = 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 12, 24
_HEIGHT = 190
_LINE = 26
_NAMES = 172
_FIGURES = 92
_MOST_LABELS = 9


@dataclass(frozen=True, slots=True)
class Datum:
    """One thing counted. first: the part drawn first and darker, such as what was automatic."""

    name: str
    total: int
    first: int = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar in two parts, and where its words stand. size: of the whole; first: of its part."""

    datum: Datum
    name: str
    x: float
    y: float
    size: float
    first: float
    thickness: float
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale."""

    label: str
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars that stand (`columns`) or lie (`rows`). sum: of all data, also those not drawn."""

    kind: str
    height: float
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    data: tuple[Datum, ...]
    width: int = WIDTH

    @property
    def sum(self) -> int:
        """What all data come to."""
        return sum(one.total for one in self.data)

    @property
    def greatest(self) -> Datum | None:
        """The largest datum, None without any."""
        return max(self.data, key=lambda one: one.total, default=None)


def columns(data: Sequence[Datum]) -> Chart:
    """Return a chart of standing bars, one a datum, in their order."""
    top = scale(max((one.total for one in data), default=0))
    room = _HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(data))
    thickness = min(28.0, max(1.0, step * 0.72))
    every = max(1, math.ceil(len(data) / _MOST_LABELS))
    bars = []
    for place, one in enumerate(data):
        size, first = room * one.total / top, room * one.first / top
        x = _LEFT + step * place + (step - thickness) / 2
        y = _TOP + room - size
        bars.append(Bar(one, one.name, x, y, size, first, thickness, place % every == 0))
    ticks = tuple(
        Tick(f"{round(top * part):,}", _TOP + room * (1 - part)) for part in (0.0, 0.5, 1.0)
    )
    return Chart("columns", _HEIGHT, tuple(bars), ticks, tuple(data))


def rows(data: Sequence[Datum], *, most: int = 10) -> Chart:
    """Return a chart of lying bars, the first `most` of the data; the table has them all."""
    drawn = data[:most]
    top = max((one.total for one in drawn), default=0) or 1
    room = WIDTH - _NAMES - _FIGURES
    bars = tuple(
        Bar(
            one,
            shortened(one.name, 13),
            _NAMES,
            4 + _LINE * place,
            room * one.total / top,
            room * one.first / top,
            16,
        )
        for place, one in enumerate(drawn)
    )
    return Chart("rows", 8 + _LINE * max(1, len(drawn)), bars, (), tuple(data))


def scale(most: int) -> int:
    """Return a round even number that is at least `most`, and at least 2."""
    if most <= 2:
        return 2
    size = int(10 ** math.floor(math.log10(most)))
    for step in (1, 2, 4, 5, 6, 8, 10):
        if step * size >= most and (step * size) % 2 == 0:
            return step * size
    return 10 * size


def shortened(name: str, most: int) -> str:
    """Return a name that is no wider than `most` Chinese characters."""
    width = 0.0
    for place, character in enumerate(name):
        width += 1.0 if unicodedata.east_asian_width(character) in "WF" else 0.55
        if width > most:
            return name[: max(1, place - 1)] + "…"
    return name


def data_of(volumes: Sequence[Volume], names: Sequence[str]) -> list[Datum]:
    """Return volumes as data, under names of their own."""
    return [
        Datum(name, volume.total, volume.auto) for volume, name in zip(volumes, names, strict=True)
    ]
