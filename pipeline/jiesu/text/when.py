"""When it happened: expressions of time, resolved against the moment the appeal was received."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import NamedTuple

from jiesu.text.calendar_words import CLOCK, KINDS, Moment, Stretch, read_hour, resolve

_LOCAL = timezone(timedelta(hours=8))
_MOST = 40
"""A text with more expressions than these is not read to its end."""

_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = (
    r"(?:[12][0-9]|3[01]|0?[1-9]|二十[一-九]?|三十一?|十[一二三四五六七八九]?|[一二三四五六七八九])"
)
_YEAR = (
    r"(?:(?:19|20)[0-9]{2}|[0-9]{2}(?=年[0-9]{1,2}月)|[一二][零〇九][零〇一二三四五六七八九]{2})"
)
_COUNT = r"(?:[0-9]{1,4}|[一二两三四五六七八九十百]{1,4}|[几数半])"
_PART = r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|晚间|夜里|夜间|半夜|深夜)"
_TO = r"[到至\-—~～]+"
_HOLIDAY = (
    r"(?:(?:国庆|春节|中秋|元旦|端午|清明|五一|劳动|元宵|重阳)节?|暑假|寒假|暑期|过年|高考|中考|疫情|"
    r"春天|夏天|秋天|冬天|春季|夏季|秋季|冬季|供暖季|采暖季|汛期|雨季|台风天?)"
)

# The kinds of expression, by the first group that each fills; the order is the order of trial.
_EXPRESSIONS = (
    rf"(?<![0-9])(?P<iso>(?:19|20)[0-9]{{2}})[-./](?P<iso_m>1[0-2]|0?[1-9])[-./]"
    rf"(?P<iso_d>[12][0-9]|3[01]|0?[1-9])日?(?![0-9])"
    rf"|(?:(?<![0-9])(?P<year>{_YEAR})年(?!级|代|龄|限)|(?P<ryear>大前年|前年|去年|今年))的?"
    rf"(?:(?P<ym>{_MONTH})月份?(?:(?P<yd>{_DAY})[日号]|[初底末中])?"
    rf"|(?P<yp>年?[初底末中]|[上下]半年|(?:{_HOLIDAY})(?:期间|前后|前|后)?))?"
    rf"|(?<![0-9第])(?P<month>{_MONTH})月(?:(?P<md>{_DAY})[日号]|份|[初底末中])?"
    rf"|(?<![0-9])(?P<dot_m>1[0-2]|[1-9])\.(?P<dot_d>[12][0-9]|3[01]|[1-9])[日号]"
    rf"|(?P<rmonth>上上个?月|上个?月|本月|这个月|当月)(?:(?P<rmd>{_DAY})[日号]|(?P<rmp>[底末初]|[上中下]旬))?"
    r"|(?P<rday>大前天|前[天日晚](?!后)|昨[天日晚夜早儿]|今[天日晚早晨儿](?!后)|明[天日晚早]|后天|刚才|刚刚)"
    r"|(?P<rweek>上上个?|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?P<rwd>[一二三四五六日天末])?"
    r"|(?<![每隔])(?:周|星期|礼拜)(?P<wday>[一二三四五六])(?![到至年期天周、])"
    rf"|(?P<near>近|最近|这|已经?有?|长达|连续|持续|接近|超过|将近|足足|都|快|时隔)?(?P<n>{_COUNT})"
    r"(?P<many>余|多)?(?P<u>天|日(?!常)|周(?![年岁])|个?星期|个?礼拜|个半?多?月|年|个?多?小时|分钟)(?P<more>多|余|来)?(?:时间)?"
    r"(?:(?P<ago>之?前|以前)|(?P<long>以?来|之?久|了|[都也还]?(?:没|未|无|不)(?!超|满|到|足)|一直|不断|有余)|(?P<not>内|之内|以内|后|之后))?"
    rf"|(?P<often>(?:每(?:天|日|晚|早|夜|周|星期|个?月|年|逢|到|隔)|天天|夜夜|日夜|整夜|整晚|通宵|周末)"
    rf"的?[一二三四五六日末]?的?(?:{_PART}|夜晚|晚|早)?(?:{CLOCK})?(?:(?:{_TO})(?:第二天|次日)?(?:{_PART})?(?:{CLOCK}))?)"
    rf"|(?P<feast>{_HOLIDAY}(?:期间|当天|前后|那天|假期|放假|以来|以后))"
    r"|(?P<vague>近[日期]|近段时间|最近|长期以来|长期|近年来?)"
    rf"|(?P<dday>(?<=[在于从自其是到，。,：:\s])(?:[12][0-9]|3[01]|[1-9])[日号](?![0-9A-Za-z楼线院栋店门话井铺厂台馆仓地公车大小商桥]))"
    rf"|(?P<clock>(?:{_PART})(?:{CLOCK})?|(?<![0-9:：.])(?:{CLOCK}))"
    rf"(?P<until>(?:{_TO})(?:第二天|次日)?(?:{_PART})?(?:{CLOCK}))?"
)
_AFTER = (
    rf"[,，的]?(?P<part>{_PART})?(?:[的约大概]{{0,2}}(?P<at>{CLOCK}))?"
    rf"(?P<since>(?:份)?(?:以来|至今|到现在|到今|起|开始(?!前)|一直|直到现在|以后|之后|后(?!期|面|门)))?"
    r"(?P<before>之?前(?!后|往|台|面|来|去)|以前|前后)?"
)
_PLANNED = re.compile(
    r"(?:将[于在]?|计划[于在]?|预计[于在]?|定于|拟于|到期|截止|截[止至]?到?|最迟|最晚|承诺|约定|保证|等到|答应|"
    r"有效期[至到]?|计划|准备)[^。！？!?]{0,2}$"
)
# A date beside these is of how it came about, or of a call made before, not of the matter.
_HISTORY = re.compile(
    r"购|买|签|交房|结婚|出生|毕业|参军|入伍|退休|入职|成立|创办|进入|认定|参加|办[理了]|退役|出台|发布|印发|实施|考取|转业"
)
_EARLIER_CALL = re.compile(r"拨打|写信|反映|投诉|举报|咨询|来电|留言|回复|答复|申请|信访|受理")
_UNTIL_NOW = re.compile(r"[^。！？!?；;\n]{0,8}?(?:至今|以来|到现在|到目前)")
_RANGE = re.compile(_TO)
_DAY_ALONE = re.compile(r"(3[01]|[12]?[0-9])[日号](?!楼|线)")
# The first two characters of every expression.
_FIRST = (
    "0-9一二两三四五六七八九十百几数半大前去今上本这当昨明后刚周星礼近最长已有长连"
    "持接超将足都快时每天夜日整通国春中元端清劳重暑寒过高疫夏秋冬供采汛雨台凌早下傍晚深"
)
_SECOND = (
    "0-9一二两三四五六七八九十百几数半零〇年月日号点时天周星礼个小分多余./:：前晚夜早晨儿才刚经有达续近过"
    "段足隔逢到夜天晚庆节秋旦午明暑假寒期年考情季暖汛雨风春夏冬一个动宵阳晨上午间里末是这最"
)


class _Candidate(NamedTuple):
    weight: float
    output: str | None
    end: int


def moment(received_at: str | None) -> Moment | None:
    """Read an ISO 8601 time as Beijing time; None for what is no such time."""
    if not received_at:
        return None
    try:
        at = datetime.fromisoformat(received_at)
        at = at.astimezone(_LOCAL).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError):
        return None
    return Moment(at, len(received_at) > 10)


def find_time(text: str, now: Moment | None) -> str | None:
    """Return when the matter happened: ISO date, hour or interval, or the wording; None: not said.

    `2021-09-24`, `2021-09-24T22`, `2021-09-01/2021-09-30`, `2021-09-21/..` for what still goes on.
    What recurs or cannot be resolved keeps its wording; what lies ahead does not count.
    """
    best: _Candidate | None = None
    position = 0
    for _ in range(_MOST):
        found = _next(text, position)
        if found is None:
            break
        candidate = _read(text, found, now)
        position = candidate.end
        if candidate.output and (best is None or candidate.weight > best.weight):
            best = candidate
    return best.output if best else None


def _next(text: str, position: int) -> re.Match[str] | None:
    """Return the next expression; two sets of characters rule most places out beforehand."""
    for begin in _begins().finditer(text, position):
        if found := _pattern().match(text, begin.start()):
            return found
    return None


@cache
def _begins() -> re.Pattern[str]:
    return re.compile(rf"[{_FIRST}](?=[{_SECOND}\-])")


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_EXPRESSIONS)


@cache
def _after() -> re.Pattern[str]:
    return re.compile(_AFTER)


def _read(text: str, found: re.Match[str], now: Moment | None) -> _Candidate:
    """Weigh one expression; its output is None for what lies ahead or says nothing of when."""
    kind = _kind(found)
    weight = KINDS[kind][0]
    start, end = found.span()
    if KINDS[kind][1] is None:
        return _Candidate(weight, found[0].rstrip("的"), end)
    after = None if kind in ("n", "clock") else _after().match(text, end)
    if kind == "n":
        if found["not"] or not (found["near"] or found["long"] or found["ago"]):
            return _Candidate(weight, None, end)
        stop = found.end("ago" if found["ago"] else "more" if found["more"] else "u")
        wording = text[start:stop]
    else:
        end = after.end() if after else end
        wording = text[start:end].strip(",，的")
    if _is_ahead(text, found, after):
        return _Candidate(weight, None, end)
    try:
        stretch = resolve(kind, found, now)
        if stretch is None:
            return _Candidate(weight - _distance(text, end), wording, end)
        stretch, end = _joined(text, _narrowed(stretch, after, found), end, now)
        if not found["ago"] and _goes_on(text, start, end):
            stretch = stretch._replace(open=True)
        output = _written(stretch, now)
    except (ValueError, OverflowError):
        return _Candidate(weight, None, end)
    if stretch.first == stretch.last and kind != "clock":
        weight += 0.5
    elif (stretch.last - stretch.first).days > 360:
        weight -= 1.5
    return _Candidate(weight - (0.0 if stretch.open else _distance(text, end)), output, end)


def _kind(found: re.Match[str]) -> str:
    return next(name for name in KINDS if found[name] is not None)


def _distance(text: str, end: int) -> float:
    """Return how far from the matter the words behind a date put it."""
    if _HISTORY.search(text, end, end + 8):
        return 2.0
    return 1.0 if _EARLIER_CALL.search(text, end, end + 8) else 0.0


def _goes_on(text: str, start: int, end: int) -> bool:
    """Say whether 从 or 自 before it, or 至今 soon after, make a date a beginning."""
    return text[start - 1 : start] in ("从", "自") or _UNTIL_NOW.match(text, end) is not None


def _joined(text: str, stretch: Stretch, end: int, now: Moment | None) -> tuple[Stretch, int]:
    """Extend a stretch to the expression that 到 joins to it, if one does."""
    to = _RANGE.match(text, end)
    if to is None:
        return stretch, end
    if day := _DAY_ALONE.match(text, to.end()):
        last, end_of = stretch.first.replace(day=int(day[1])), day.end()
    else:
        second = _pattern().match(text, to.end())
        other = resolve(_kind(second), second, now) if second else None
        if second is None or other is None or second["n"] or second["clock"]:
            return stretch, end
        last, end_of = other.last, second.end()
    if last < stretch.first:
        return stretch, end
    return stretch._replace(last=last, open=False), end_of


def _is_ahead(text: str, found: re.Match[str], after: re.Match[str] | None) -> bool:
    """Say whether a date is a limit or a plan by its words and those around it."""
    if found[0][0] in "明后下":
        return not found[0].startswith("下午")
    if after is not None and after["before"] and after["before"] != "前后":
        return True
    start = found.start()
    return _PLANNED.search(text, max(0, start - 8), start) is not None


def _narrowed(stretch: Stretch, after: re.Match[str] | None, found: re.Match[str]) -> Stretch:
    """Add what stands behind an expression: an hour to a single day, or that it goes on."""
    if after is None:
        return stretch
    if after["since"]:
        stretch = stretch._replace(open=True)
    if after["at"] and stretch.first == stretch.last:
        evening = (found["rday"] or "")[-1:] in ("晚", "夜")
        extra, hour = read_hour(after["part"] or ("晚上" if evening else ""), after["at"])
        # 昨晚凌晨两点 is the night's second half.
        extra += evening and after["part"] == "凌晨"
        day = stretch.first + timedelta(days=extra)
        return stretch._replace(first=day, last=day, hour=hour)
    return stretch


def _written(stretch: Stretch, now: Moment | None) -> str | None:
    """Write a stretch as ISO 8601; None if it has not begun. What has not ended ends today."""
    first, last, hour, goes_on = stretch
    if now is not None:
        today = now.at.date()
        if first > today:
            return None
        last = max(first, min(last, today))
    start = first.isoformat() if hour is None else f"{first.isoformat()}T{hour:02d}"
    if goes_on:
        return f"{start}/.."
    return start if first == last else f"{start}/{last.isoformat()}"
