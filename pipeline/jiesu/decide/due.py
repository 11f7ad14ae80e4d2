"""Time limits (Art. 13): which applies, and when it ends by the Chinese working calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from jiesu.jurisdiction import TimeLimit
from jiesu.schema import DispositionCode, Due, TypeCode

_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The office hours of a working day, in order and without overlap."""

    spans: tuple[tuple[time, time], ...] = (
        (time(9, 0), time(12, 0)),
        (time(13, 30), time(18, 0)),
    )


OFFICE_HOURS = WorkingHours()


def due_rule(
    limits: Sequence[TimeLimit],
    *,
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
) -> TimeLimit | None:
    """Return the first time limit that applies."""
    for limit in limits:
        if (
            (not limit.types or type_code in limit.types)
            and (not limit.dispositions or disposition in limit.dispositions)
            and (not limit.topics or topic in limit.topics)
        ):
            return limit
    return None


def due(
    limit: TimeLimit | None, received_at: str | None, *, office: WorkingHours = OFFICE_HOURS
) -> Due:
    """Return a limit, and when it ends for an appeal received then.

    The end keeps the zone of `received_at`, or has none as that. Without a time of receipt, or
    with one that is a bare date or no ISO time, it is unknown.
    """
    if limit is None:
        return Due()
    start = _moment(received_at)
    if start is None:
        return Due(rule=limit.id, hours=limit.hours)
    try:
        span = timedelta(hours=limit.hours)
        end = working_end(start, span, office) if limit.working else start + span
    except OverflowError:  # received in the last days that a date can say
        return Due(rule=limit.id, hours=limit.hours)
    return Due(rule=limit.id, hours=limit.hours, at=end.isoformat())


def _moment(received_at: str | None) -> datetime | None:
    if received_at is None or len(received_at) <= len("2018-01-01"):
        return None
    try:
        return datetime.fromisoformat(received_at)
    except ValueError:
        return None


def working_end(start: datetime, hours: timedelta, office: WorkingHours) -> datetime:
    """Return when so many working hours after `start` have passed.

    What arrives outside office hours counts from the next working moment. No hours at all end at
    once, whatever the hour.
    """
    if not hours:
        return start
    left = hours
    for begin, end in _working(start, office):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise OverflowError("no working hours left in the calendar")


def _working(start: datetime, office: WorkingHours) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of working time from `start` on, in order."""
    day = start.date()
    zone = start.tzinfo
    while True:
        if is_working_day(day):
            for opens, closes in office.spans:
                begin = max(start, datetime.combine(day, opens, zone))
                end = datetime.combine(day, closes, zone)
                if begin < end:
                    yield begin, end
        day += timedelta(days=1)


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Say whether people work on a day: public holidays and the weekends worked in exchange.

    Beyond the years that the State Council has announced (and the library holds), Monday to
    Friday are taken for working days.
    """
    # On demand: most processes that import jiesu never ask for a date.
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < _SATURDAY
