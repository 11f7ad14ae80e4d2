"""What pages are put together from: filters, charts, evidence, times, words, looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest

from jiesu.decide.route import ROUTE_REASONS
from jiesu.decide.triage import REASONS
from jiesu.resources import package_folder
from jiesu.schema import (
    TYPE_CODES,
    Action,
    DispositionCode,
    Evidence,
    Explanation,
    FlagKind,
    PiiSpan,
    RiskLevel,
    Route,
    Speaker,
    Tier,
)
from jiesu.serve.pages import charts
from jiesu.serve.pages.charts import Datum
from jiesu.serve.pages.evidence import KINDS, MOST_MARKS, evidence_of
from jiesu.serve.pages.filters import Wanted
from jiesu.serve.pages.look import local
from jiesu.serve.pages.queue import level_of
from jiesu.serve.pages.render import percent, plain
from jiesu.serve.pages.times import clock, day_of, moment_of, span, start_of
from jiesu.serve.pages.words import CATALOGUES, sayer
from jiesu.store import ROLES, SCOPES, AppealRecord, CaseKind
from store_rows import verdict

PLACE = re.compile(r"\{(\w+)\}")


def used_keys() -> set[str]:
    """Return every message that templates and pages name in full."""
    found: set[str] = set()
    for folder, pattern in (("templates", "*.html"), ("pages", "*.py")):
        for path in package_folder("serve", folder).glob(pattern):
            found |= set(re.findall(r"say\(['\"]([\w.]+)['\"][,)]", path.read_text("utf-8")))
    return found


def test_both_catalogues_say_the_same_things() -> None:
    chinese, english = CATALOGUES["zh"], CATALOGUES["en"]
    assert set(chinese) == set(english)
    differing = [
        key
        for key in chinese
        if set(PLACE.findall(chinese[key])) != set(PLACE.findall(english[key]))
    ]
    # What depends on who fills it in: a certificate without a threshold names none.
    assert differing == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_every_message_that_is_used_is_there(language: str) -> None:
    assert used_keys() > {"queue.title", "case.accept", "export.download"}
    assert used_keys() - set(CATALOGUES[language]) == set()


CODES: Mapping[str, tuple[str, ...]] = {
    "type": TYPE_CODES,
    "disposition": get_args(DispositionCode),
    "route": get_args(Route),
    "route_reason": tuple(ROUTE_REASONS),
    "risk": get_args(RiskLevel),
    "flag": get_args(FlagKind),
    "reason": (*REASONS, "objection"),
    "reason_in_full": tuple(REASONS),
    "tier": get_args(Tier),
    "action": get_args(Action),
    "speaker": get_args(Speaker),
    "mark": KINDS,
    "role": ROLES,
    "scope": SCOPES,
    "kind": get_args(CaseKind),
}


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("language", CATALOGUES)
def test_every_code_has_a_name(language: str, kind: str) -> None:
    missing = [code for code in CODES[kind] if f"{kind}.{code}" not in CATALOGUES[language]]
    assert missing == []


def test_filters_read_what_an_address_says() -> None:
    wanted = Wanted.of(
        {"type": "help", "since": "2026-11-01", "until": "2026-11-02", "confidence": "middle"}
    )
    found = wanted.filters()
    assert found.type == "help"
    assert found.since == datetime(2026, 10, 31, 16, tzinfo=UTC)
    # The last day is within.
    assert found.until == datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert (found.least_confidence, found.most_confidence) == (0.5, 0.8)
    assert Wanted.of_query(wanted.query) == wanted


def test_filters_that_cannot_be_read_want_all() -> None:
    wanted = Wanted.of({"since": "tomorrow", "confidence": "very", "kind": "gold", "page": "2"})
    assert wanted == Wanted()
    assert wanted.query == ""


def test_only_administrators_filter_by_kind() -> None:
    assert Wanted.of({"kind": "audit"}).filters().kind is None
    assert Wanted.of({"kind": "audit"}, sees_kinds=True).filters().kind == "audit"


def test_columns_stand_on_the_same_ground() -> None:
    chart = charts.columns([Datum("a", 10, 4), Datum("b", 0), Datum("c", 5, 5)])
    grounds = {round(bar.y + bar.size, 3) for bar in chart.bars}
    assert len(grounds) == 1
    assert chart.bars[0].size == pytest.approx(2 * chart.bars[2].size)
    assert chart.bars[2].first == chart.bars[2].size
    assert [tick.label for tick in chart.ticks] == ["0", "5", "10"]
    assert all(bar.x >= 0 and bar.x + bar.thickness <= chart.width for bar in chart.bars)


def test_rows_draw_the_first_and_list_all() -> None:
    chart = charts.rows([Datum(f"单位{n}", 100 - n) for n in range(30)], most=10)
    assert len(chart.bars) == 10
    assert len(chart.data) == 30
    assert chart.sum == sum(100 - n for n in range(30))
    assert all(bar.x + bar.size <= chart.width for bar in chart.bars)


def test_a_chart_of_nothing() -> None:
    for made in (charts.columns([]), charts.rows([])):
        assert made.sum == 0
        assert made.greatest is None


@pytest.mark.parametrize(("most", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (9, 10), (101, 200)])
def test_the_scale_is_round_and_even(most: int, top: int) -> None:
    assert charts.scale(most) == top


def test_long_names_are_shortened_by_width() -> None:
    assert charts.shortened("短", 4) == "短"
    assert charts.shortened("海口市公共交通集团有限公司", 6) == "海口市公共…"
    assert charts.shortened("abcdefgh", 5) == "abcdefgh"


def record(text: str, **fields: object) -> AppealRecord:
    made = verdict("a").model_copy(update=fields)
    now = datetime.now(UTC)
    return AppealRecord(
        id="a",
        text=text,
        is_transcript=False,
        title=None,
        address=None,
        channel=None,
        area=None,
        subdistrict=None,
        registered_type=None,
        related_ids=(),
        received_at=None,
        received=now,
        stored_at=now,
        key_id=None,
        has_original=False,
        version=1,
        verdict=made,
    )


def test_evidence_is_marked_in_place_and_nothing_is_lost() -> None:
    why = Explanation(
        type=(Evidence(text="坏了", weight=1.0, start=2, end=4),),
        unit=(Evidence(text="路灯坏", weight=1.0, start=0, end=3),),
    )
    found = evidence_of(record("路灯坏了三天", explanation=why))
    (block,) = found.blocks
    assert "".join(piece.text for piece in block.pieces) == "路灯坏了三天"
    assert [(piece.text, piece.kinds) for piece in block.pieces] == [
        ("路灯", ("unit",)),
        ("坏", ("type", "unit")),
        ("了", ("type",)),
        ("三天", ()),
    ]
    assert found.kinds == ("type", "unit")
    assert not found.is_dialogue


def test_turns_are_blocks_with_a_speaker() -> None:
    found = evidence_of(record("坐席：您好\n市民：路灯坏了\n坐席：好的"))
    assert [block.speaker for block in found.blocks] == ["operator", "caller", "operator"]
    assert "".join(piece.text for piece in found.blocks[1].pieces) == "路灯坏了"


def test_evidence_goes_before_personal_data_where_there_is_too_much() -> None:
    marks = MOST_MARKS + 50
    text = "[手机号]" * marks + "路灯"
    pii = tuple(PiiSpan(kind="mobile", start=11 * n, end=11 * n + 11) for n in range(marks))
    end = 11 * marks
    why = Explanation(type=(Evidence(text="路灯", weight=1.0, start=end, end=end + 2),))
    found = evidence_of(record(text, explanation=why, pii=pii))
    pieces = found.blocks[0].pieces
    assert "".join(piece.text for piece in pieces) == text
    assert pieces[-1].kinds == ("type",)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=-5), "刚刚"),
        (timedelta(seconds=59), "刚刚"),
        (timedelta(minutes=3, seconds=50), "3 分钟"),
        (timedelta(hours=23, minutes=59), "23 小时"),
        (timedelta(days=40), "40 天"),
    ],
)
def test_lengths_of_time(length: timedelta, said: str) -> None:
    assert span(length, sayer("zh")) == said


def test_moments_are_those_of_beijing() -> None:
    now = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
    assert clock(now, now=now) == "11-03 04:00"
    assert clock(datetime(2025, 12, 31, 15, 59, tzinfo=UTC), now=now) == "2025-12-31 23:59"
    assert clock(None) == ""
    assert start_of(date(2026, 11, 3)) == datetime(2026, 11, 2, 16, tzinfo=UTC)
    assert moment_of("2026-11-03T04:00:00") == now
    assert moment_of("soon") is None
    assert day_of("2026-13-01") is None


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (None, 0, "—"),
        (0.0, 0, "0%"),
        (1.0, 0, "100%"),
        (0.999, 0, "99%"),
        (0.99999, 1, "99.9%"),
        (0.001, 0, "<1%"),
        (0.345, 1, "34.5%"),
    ],
)
def test_shares_are_never_rounded_to_certainty(value: float | None, digits: int, said: str) -> None:
    assert percent(value, digits=digits) == said


def test_controls_are_made_visible_and_offsets_stay() -> None:
    text = "a\u202eb\x07c\nd\te"
    assert plain(text) == "a\ufffdb\ufffdc\nd\te"
    assert plain(None) == ""


def test_levels() -> None:
    assert level_of(("maybe_emergency",), "none", flagged=False) == "urgent"
    assert level_of((), "urgent", flagged=False) == "urgent"
    assert level_of(("type_unsure",), "none", flagged=True) == "watch"
    assert level_of(("type_unsure",), "none", flagged=False) == "plain"


def test_only_paths_of_this_site_are_followed() -> None:
    assert local("/queue?type=help") == "/queue?type=help"
    for path in (None, "", "queue", "//x", "/\\x", "/a\nb", "http://x/", "/a\\b"):
        assert local(path, otherwise="/safe") == "/safe"
