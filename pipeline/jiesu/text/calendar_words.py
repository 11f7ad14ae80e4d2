"""Expressions of time by kind, and the days and hours that each one means."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
CLOCK = (
    r"(?:(?:[01]?[0-9]|2[0-4])(?:[:：][0-5][0-9]|[点时](?!钟头|代|候|尚|常|间))"
    r"|(?:二十[一-四]?|十[一二三四五六七八九]?|[二两三四五六七八九]|一(?=点[多半钟左]))点(?!儿|击|赞|餐|名))"
    r"(?:半|[0-5]?[0-9]分)?(?:多|许|钟|左右)*"
)


class Moment(NamedTuple):
    """When an appeal came in; `clock` says whether the hour is known."""

    at: datetime
    clock: bool


class Stretch(NamedTuple):
    """First and last day, the hour of the first, and whether it goes on."""

    first: date
    last: date
    hour: int | None = None
    open: bool = False


def _number(written: str) -> int:
    """Read a whole number below a thousand, in digits or Chinese. Raises ValueError."""
    if written.isdecimal():
        return int(written)
    if any(sign in written for sign in "几数半"):
        raise ValueError("found a vague number, expected a whole one")
    if "十" not in written and "百" not in written:
        return int("".join(str(_DIGITS[sign]) for sign in written))
    total = digit = 0
    for sign in written:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def read_hour(part: str, clock: str) -> tuple[int, int]:
    """Return (days to add, hour) of a clock time and its part of the day."""
    figures = re.match(r"[0-9]+|[一二两三四五六七八九十]+", clock)
    hour = _number(figures[0]) if figures else 0
    if part in ("下午", "傍晚", "晚上", "晚间", "夜里", "夜间", "半夜", "深夜", "晚"):
        if hour == 12 and part not in ("下午", "傍晚"):
            hour = 24
        elif hour < 6 and part in ("半夜", "深夜", "夜里"):
            return 1, hour
        elif hour < 12:
            hour += 12
    elif part == "中午" and hour < 3:
        hour += 12
    elif part == "凌晨" and hour == 12:
        hour = 0
    return divmod(hour, 24)


def _month(year: int, month: int) -> Stretch:
    """Return a month of a year; months beyond 1..12 count into other years."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return Stretch(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def _months(year: int, first: int, last: int) -> Stretch:
    return Stretch(_month(year, first).first, _month(year, last).last)


def _single(day: date) -> Stretch:
    return Stretch(day, day)


def _iso(found: re.Match[str], now: Moment) -> Stretch | None:
    return _single(date(int(found["iso"]), int(found["iso_m"]), int(found["iso_d"])))


def _year(found: re.Match[str], now: Moment) -> Stretch | None:
    year = _number(found["year"])
    return _in_year(found, year + 2000 if year < 100 else year)


def _relative_year(found: re.Match[str], now: Moment) -> Stretch | None:
    back = ("今年", "去年", "前年", "大前年").index(found["ryear"])
    return _in_year(found, now.at.year - back)


def _in_year(found: re.Match[str], year: int) -> Stretch | None:
    if found["ym"]:
        month = _number(found["ym"])
        if found["yd"]:
            return _single(date(year, month, _number(found["yd"])))
        return _month(year, month)
    part = found["yp"] or ""
    for key, (first, last) in _YEAR_PARTS.items():
        if key in part:
            return _months(year, first, last)
    return None if part else _months(year, 1, 12)


_MONTH_PARTS = {"初": (1, 10), "上旬": (1, 10), "中旬": (11, 20)}
_MONTH_PARTS |= dict.fromkeys(("下旬", "底", "末"), (21, 31))
# Months of a year; a winter ends in the year after.
_YEAR_PARTS = {
    "上半": (1, 6),
    "下半": (7, 12),
    "初": (1, 3),
    "中": (5, 8),
    "夏": (6, 8),
    "冬": (12, 14),
}
_YEAR_PARTS |= dict.fromkeys(("底", "末"), (10, 12)) | dict.fromkeys(("春天", "春季"), (3, 5))
_YEAR_PARTS |= dict.fromkeys(("秋天", "秋季"), (9, 11))


def _month_day(found: re.Match[str], now: Moment) -> Stretch | None:
    """Return a month or day without a year: the last one that has begun."""
    today = now.at.date()
    month = _number(found["month"] or found["dot_m"])
    day = found["md"] or found["dot_d"]
    for year in (today.year, today.year - 1):
        stretch = _single(date(year, month, _number(day))) if day else _month(year, month)
        if stretch.first <= today:
            return stretch
    return None


def _relative_month(found: re.Match[str], now: Moment) -> Stretch | None:
    back = 2 if found["rmonth"].startswith("上上") else int(found["rmonth"].startswith("上"))
    whole = _month(now.at.year, now.at.month - back)
    if found["rmd"]:
        return _single(whole.first.replace(day=_number(found["rmd"])))
    part = found["rmp"]
    if part is None:
        return whole
    first, last = _MONTH_PARTS[part[-2:] if "旬" in part else part]
    ended = min(last, whole.last.day)
    return Stretch(whole.first.replace(day=first), whole.first.replace(day=ended))


def _relative_day(found: re.Match[str], now: Moment) -> Stretch | None:
    word = found["rday"]
    if word.startswith("刚"):
        stretch = _single(now.at.date())
        return stretch._replace(hour=now.at.hour) if now.clock else stretch
    back = {"大": 3, "前": 2, "昨": 1, "今": 0, "明": -1, "后": -2}[word[0]]
    return _single(now.at.date() - timedelta(days=back))


def _week(found: re.Match[str], now: Moment) -> Stretch | None:
    word = found["rweek"]
    weeks = 2 if word.startswith("上上") else {"上": 1, "下": -1}.get(word[0], 0)
    monday = now.at.date() - timedelta(days=now.at.weekday() + 7 * weeks)
    day = found["rwd"]
    if day is None:
        return Stretch(monday, monday + timedelta(days=6))
    if day == "末":
        return Stretch(monday + timedelta(days=5), monday + timedelta(days=6))
    return _single(monday + timedelta(days="一二三四五六日".index(day.replace("天", "日"))))


def _weekday(found: re.Match[str], now: Moment) -> Stretch | None:
    back = (now.at.weekday() - "一二三四五六".index(found["wday"])) % 7
    return _single(now.at.date() - timedelta(days=back))


def _count(found: re.Match[str], now: Moment) -> Stretch | None:
    """Return how long ago, or since when: 三天前 is a day, 三天没人修 goes on since then."""
    unit = found["u"]
    if now is None or found["n"] in ("几", "数"):
        return None
    half = found["n"] == "半"
    number = 0 if half else _number(found["n"])
    today, ago = now.at.date(), found["ago"] is not None
    if "小时" in unit or unit == "分钟":
        minutes = (30 if half else 60 * number) if "小时" in unit else number
        if not now.clock:
            stretch = _single(today)
        else:
            then = now.at - timedelta(minutes=minutes)
            stretch = Stretch(then.date(), then.date(), then.hour)
    elif "月" in unit or unit == "年":
        months = (6 if half else 12 * number) if unit == "年" else number
        whole = _month(today.year, today.month - months)
        if ago:
            return whole if unit != "年" or half else _months(whole.first.year, 1, 12)
        stretch = _single(whole.first.replace(day=min(today.day, whole.last.day)))
        stretch = stretch if months or not half else _single(today - timedelta(days=15))
    else:
        days = number * (1 if unit == "天" else 7)
        stretch = _single(today - timedelta(days=days))
    return stretch if ago else stretch._replace(open=True)


def _clock(found: re.Match[str], now: Moment) -> Stretch | None:
    """Return the hour of today that has passed; what may recur or lies ahead keeps its wording."""
    clock = re.search(CLOCK, found[0])
    if now is None or not now.clock or clock is None or found["until"]:
        return None
    extra, hour = read_hour(found[0][: clock.start()], clock[0])
    if extra or hour > now.at.hour:
        return None
    return _single(now.at.date())._replace(hour=hour)


def _day_of_month(found: re.Match[str], now: Moment) -> Stretch | None:
    today, number = now.at.date(), int(found["dday"][:-1])
    month = _month(today.year, today.month - (number > today.day))
    return _single(month.first.replace(day=number))


_Resolver = Callable[[re.Match[str], Moment], Stretch | None]
# What each kind of expression says and how to resolve it; the first of the heaviest is the time.
KINDS: dict[str, tuple[float, _Resolver | None]] = {
    "iso": (4.5, _iso),
    "year": (4.5, _year),
    "ryear": (4.5, _relative_year),
    "month": (4.5, _month_day),
    "dot_m": (4.5, _month_day),
    "rmonth": (4.5, _relative_month),
    "rday": (4.5, _relative_day),
    "rweek": (4.5, _week),
    "wday": (4.5, _weekday),
    "n": (4.5, _count),
    "often": (3.5, None),
    "feast": (3.0, None),
    "dday": (4.5, _day_of_month),
    "clock": (2.0, _clock),
    "vague": (1.5, None),
}
_NO_YEAR = ("iso", "year")
_NEVER = Moment(datetime.min, False)


def resolve(kind: str, found: re.Match[str], now: Moment | None) -> Stretch | None:
    """Return the stretch of an expression; None where its wording must do."""
    resolver = KINDS[kind][1]
    if resolver is None or (now is None and kind not in _NO_YEAR):
        return None
    return resolver(found, now or _NEVER)
