"""Which time limit applies and when it ends: a row a rule, and what must hold of any date."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.decide.due import OFFICE_HOURS, due, due_rule, is_working_day, working_end
from jiesu.jurisdiction import Basis, TimeLimit
from jiesu.schema import DispositionCode, Due, TypeCode

BASIS = Basis(law="热线规则")
LIMITS = (
    TimeLimit(id="now", dispositions=("emergency",), hours=0, basis=BASIS),
    TimeLimit(id="water", types=("help",), topics=("供水", "供电"), hours=4, basis=BASIS),
    TimeLimit(id="ask", types=("consultation", "suggestion"), hours=8, basis=BASIS),
    TimeLimit(id="rest", types=("help", "complaint", "report"), hours=40, basis=BASIS),
)


@pytest.mark.parametrize(
    ("type_code", "disposition", "topic", "expected", "reason"),
    [
        ("help", "normal", "供水", "water", "type and topic"),
        ("help", "normal", "市容", "rest", "another topic"),
        ("help", "normal", None, "rest", "no topic is not any topic"),
        ("complaint", "normal", "供水", "rest", "another type"),
        ("suggestion", "normal", "供水", "ask", "one of several types"),
        ("help", "emergency", "供水", "now", "the first that applies wins"),
        (None, "emergency", None, "now", "a limit of any type"),
        ("other", "normal", None, None, "no limit for it"),
        (None, "normal", None, None, "no type, no limit of types"),
    ],
)
def test_due_rule(
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
    expected: str | None,
    reason: str,
) -> None:
    found = due_rule(LIMITS, type_code=type_code, disposition=disposition, topic=topic)
    assert (found.id if found else None) == expected, reason


def test_a_limit_without_conditions_applies_to_all() -> None:
    limits = (TimeLimit(id="all", hours=15, basis=BASIS),)
    assert due_rule(limits, type_code=None, disposition="repeat", topic=None) == limits[0]


def limit(hours: int, *, working: bool = True) -> TimeLimit:
    return TimeLimit(id="l", hours=hours, working=working, basis=BASIS)


@pytest.mark.parametrize(
    ("received", "hours", "working", "at", "reason"),
    [
        ("2021-10-13T09:00:00", 2, True, "2021-10-13T11:00:00", "within one morning"),
        ("2021-10-13T11:00:00", 2, True, "2021-10-13T14:30:00", "noon does not count"),
        ("2021-10-13T12:30:00", 1, True, "2021-10-13T14:30:00", "received at noon"),
        ("2021-10-13T17:00:00", 2, True, "2021-10-14T10:00:00", "over night"),
        ("2021-10-13T23:59:00", 1, True, "2021-10-14T10:00:00", "received at night"),
        ("2021-10-15T17:00:00", 2, True, "2021-10-18T10:00:00", "over a weekend"),
        ("2021-09-30T17:00:00", 2, True, "2021-10-08T10:00:00", "over the National Day week"),
        ("2021-10-08T17:00:00", 2, True, "2021-10-09T10:00:00", "a Saturday worked in exchange"),
        ("2018-02-14T17:30:00", 1, True, "2018-02-22T09:30:00", "over Spring Festival"),
        ("2018-02-23T17:30:00", 1, True, "2018-02-24T09:30:00", "the Saturday after it"),
        ("2024-02-28T17:30:00", 8, True, "2024-02-29T18:00:00", "the leap day"),
        ("2021-10-13T09:00:00", 15, True, "2021-10-14T18:00:00", "two whole days"),
        ("2021-10-15T17:00:00", 24, False, "2021-10-16T17:00:00", "by the clock"),
        ("2021-10-16T03:00:00", 0, True, "2021-10-16T03:00:00", "at once, even on a Saturday"),
        ("2021-10-13T17:00:00+08:00", 2, True, "2021-10-14T10:00:00+08:00", "the zone stays"),
        ("2050-05-20T17:00:00", 2, True, "2050-05-23T10:00:00", "a year not announced yet"),
        ("2021-10-13", 2, True, None, "a bare date is no moment"),
        ("yesterday", 2, True, None, "no time"),
        (None, 2, True, None, "unknown"),
        ("9999-12-31T23:00:00", 9, True, None, "the end of the calendar"),
        ("9999-12-31T23:00:00", 9, False, None, "the end of the calendar, by the clock"),
    ],
)
def test_when_it_ends(
    received: str | None, hours: int, working: bool, at: str | None, reason: str
) -> None:
    found = due(limit(hours, working=working), received)
    assert (found.rule, found.hours, found.at) == ("l", hours, at), reason


def test_no_limit_ends_never() -> None:
    assert due(None, "2021-10-13T09:00:00") == Due()


def worked(start: datetime, end: datetime) -> timedelta:
    """Count the working time between two moments, day by day."""
    total, day = timedelta(), start.date()
    while day <= end.date():
        for opens, closes in OFFICE_HOURS.spans if is_working_day(day) else ():
            first = max(start, datetime.combine(day, opens))
            last = min(end, datetime.combine(day, closes))
            total += max(timedelta(), last - first)
        day += timedelta(days=1)
    return total


MOMENTS = st.datetimes(datetime(2017, 1, 1), datetime(2028, 1, 1))
HOURS = st.integers(0, 120)


@given(start=MOMENTS, hours=HOURS)
@settings(max_examples=200, deadline=None)
def test_exactly_so_much_is_worked_meanwhile(start: datetime, hours: int) -> None:
    end = working_end(start, timedelta(hours=hours), OFFICE_HOURS)
    assert end >= start
    assert worked(start, end) == timedelta(hours=hours)


@given(first=MOMENTS, second=MOMENTS, hours=HOURS, more=HOURS)
@settings(max_examples=200, deadline=None)
def test_later_or_longer_never_ends_sooner(
    first: datetime, second: datetime, hours: int, more: int
) -> None:
    span, longer = timedelta(hours=hours), timedelta(hours=hours + more)
    early, late = sorted((first, second))
    assert working_end(early, span, OFFICE_HOURS) <= working_end(late, span, OFFICE_HOURS)
    assert working_end(early, span, OFFICE_HOURS) <= working_end(early, longer, OFFICE_HOURS)


@pytest.mark.parametrize(
    ("day", "works", "reason"),
    [
        (date(2021, 10, 1), False, "National Day"),
        (date(2021, 10, 9), True, "worked in exchange"),
        (date(2021, 10, 10), False, "a Sunday"),
        (date(2018, 2, 16), False, "Spring Festival"),
        (date(2022, 1, 4), True, "a Tuesday"),
        (date(1999, 1, 1), True, "before the library's years: a Friday"),
        (date(2050, 1, 1), False, "after them: a Saturday"),
    ],
)
def test_working_days(day: date, works: bool, reason: str) -> None:
    assert is_working_day(day) is works, reason
