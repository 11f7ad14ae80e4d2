"""The times that hotline systems write, as ISO 8601."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?"
    r"(?:[T\s]\s*(\d{1,2})[:时点](\d{1,2})(?:[:分](\d{1,2})秒?(?:\.(\d{1,9}))?|分)?\s*"
    r"(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?")
_WIDE = str.maketrans("０１２３４５６７８９：／－．　", "0123456789:/-. ")
_LOCAL = timezone(timedelta(hours=8))


def iso_time(written: str) -> str | None:
    """Return a written date or time as ISO 8601, None if it is neither.

    A date stays a date, a time without zone stays without, and a fraction is cut to
    microseconds: `2018/5/5 8:03` is `2018-05-05T08:03:00`.
    """
    plain = written.translate(_WIDE).strip()
    if match := _WRITTEN.fullmatch(plain):
        *parts, fraction, zone = match.groups()
    elif match := _COMPACT.fullmatch(plain):
        parts, fraction, zone = [*match.groups()], None, None
    else:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    try:
        if parts[3] is None:
            return date(year, month, day).isoformat()
        moment = datetime(year, month, day, hour, minute, second, microsecond, _zone(zone))
    except ValueError:
        return None
    return moment.isoformat()


def comparable(iso: str) -> datetime:
    """Return an ISO time as Beijing time without zone, so that all times can be ordered.

    Raises ValueError if the text is no ISO time.
    """
    moment = datetime.fromisoformat(iso)
    return moment.astimezone(_LOCAL).replace(tzinfo=None) if moment.tzinfo else moment


def _zone(written: str | None) -> timezone | None:
    if written is None:
        return None
    if written in "Zz":
        return UTC
    offset = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-offset if written[0] == "-" else offset)
