"""Moments as supervisors read them: Beijing time, and how long ago."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from jiesu.serve.pages.words import Say

BEIJING = timezone(timedelta(hours=8))


def day_of(text: str | None) -> date | None:
    """Return a day as a date field sends it, None for anything else."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def start_of(day: date) -> datetime:
    """Return the moment at which a day begins in Beijing."""
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING)


def moment_of(text: str | None) -> datetime | None:
    """Return a written time as a moment, Beijing's where it names no zone; None if unreadable."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def clock(moment: datetime | None, *, now: datetime | None = None) -> str:
    """Return month, day and time in Beijing, with the year where it is another one."""
    if moment is None:
        return ""
    local = moment.astimezone(BEIJING)
    this_year = (now or datetime.now(UTC)).astimezone(BEIJING).year
    return local.strftime("%m-%d %H:%M" if local.year == this_year else "%Y-%m-%d %H:%M")


def span(length: timedelta, say: Say) -> str:
    """Return a length of time in the largest unit that fits, rounded down."""
    seconds = max(0, int(length.total_seconds()))
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return say(f"time.{name}", n=seconds // size)
    return say("time.now")
