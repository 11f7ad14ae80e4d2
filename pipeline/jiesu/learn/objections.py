"""Objections to a dispatch (Art. 12): rows to train the unit head on, and each unit's errors."""

from __future__ import annotations

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from jiesu.corpus.columns import _BRACKETS, _plain
from jiesu.corpus.read import Row
from jiesu.corpus.times import comparable, iso_time
from jiesu.engine import Engine
from jiesu.errors import BundleError, InputError
from jiesu.jurisdiction import Jurisdiction, exact_unit
from jiesu.jurisdiction.lookup import MUNICIPAL
from jiesu.learn.labels import label_names
from jiesu.learn.rows import words_only
from jiesu.schema import Appeal

SCHEMA = "jiesu-objections/1"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "dispatched": ("dispatched_unit", "原承办单位", "派单单位", "首派单位", "承办单位", "unit"),
    "final": ("final_unit", "最终承办单位", "改派单位"),
    "outcome": ("outcome", "审核结果", "异议结果"),
    "reason": ("reason", "异议理由", "异议原因"),
    "objected_at": ("objected_at", "异议时间"),
}
"""The accepted names of each column; of several that a row fills, the first listed counts."""

PROBLEMS: Mapping[str, str] = {
    "no_dispatched": "没有派单单位",
    "unknown_dispatched": "派单单位不在目录",
    "no_final": "没有最终承办单位",
    "unknown_final": "最终承办单位不在目录",
    "unknown_outcome": "审核结果读不懂",
    "contradiction": "审核结果与承办单位矛盾",
    "duplicate_id": "编号重复",
}
"""What can be wrong with a row that could be read as an appeal."""

_Z = 1.959964  # of a two-sided 95 % interval
_TOP = 3
_STOCK = 3
"""A reason is shown once it stands in as many rows word for word: then it is nobody's own words."""
_LONGEST_REASON = 30
_LONGEST_NAME = 30
_LONG_NUMBER = re.compile(r"\d{5}")
_LISTS = re.compile(r"[、,，;；/|\n]+")
_OFFICES = {"subdistrict": ("", "办", "办事处"), "town": ("", "政府", "人民政府")}
_OUTCOMES = (
    (None, re.compile("待审|审核中|处理中|待处理|pending")),
    (True, re.compile("不(?:予|再)?维持")),
    (False, re.compile("维持|驳回|拒绝|[不未无非][^，。；]{0,3}(?:成立|通过|同意|采纳|支持|属实|改派)")),
    (False, re.compile("否|no|false|rejected|denied|dismissed")),
    (True, re.compile("成立|通过|同意|采纳|支持|属实|改派|重新派单|upheld|accepted|approved")),
    (True, re.compile("是|yes|true")),
)
"""Verdicts on an objection, first match wins; words of one's own language must be the whole cell."""


class Owner(NamedTuple):
    """A unit that an order went to: the function unit, and the place as far as the name says it.

    area: that of a branch, `市` for the municipal body, None where the name leaves it open.
    """

    function: str
    area: str | None = None
    subdistrict: str | None = None

    def is_same(self, other: Owner) -> bool:
        """Say whether both may be one unit: what either leaves open does not set them apart."""
        places = ((self.area, other.area), (self.subdistrict, other.subdistrict))
        return self.function == other.function and not any(a and b and a != b for a, b in places)


class UnitNames:
    """Finds units by the names of a catalogue: function units, aliases, exact and former names."""

    def __init__(self, jurisdiction: Jurisdiction) -> None:
        found: dict[str, set[Owner]] = defaultdict(set)
        for name, function in label_names("unit", jurisdiction).items():
            found[_plain(name)].add(Owner(function))
        for unit in jurisdiction.units:
            for area, name in unit.exact.items():
                found[_plain(name)].add(Owner(unit.name, area))
        kinds = {unit.kind: unit.name for unit in jurisdiction.units}
        self._areas: dict[str, str] = {}
        for place in jurisdiction.areas:
            spellings = (place.name, *place.aliases)
            self._areas |= {_plain(name): place.name for name in spellings}
            if "district" in kinds:
                found[_plain(place.unit)].add(Owner(kinds["district"], place.name))
            for sub in place.subdistricts:
                if sub.kind not in kinds:
                    continue
                owner = Owner(kinds[sub.kind], place.name, sub.name)
                found[_plain(sub.unit)].add(owner)
                for name in (sub.name, *sub.aliases):
                    for office in _OFFICES[sub.kind]:
                        for before in ("", *spellings):
                            found[_plain(before + name + office)].add(owner)
        agreed = {name: _agreed(owners) for name, owners in found.items()}
        self._owners = {name: owner for name, owner in agreed.items() if owner is not None}
        for unit in jurisdiction.units:
            for name in unit.supersedes:
                self._owners.setdefault(_plain(name), Owner(unit.name))
        self._city = _plain(jurisdiction.about.city)

    def find(self, written: str) -> Owner | None:
        """Return the unit of a name, None if the catalogue has none or several.

        City and area may stand before it (海口市龙华区城管局). Of a list the first leads (Art. 14).
        """
        owner = self._find(_plain(written))
        if owner is None and len(names := [part for part in _LISTS.split(written) if part]) > 1:
            owner = self._find(_plain(names[0]))
        return owner

    def _find(self, name: str) -> Owner | None:
        # 市 is cut after the whole city: 海口市住建局 and 市住建局 are the same.
        for city in ("", self._city, MUNICIPAL):
            if not name.startswith(city):
                continue
            rest = name.removeprefix(city)
            if rest in self._owners:
                return self._owners[rest]
            for spelling, area in self._areas.items():
                owner = self._owners.get(rest.removeprefix(spelling))
                if rest.startswith(spelling) and owner is not None and owner.area is None:
                    return owner._replace(area=area)
        return None


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection. `final`: who got the order after it; `owner`: who has it after the last one.

    dispatched: None if the row does not say, then it is a label and no error. upheld: None where
    that cannot be told. latest: whether the label of its id comes from this row.
    """

    number: int
    appeal: Appeal
    dispatched: Owner | None
    final: Owner
    owner: Owner
    upheld: bool | None
    reason: str = ""
    objected_at: str | None = None
    latest: bool = True


class Problem(NamedTuple):
    """What is wrong with a row. used: whether the row still counts for something."""

    number: int
    id: str
    code: str
    detail: str
    used: bool


class Reading(NamedTuple):
    """The objections of a file, what is wrong with its rows, and how many rows there are."""

    objections: tuple[Objection, ...]
    problems: tuple[Problem, ...]
    rows: int


class Share(NamedTuple):
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


class Pair(NamedTuple):
    """How often orders went from one unit to another: of all that the first objected to."""

    dispatched: str
    final: str
    share: Share
    top1: Share | None


class Wrong(NamedTuple):
    """One wrong dispatch as the bundle judges it now. Holds ids and labels, never text."""

    number: int
    id: str
    dispatched: str
    owner: str
    best: str
    rank: int | None
    wrong: float
    right: float


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


def outcome_of(written: str) -> bool | None:
    """Return whether an objection was upheld (改派), or rejected (维持); None if unreadable."""
    plain = _plain(written)
    for upheld, pattern in _OUTCOMES:
        # 同意 may stand in a sentence; `no` and 是 stand in too many words to be sought there.
        whole = pattern.fullmatch(plain)
        if whole or (not plain.isascii() and len(plain) > 1 and pattern.search(plain)):
            return upheld
    return None


def read_objections(
    rows: Iterable[Row], names: UnitNames, *, columns: Mapping[str, str] | None = None
) -> Reading:
    """Read objections; what is wrong with a row is a Problem, never an error of the whole.

    columns: the column of each of COLUMNS that bears another name. Raises InputError
    `no_objections` if no row can be used.
    """
    accepted = {
        name: tuple(map(_plain, [columns[name]] if columns and name in columns else known))
        for name, known in COLUMNS.items()
    }
    found: list[Objection] = []
    problems: list[Problem] = []
    count = 0
    for row in rows:
        count += 1
        objection, faults = _objection(row, _cells(row.extra, accepted), names)
        problems += faults
        if objection is not None:
            found.append(objection)
    objections, repeated = _settled(found)
    if not objections:
        counts = Counter(problem.code for problem in problems)
        listed = ", ".join(f"{code} {n}" for code, n in counts.most_common()) or "none at all"
        wanted = " and ".join("/".join(COLUMNS[name]) for name in ("dispatched", "final"))
        raise InputError(
            "no_objections",
            f"found {count} rows, none that can be used ({listed}); "
            f"expected units of the catalogue in {wanted}",
        )
    return Reading(objections, tuple(sorted([*problems, *repeated])), count)


def training_row(objection: Objection, jurisdiction: Jurisdiction) -> dict[str, Any]:
    """Return an objection as a training row: `unit` is the function unit that owns the appeal."""
    appeal, owner = objection.appeal, objection.owner
    area = None if owner.area == MUNICIPAL else owner.area
    row: dict[str, Any] = {
        "id": appeal.id,
        "received_at": appeal.received_at,
        "title": appeal.title,
        "text": appeal.text,
        "unit": owner.function,
        "unit_name": exact_unit(jurisdiction, owner.function, area, owner.subdistrict),
        "area": appeal.area or area,
        "subdistrict": appeal.subdistrict or owner.subdistrict,
        "source": "objection",
        "outcome": {True: "upheld", False: "rejected", None: None}[objection.upheld],
        "dispatched": objection.dispatched.function if objection.dispatched else None,
    }
    if appeal.turns:
        row["turns"] = [turn.model_dump() for turn in appeal.turns]
    return row


def write_training(reading: Reading, target: Path, jurisdiction: Jurisdiction) -> int:
    """Write one JSON line an appeal and return how many. The file is written whole or not at all.

    Raises InputError for a suffix that is not jsonl, or a folder that is not there.
    """
    check_target(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    labels = [item for item in reading.objections if item.latest]
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            for item in labels:
                line = json.dumps(training_row(item, jurisdiction), ensure_ascii=False)
                stream.write(line + "\n")
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return len(labels)


def check_target(target: Path) -> None:
    """Raise InputError if training rows cannot be written there."""
    if target.suffix.lower() not in (".jsonl", ".ndjson"):
        raise InputError(
            "unknown_format",
            f"found the suffix {target.suffix or 'none'!r}, expected .jsonl or .ndjson",
        )
    if not target.parent.is_dir():
        raise InputError("no_folder", f"no folder {target.parent} to write {target.name} to")


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
        wrong = column.get(item.dispatched.function) if item.dispatched else None
        found.append(
            Scored(
                best=heads["unit"].labels[int(scores.argmax())],
                rank=None if right is None else 1 + int(np.sum(scores > scores[right])),
                wrong=0.0 if wrong is None else float(scores[wrong]),
                right=0.0 if right is None else float(scores[right]),
            )
        )
    return found


class _Event(NamedTuple):
    """An objection whose unit and outcome are known, by names, and what the bundle says of it."""

    item: Objection
    unit: str
    to: str
    upheld: bool
    scored: Scored | None

    @property
    def is_wrong(self) -> bool:
        """Whether another function unit owns what was dispatched to this one."""
        return self.upheld and self.item.owner.function != self.unit


def count_errors(
    reading: Reading,
    scored: Sequence[Scored] | None = None,
    *,
    title: str,
    facts: Mapping[str, str],
) -> ErrorReport:
    """Count the errors by unit and by pair. scored: of the objections in order, or None."""
    events = [
        _Event(
            item,
            item.dispatched.function,
            item.final.function,
            item.upheld,
            scored[place] if scored is not None else None,
        )
        for place, item in enumerate(reading.objections)
        if item.dispatched is not None and item.upheld is not None
    ]
    wrong = [event for event in events if event.is_wrong]
    by_unit: dict[str, list[_Event]] = defaultdict(list)
    for event in events:
        by_unit[event.unit].append(event)
    received = Counter(e.to for e in events if e.upheld and e.to != e.unit)
    stock = Counter(e.item.reason for e in events)
    units = [_unit_errors(n, by_unit[n], received[n], stock) for n in {*by_unit, *received}]
    units.sort(key=lambda u: (-(u.upheld.hits if u.upheld else 0), -u.objected, u.unit))
    moves = Counter((e.unit, e.to) for e in events if e.upheld)
    pairs = [_pair(key, hits, by_unit[key[0]]) for key, hits in moves.items()]
    pairs.sort(key=lambda pair: (-pair.share.hits, pair.dispatched, pair.final))
    kept = [e.scored.best == e.unit for e in events if e.scored is not None and not e.upheld]
    dropped = {problem.number for problem in reading.problems if not problem.used}
    return ErrorReport(
        title=title,
        facts=dict(facts),
        rows=reading.rows,
        objections=len(events),
        labels=sum(item.latest for item in reading.objections),
        unused=len(dropped),
        upheld=share(sum(e.upheld for e in events), len(events)),
        top1=_within(wrong, 1),
        top3=_within(wrong, 3),
        kept=share(sum(kept), len(kept)),
        units=tuple(units),
        pairs=tuple(pairs),
        wrong=tuple(_wrong(event, event.scored) for event in wrong if event.scored is not None),
        problems=reading.problems,
    )


def report_json(report: ErrorReport) -> dict[str, Any]:
    """Return the report as a JSON-ready dict."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(report), default=str))
    return {"schema": SCHEMA, "interval": "Wilson score, 95 %"} | plain
