"""Expressions of time resolve against the moment of receipt; what cannot keeps its wording."""

from __future__ import annotations

import re
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiesu.text.when import find_time, moment

FRIDAY = "2021-09-24T09:30:00"


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("小区今天停水", "2021-09-24", "a day counted from today"),
        ("昨晚十点多楼上装修", "2021-09-23T22", "ten in the evening is 22"),
        ("昨晚凌晨2点有人砸门", "2021-09-24T02", "the second half of the night is the next day"),
        ("前天上午去窗口办事", "2021-09-22", "a part of the day without a clock time"),
        ("刚才路口发生碰撞", "2021-09-24T09", "just now is the hour of receipt"),
        ("上周三去了大厅", "2021-09-15", "a weekday of last week"),
        ("这周末施工", None, "a weekend that has not come"),
        ("周六上午被罚", "2021-09-18", "a bare weekday is the last one"),
        ("上个月底停的暖气", "2021-08-21/2021-08-31", "the end of a month is its last third"),
        ("三天前灯就掉了", "2021-09-21", "so many days ago is a day"),
        ("两小时前停电", "2021-09-24T07", "so many hours ago is an hour"),
        ("一个月前装的", "2021-08-01/2021-08-31", "months ago are known to the month"),
        ("井盖三天没人修", "2021-09-21/..", "what goes on since then"),
        ("近半年总是停水", "2021-03-24/..", "half a year back"),
        ("从5月开始一直有异味", "2021-05-01/..", "the beginning of a month, still going on"),
        ("自8月27日停气至今没有修复", "2021-08-27/..", "until now stands further off"),
        ("5月至8月每天施工", "2021-05-01/2021-08-31", "two months joined"),
        ("9月1日到3日断网", "2021-09-01/2021-09-03", "a day joined to a date"),
        ("2018年5月3日买的票", "2018-05-03", "a full date, though of a purchase"),
        ("5月3号", "2021-05-03", "the last one that has passed"),
        ("12月12日早上", "2020-12-12", "December has not come this year"),
        ("2021-09-24 停电", "2021-09-24", "an ISO date"),
        ("2021.9.3停电", "2021-09-03", "dots"),
        ("二〇一九年五月起", "2019-05-01/..", "Chinese numerals"),
        ("２０１９年", None, "full-width digits are folded by the caller"),
        ("去年冬天暖气不热", "2020-12-01/2021-02-28", "a winter ends in the next year"),
        ("今年3月份的工资", "2021-03-01/2021-03-31", "a month of this year"),
        ("今年9月的账单", "2021-09-01/2021-09-24", "a month that has not ended ends today"),
        ("每晚10点施工", "每晚10点", "what recurs keeps its wording"),
        ("每天晚上十点至凌晨2点施工", "每天晚上十点至凌晨2点", "with both hours"),
        ("国庆期间没有水", "国庆期间", "holidays keep their wording"),
        ("凌晨两点多有人喊", "2021-09-24T02", "an hour of today that has passed"),
        ("晚上22:00还在响", "晚上22:00", "an hour that has not come may recur"),
        ("这几天总漏水", "这几天", "a vague number"),
        ("老板26号跑了。于26号停工", "2021-08-26", "a day of the month that has passed"),
        ("2016年买房，8月2日起漏水", "2021-08-02/..", "a purchase gives way to the matter"),
        ("明天下午3点停水吗", None, "tomorrow is not when it happened"),
        ("计划10月5日开工", None, "a plan"),
        ("承诺9月30日前恢复", None, "a limit"),
        ("请10天内处理", None, "a limit in days"),
        ("保修两年", None, "a length without a beginning"),
        ("20年产权", None, "a number of years is no year"),
        ("26号楼漏水", None, "a building is no day"),
        ("地铁3号线", None, "nor is a line"),
        ("孩子读三年级", None, "a school year"),
        ("2月30日", None, "no such day"),
        ("电话0898-66660000", None, "a telephone number"),
        ("", None, "nothing"),
    ],
)
def test_find_time(text: str, expected: str | None, reason: str) -> None:
    assert find_time(text, moment(FRIDAY)) == expected, reason


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("昨晚十点多吵", "昨晚十点多", "relative: the wording"),
        ("5月3号停电", "5月3号", "the year is not known"),
        ("井盖三天没人修", "三天", "a length: the wording"),
        ("2018年5月3日", "2018-05-03", "absolute all the same"),
        ("下周一开始", None, "ahead, whenever it came"),
    ],
)
def test_find_time_without_receipt(text: str, expected: str | None, reason: str) -> None:
    assert find_time(text, None) == expected, reason


@pytest.mark.parametrize(
    ("received_at", "expected", "reason"),
    [
        ("2021-09-24T20:00:00Z", "2021-09-25", "UTC is eight hours behind Beijing"),
        ("2021-09-24T20:00:00+08:00", "2021-09-24", "Beijing time"),
        ("2021-09-24", "2021-09-24", "a date alone"),
        ("24/09/21", "今天", "no ISO time: the wording"),
        ("", "今天", "nothing"),
        ("0001-01-01T00:00:00+09:00", "今天", "a time before all times"),
    ],
)
def test_receipt(received_at: str, expected: str, reason: str) -> None:
    assert find_time("今天停水", moment(received_at)) == expected, reason


def test_an_hour_is_not_made_up_from_a_date() -> None:
    assert find_time("两小时前停电", moment("2021-09-24")) == "2021-09-24"
    assert find_time("凌晨两点停电", moment("2021-09-24")) == "凌晨两点"


SIGNS = "0123456789一二三十两半年月日号天周点时前后到至自从每今昨明上下这个近没了，。 :-./"
WORDS = ("凌晨", "晚上", "开始", "以来", "国庆", "星期", "小时", "分钟", "多")
PIECES = st.lists(st.sampled_from([*SIGNS, *WORDS]), max_size=14).map("".join)


@given(text=PIECES | st.text(max_size=30), received=st.sampled_from([None, FRIDAY, "0001-01-01"]))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_past_time_its_wording_or_none(text: str, received: str | None) -> None:
    now = moment(received)
    found = find_time(text, now)
    if found is None or found in text:
        return
    written = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T\d\d)?(?:/(?:\.\.|(\d{4}-\d\d-\d\d)))?", found)
    assert written, "an ISO date, hour or interval"
    first = date.fromisoformat(written[1])
    assert now is None or first <= now.at.date()
    assert written[2] is None or first < date.fromisoformat(written[2])


@pytest.mark.parametrize("unit", ["1", "一", "2018年5月3日到", "自十点十", "每天晚上", "近", "-"])
def test_time_is_linear(unit: str) -> None:
    text = (unit * 10_000)[:10_000]
    find_time("", moment(FRIDAY))
    began = time.perf_counter()
    find_time(text, moment(FRIDAY))
    assert time.perf_counter() - began < 1.0
