"""Objections to a dispatch (Art. 12), as rows tell them: who had the order, and who owns it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from jiesu.corpus.columns import BRACKETS, plain_name
from jiesu.corpus.read import Row
from jiesu.corpus.times import comparable, iso_time
from jiesu.errors import InputError
from jiesu.learn.unit_names import Owner, UnitNames
from jiesu.schema import Appeal

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

_LONGEST_NAME = 30
_LONG_NUMBER = re.compile(r"\d{5}")
_WORDS = {
    **dict.fromkeys(("是", "yes", "true", "upheld", "accepted", "approved"), True),
    **dict.fromkeys(("否", "no", "false", "rejected", "denied", "dismissed"), False),
}
_SENTENCES = (
    (None, re.compile("待审|待处理|审核中|处理中")),
    (True, re.compile("不予?维持")),
    (False, re.compile("维持|驳回|拒绝")),
    (False, re.compile("[不未无非][^,。;]{0,3}(?:成立|通过|同意|采纳|支持|属实|改派)")),
    (True, re.compile("成立|通过|同意|采纳|支持|属实|改派|重新派单")),
)
"""What an outcome says, first match wins; `plain_name` makes commas and semicolons half-width."""


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

    @property
    def unit(self) -> str | None:
        """The function unit that objected."""
        return self.dispatched.function if self.dispatched else None

    @property
    def is_wrong(self) -> bool:
        """Whether another function unit owns what was dispatched to this one."""
        return self.upheld is True and self.unit not in (None, self.owner.function)


@dataclass(frozen=True, order=True)
class Problem:
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


def outcome_of(written: str) -> bool | None:
    """Return whether an objection was upheld (改派) or rejected (维持), None if unreadable."""
    plain = plain_name(written)
    if plain in _WORDS:
        return _WORDS[plain]
    return next((upheld for upheld, pattern in _SENTENCES if pattern.search(plain)), None)


def read_objections(
    rows: Iterable[Row], names: UnitNames, *, columns: Mapping[str, str] | None = None
) -> Reading:
    """Read objections; what is wrong with a row is a Problem, never an error of the whole.

    columns: the column of each of COLUMNS that bears another name. Raises InputError
    `no_objections` if no row can be used.
    """
    accepted = {
        name: tuple(map(plain_name, [columns[name]] if columns and name in columns else known))
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


def _cells(extra: Mapping[str, Any], accepted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return what a row says in each of COLUMNS, "" for nothing."""
    values: dict[str, str] = {}
    for column, value in extra.items():
        if text := _text(value):
            plain = plain_name(column)
            for name in (plain, BRACKETS.sub("", plain)):
                values.setdefault(name, text)
    return {
        field: next((values[name] for name in names if name in values), "")
        for field, names in accepted.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    # A unit may be called 12315; longer numbers and NaN are no names.
    if isinstance(value, int) and value.bit_length() < 64:
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _objection(
    row: Row, cells: Mapping[str, str], names: UnitNames
) -> tuple[Objection | None, list[Problem]]:
    if row.appeal is None:
        code = row.error.code if row.error else "no_text"
        return None, [Problem(row.number, row.id, code, "", False)]
    dispatched, final = names.find(cells["dispatched"]), names.find(cells["final"])
    upheld = outcome_of(cells["outcome"])
    faults: list[tuple[str, str]] = []
    if dispatched is None:
        faults.append(_missing("dispatched", cells))
    if upheld is False and not cells["final"]:
        final = dispatched
    elif final is None:
        faults.append(_missing("final", cells))
    if cells["outcome"] and upheld is None:
        faults.append(("unknown_outcome", _short(cells["outcome"])))
    elif dispatched is not None and final is not None:
        if upheld is None:
            upheld = not final.is_same(dispatched)
        elif (final == dispatched) if upheld else not final.is_same(dispatched):
            faults.append(("contradiction", "改派" if upheld else "维持"))
    used = final is not None and {"unknown_outcome", "contradiction"}.isdisjoint(dict(faults))
    problems = [Problem(row.number, row.id, code, detail, used) for code, detail in faults]
    if final is None or not used:
        return None, problems
    moment = _moment(cells["objected_at"])
    reason = cells["reason"]
    found = Objection(row.number, row.appeal, dispatched, final, final, upheld, reason, moment)
    return found, problems


def _missing(field: str, cells: Mapping[str, str]) -> tuple[str, str]:
    name = cells[field]
    return (f"unknown_{field}", _short(name)) if name else (f"no_{field}", "")


def _short(cell: str) -> str:
    """Show a cell that is no longer than a name: others may hold an appeal, from a shifted row."""
    if len(cell) > _LONGEST_NAME or _LONG_NUMBER.search(cell):
        return f"({len(cell)} characters)"
    return cell


def _moment(written: str) -> str | None:
    """Return a time as ISO 8601, None if it cannot be read or ordered."""
    with suppress(ValueError, OverflowError):
        if (iso := iso_time(written)) is not None:
            comparable(iso)
            return iso
    return None


def _settled(found: Sequence[Objection]) -> tuple[tuple[Objection, ...], list[Problem]]:
    """Give every appeal the owner that the last objection to it left it with.

    An order may be objected to again by its next unit; the same objection twice counts once.
    """
    groups: dict[str, list[Objection]] = defaultdict(list)
    for item in found:
        groups[item.appeal.id].append(item)
    kept, problems = [], []
    for key, group in groups.items():
        times = [comparable(item.objected_at) for item in group if item.objected_at]
        if len(times) == len(group):
            group = [item for _, item in sorted(zip(times, group, strict=True), key=_by_time)]
        last = group[-1]
        apart = {(item.dispatched, item.final, item.upheld): item.number for item in group}
        for item in group:
            used = item.number in apart.values()
            if used:
                kept.append(replace(item, owner=last.final, latest=item is last))
            if item is not last:
                detail = f"row {last.number} decides"
                problems.append(Problem(item.number, key, "duplicate_id", detail, used))
    return tuple(sorted(kept, key=lambda item: item.number)), problems


def _by_time(pair: tuple[datetime, Objection]) -> tuple[datetime, int]:
    return pair[0], pair[1].number
