"""When it happened: expressions of time, resolved against the moment the appeal was received."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import NamedTuple

_LOCAL = timezone(timedelta(hours=8))
_MOST = 40
"""A text with more expressions than these is not read to its end."""

_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:[12][0-9]|3[01]|0?[1-9]|二十[一-九]?|三十一?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_YEAR = r"(?:(?:19|20)[0-9]{2}|[0-9]{2}|[一二][零〇九][零〇一二三四五六七八九]{2})"
_COUNT = r"(?:[0-9]{1,4}|[一二两三四五六七八九十百]{1,4}|[几数半])"
_PART = r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上|晚间|夜里|夜间|半夜|深夜)"
_CLOCK = (
    r"(?:(?:[01]?[0-9]|2[0-4])(?:[:：][0-5][0-9]|[点时](?!钟头|代|候|尚|常|间))"
    r"|(?:二十[一-四]?|十[一二三四五六七八九]?|[一二两三四五六七八九])点(?!儿|击|赞|餐|名|名))"
    r"(?:半|[0-5]?[0-9]分)?(?:多|许|钟|左右)*"
)
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
    rf"(?:(?P<ym>{_MONTH})月份?(?:(?P<yd>{_DAY})[日号])?"
    rf"|(?P<yp>年?[初底末中]|[上下]半年|(?:{_HOLIDAY})(?:期间|前后|前|后)?))?"
    rf"|(?<![0-9第])(?P<month>{_MONTH})月(?:(?P<md>{_DAY})[日号]|份)?"
    rf"|(?<![0-9])(?P<dot_m>1[0-2]|[1-9])\.(?P<dot_d>[12][0-9]|3[01]|[1-9])[日号]"
    rf"|(?P<rmonth>上上个?月|上个?月|本月|这个月|当月)(?:(?P<rmd>{_DAY})[日号]|(?P<rmp>[底末初]|[上中下]旬))?"
    r"|(?P<rday>大前天|前[天日晚](?!后)|昨[天日晚夜早儿]|今[天日晚早晨儿](?!后)|明[天日晚早]|后天|刚才|刚刚)"
    r"|(?P<rweek>上上个?|上个?|这个?|本|下个?)(?:周|星期|礼拜)(?P<rwd>[一二三四五六日天末])?"
    r"|(?<![每隔])(?:周|星期|礼拜)(?P<wday>[一二三四五六])(?![到至年期天]|周)"
    rf"|(?P<near>近|最近|这|已经?有?|长达|连续|持续|接近|超过|将近|足足|都|快|时隔)?(?P<n>{_COUNT})"
    r"(?P<many>余|多)?(?P<u>天|周(?![年岁])|个?星期|个?礼拜|个半?多?月|年|个?多?小时|分钟)(?P<more>多|余|来)?(?:时间)?"
    r"(?:(?P<ago>之?前|以前)|(?P<long>以?来|之?久|了|[都也还]?(?:没|未|无|不)(?!超|满|到|足)|一直|不断|有余)|(?P<not>内|之内|以内|后|之后))?"
    rf"|(?P<often>(?:每(?:天|日|晚|早|夜|周|星期|个?月|年|逢|到|隔)|天天|夜夜|日夜|整夜|整晚|通宵|周末)"
    rf"的?[一二三四五六日末]?的?(?:{_PART}|夜晚|晚|早)?(?:{_CLOCK})?(?:(?:{_TO})(?:第二天|次日)?(?:{_PART})?(?:{_CLOCK}))?)"
    rf"|(?P<feast>{_HOLIDAY}(?:期间|当天|前后|那天|假期|放假|以来|以后))"
    rf"|(?P<dday>(?<=[在于从自其是到，。,：:\s])(?:[12][0-9]|3[01]|[1-9])[日号](?![0-9A-Za-z楼线院栋店门话井铺厂台馆仓地公车大小商桥]))"
    rf"|(?P<clock>(?:{_PART})(?:{_CLOCK})?|(?<![0-9:：.])(?:{_CLOCK}))"
    rf"(?P<until>(?:{_TO})(?:第二天|次日)?(?:{_PART})?(?:{_CLOCK}))?"
)
_AFTER = (
    rf"[,，的]?(?P<part>{_PART})?(?:[的约大概]{{0,2}}(?P<at>{_CLOCK}))?"
    rf"(?P<since>(?:份)?(?:以来|至今|到现在|到今|起|开始(?!前)|一直|直到现在|以后|之后|后(?!期|面|门)))?"
    r"(?P<before>之?前(?!后|往|台|面|来|去)|以前|前后)?"
)
_PLANNED = re.compile(
    r"(?:将[于在]?|计划[于在]?|预计[于在]?|定于|拟于|到期|截止|截[止至]?到?|最迟|最晚|承诺|约定|保证|等到|答应|"
    r"答复|有效期[至到]?|说[是好]?|于是|计划|准备)[^。！？!?]{0,2}$"
)
# A date beside these is of how it came about, or of a call made before, not of the matter.
_HISTORY = re.compile(
    r"购|买|签|交房|结婚|出生|毕业|参军|入伍|退休|入职|成立|创办|进入|认定|参加|办[理了]|退役|出台|发布|印发|实施|考取|转业"
)
_EARLIER_CALL = re.compile(r"拨打|反映|投诉|举报|咨询|来电|留言|回复|答复|申请|信访|受理")


class Moment(NamedTuple):
    """When an appeal came in; `clock` says whether the hour is known."""

    at: datetime
    clock: bool


class _Stretch(NamedTuple):
    """First and last day, the hour of the first, and whether it goes on."""

    first: date
    last: date
    hour: int | None = None
    open: bool = False


class _Candidate(NamedTuple):
    weight: float
    output: str


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
        found = _pattern().search(text, position)
        if found is None:
            break
        position = found.end()
        after = _after().match(text, position)
        assert_end = after.end() if after else position
        candidate = _read(text, found, after, now)
        if candidate is not None:
            position = max(position, assert_end)
            if best is None or candidate.weight > best.weight:
                best = candidate
    return best.output if best else None


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_EXPRESSIONS)


@cache
def _after() -> re.Pattern[str]:
    return re.compile(_AFTER)
