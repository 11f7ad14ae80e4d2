"""What objections say of dispatching: the errors of each unit and pair, and of the bundle now."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from jiesu.bundle import file_hash
from jiesu.engine import Engine
from jiesu.errors import BundleError
from jiesu.jurisdiction import Jurisdiction
from jiesu.learn.objections import Objection, Problem, Reading
from jiesu.learn.rows import words_only

SCHEMA = "jiesu-objections/1"
TOP = 3
_Z = 1.959964  # of a two-sided 95 % interval
_STOCK = 3
"""A reason is shown once it stands in as many rows word for word: then it is nobody's own words."""
_LONGEST_REASON = 30


@dataclass(frozen=True)
class Share:
    """hits of n, with its Wilson 95 % interval."""

    hits: int
    n: int
    value: float
    low: float
    high: float


class Scored(NamedTuple):
    """What a bundle says now: its best label, the rank of the owner, and both probabilities.

    rank: None and probability 0 if the bundle does not know the unit.
    """

    best: str
    rank: int | None
    wrong: float
    right: float


@dataclass(frozen=True)
class UnitErrors:
    """The errors of one function unit.

    to: where its upheld objections went, and how often. moved: those that went to another branch
    of the unit itself. received: orders dispatched to others that came to it. reasons: the
    commonest stock reasons. wrong, right: mean probability of the unit itself and of the owner.
    top1, top3: how often the bundle now has the owner first, or among three. These four are over
    the upheld objections that another function unit owns.
    """

    unit: str
    objected: int
    upheld: Share | None
    to: tuple[tuple[str, int], ...]
    moved: int
    received: int
    reasons: tuple[tuple[str, int], ...]
    wrong: float | None = None
    right: float | None = None
    top1: Share | None = None
    top3: Share | None = None


@dataclass(frozen=True)
class Pair:
    """How often orders went from one unit to another: of all that the first objected to."""

    dispatched: str
    final: str
    share: Share | None
    top1: Share | None


@dataclass(frozen=True)
class Wrong:
    """One wrong dispatch and what the bundle says now, None where it was not asked.

    Holds ids and labels, never text of an appeal.
    """

    number: int
    id: str
    dispatched: str
    owner: str
    best: str | None = None
    rank: int | None = None
    wrong: float | None = None
    right: float | None = None


@dataclass(frozen=True)
class ErrorReport:
    """Everything counted. top1, top3: over all wrong dispatches; kept: of the rejected
    objections, how often the bundle has the unit that objected first."""

    title: str
    facts: dict[str, str]
    rows: int
    objections: int
    labels: int
    unused: int
    upheld: Share | None
    top1: Share | None
    top3: Share | None
    kept: Share | None
    units: tuple[UnitErrors, ...]
    pairs: tuple[Pair, ...]
    wrong: tuple[Wrong, ...]
    problems: tuple[Problem, ...]


Judged = tuple[Objection, Scored | None]
"""An objection, and what the bundle says of it if it was asked."""


def share(hits: int, n: int) -> Share | None:
    """Return hits of n with the Wilson score interval, None of nothing.

    Source: Wilson, JASA 1927; Brown, Cai and DasGupta, Statistical Science 2001.
    """
    if not n:
        return None
    rate, square = hits / n, _Z * _Z / n
    middle = (rate + square / 2) / (1 + square)
    reach = _Z / (1 + square) * ((rate * (1 - rate) + square / 4) / n) ** 0.5
    low = 0.0 if hits == 0 else max(0.0, middle - reach)
    high = 1.0 if hits == n else min(1.0, middle + reach)
    return Share(hits, n, rate, low, high)


def score_objections(
    engine: Engine, objections: Sequence[Objection], *, with_fields: bool = False
) -> list[Scored]:
    """Return what a bundle says of each objection, in order.

    Only title, text and turns are read, unless `with_fields` lets area, subdistrict and address
    help. Raises BundleError for a bundle without a unit head.
    """
    heads = {head.name: head for head in engine.bundle.linear.heads}
    if "unit" not in heads:
        raise BundleError("missing_head", f"found heads {sorted(heads)}, expected one named unit")
    column = {label: place for place, label in enumerate(heads["unit"].labels)}
    asked = [item.appeal if with_fields else words_only(item.appeal) for item in objections]
    found = []
    for item, scores in zip(objections, engine.probabilities(asked)["unit"], strict=True):
        right = column.get(item.owner.function)
        wrong = column.get(item.unit or "")
        found.append(
            Scored(
                best=heads["unit"].labels[int(scores.argmax())],
                rank=None if right is None else 1 + int(np.sum(scores > scores[right])),
                wrong=0.0 if wrong is None else float(scores[wrong]),
                right=0.0 if right is None else float(scores[right]),
            )
        )
    return found


def count_errors(
    reading: Reading,
    scored: Sequence[Scored] | None = None,
    *,
    title: str,
    facts: Mapping[str, str],
) -> ErrorReport:
    """Count the errors by unit and by pair. scored: of the objections in order, or None."""
    asked: Sequence[Scored | None] = scored or [None] * len(reading.objections)
    by_unit: dict[str, list[Judged]] = defaultdict(list)
    for item, found in zip(reading.objections, asked, strict=True):
        if item.unit is not None and item.upheld is not None:
            by_unit[item.unit].append((item, found))
    events = [event for own in by_unit.values() for event in own]
    moves = Counter((item.unit, item.final.function) for item, _ in events if item.upheld)
    received: Counter[str] = Counter()
    for (unit, to), count in moves.items():
        received[to] += count if unit != to else 0
    stock = Counter(item.reason for item, _ in events)
    units = [_unit_errors(n, by_unit.get(n, []), received[n], stock) for n in {*by_unit, *received}]
    pairs = [_pair(unit, to, by_unit[unit]) for unit, to in moves if unit is not None]
    wrong = [event for event in events if event[0].is_wrong]
    kept = [
        found.best == item.unit
        for item, found in events
        if found is not None and not item.upheld and item.owner.function == item.unit
    ]
    return ErrorReport(
        title=title,
        facts=dict(facts),
        rows=reading.rows,
        objections=len(events),
        labels=sum(item.latest for item in reading.objections),
        unused=len({problem.number for problem in reading.problems if not problem.used}),
        upheld=share(sum(item.upheld is True for item, _ in events), len(events)),
        top1=_within(wrong, 1),
        top3=_within(wrong, TOP),
        kept=share(sum(kept), len(kept)),
        units=tuple(sorted(units, key=lambda u: (-_hits(u.upheld), -u.objected, u.unit))),
        pairs=tuple(sorted(pairs, key=lambda p: (-_hits(p.share), p.dispatched, p.final))),
        wrong=tuple(sorted(itertools.starmap(_wrong, wrong), key=_now_right_first)),
        problems=reading.problems,
    )


def facts_of(
    reading: Reading,
    *,
    name: str,
    file: Path | None,
    jurisdiction: Jurisdiction,
    engine: Engine | None = None,
) -> dict[str, str]:
    """Return what the figures rest on. file: the data, None if they cannot be read again."""
    facts = {"数据": name, "派单目录": jurisdiction.catalogue}
    if file is not None:
        facts["数据"] = f"{name} (sha256 {file_hash(file)[:12]})"
    if engine is not None:
        manifest = engine.bundle.manifest
        version = f"{manifest.name} {manifest.version}"
        facts["模型"] = f"{version} ({engine.bundle.content_hash[:12]})"
    times = sorted(item.objected_at for item in reading.objections if item.objected_at)
    if times:
        facts["异议时间"] = f"{times[0][:10]} – {times[-1][:10]}"
    return facts


def report_json(report: ErrorReport) -> dict[str, Any]:
    """Return the report as a JSON-ready dict."""
    return {"schema": SCHEMA, "interval": "Wilson score, 95 %"} | asdict(report)


def _unit_errors(
    name: str, events: Sequence[Judged], received: int, stock: Mapping[str, int]
) -> UnitErrors:
    upheld = [item for item, _ in events if item.upheld]
    wrong = [event for event in events if event[0].is_wrong]
    scored = [found for _, found in wrong if found is not None]
    to = Counter(item.final.function for item in upheld if item.final.function != name)
    reasons = Counter(
        item.reason
        for item, _ in events
        if stock[item.reason] >= _STOCK and 0 < len(item.reason) <= _LONGEST_REASON
    )
    return UnitErrors(
        unit=name,
        objected=len(events),
        upheld=share(len(upheld), len(events)),
        to=tuple(to.most_common(TOP)),
        moved=len(upheld) - to.total(),
        received=received,
        reasons=tuple(reasons.most_common(TOP)),
        wrong=round(fmean(found.wrong for found in scored), 6) if scored else None,
        right=round(fmean(found.right for found in scored), 6) if scored else None,
        top1=_within(wrong, 1),
        top3=_within(wrong, TOP),
    )


def _pair(unit: str, to: str, events: Sequence[Judged]) -> Pair:
    moved = [(item, s) for item, s in events if item.upheld and item.final.function == to]
    wrong = [event for event in moved if event[0].is_wrong]
    return Pair(unit, to, share(len(moved), len(events)), _within(wrong, 1))


def _within(events: Sequence[Judged], rank: int) -> Share | None:
    ranks = [found.rank for _, found in events if found is not None]
    return share(sum(found is not None and found <= rank for found in ranks), len(ranks))


def _hits(found: Share | None) -> int:
    return found.hits if found else 0


def _wrong(item: Objection, found: Scored | None) -> Wrong:
    row = Wrong(item.number, item.appeal.id, item.unit or "", item.owner.function)
    if found is None:
        return row
    wrong, right = round(found.wrong, 6), round(found.right, 6)
    return replace(row, best=found.best, rank=found.rank, wrong=wrong, right=right)


def _now_right_first(wrong: Wrong) -> tuple[float, float, int]:
    return (wrong.rank or float("inf"), -(wrong.right or 0.0), wrong.number)
