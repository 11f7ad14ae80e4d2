from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.record import TEXT_LIMIT, appeal_from
from jiesu.schema import Appeal

SAID = "路灯坏了"


def appeal(record: dict[Any, Any]) -> Appeal:
    row = appeal_from(record, number=1)
    assert row.error is None, row.error
    assert row.appeal is not None
    assert row.appeal.id == row.id
    return row.appeal


def test_chinese_columns_become_the_contract() -> None:
    found = appeal(
        {
            "工单编号": 20180505549559,
            "诉求内容": SAID,
            "来电时间": "2018/5/5 8:03",
            "诉求来源": "12345热线",
            "工单标题": "路灯问题",
            "事发地址": "滨江路9号",
            "辖区": "甲区",
            "镇街": "乙街道",
            "诉求类型": "投诉",
            "关联工单": "A1、A2，A3",
        }
    )
    assert found == Appeal(
        id="20180505549559",
        text=f"路灯问题\n{SAID}",
        received_at="2018-05-05T08:03:00",
        channel="12345热线",
        title="路灯问题",
        address="滨江路9号",
        area="甲区",
        subdistrict="乙街道",
        registered_type="投诉",
        related_ids=("A1", "A2", "A3"),
    )


@pytest.mark.parametrize(
    ("title", "text", "joined", "reason"),
    [
        ("路灯", "门口黑", "路灯\n门口黑", "joined by a line end"),
        ("路灯", "路灯坏了", "路灯坏了", "not repeated where the text begins with it"),
        (" 路灯 ", "\n路灯坏了", "\n路灯坏了", "white space does not hide it"),
        ("路灯坏了。", "路灯坏了", "路灯坏了。\n路灯坏了", "the whole title must be there"),
        ("", "门口黑", "门口黑", "no title"),
        (None, "门口黑", "门口黑", "no title"),
    ],
)
def test_the_title_is_joined_to_the_text(
    title: str | None, text: str, joined: str, reason: str
) -> None:
    assert appeal({"title": title, "text": text}).text == joined, reason


def test_turns_without_text_become_the_text() -> None:
    found = appeal({"通话转写": "来电人：路灯坏了\n客服：在哪里", "标题": "路灯"})
    assert [(turn.speaker, turn.text) for turn in found.turns] == [
        ("caller", "路灯坏了"),
        ("operator", "在哪里"),
    ]
    assert found.text == "路灯\n市民：路灯坏了\n坐席：在哪里"


def test_a_text_stands_beside_turns() -> None:
    found = appeal({"text": SAID, "turns": [{"speaker": "caller", "text": "喂"}]})
    assert (found.text, len(found.turns)) == (SAID, 1)


def test_a_transcript_that_names_nobody_is_the_text() -> None:
    found = appeal({"通话转写": "路灯坏了\n请处理"})
    assert (found.text, found.turns) == ("路灯坏了\n请处理", ())


@pytest.mark.parametrize(
    ("record", "code", "found", "reason"),
    [
        ({}, "no_text", "", "nothing at all"),
        ({"text": ""}, "no_text", "", "empty"),
        ({"text": " \n\t　"}, "no_text", "", "blank"),
        ({"title": SAID}, "no_text", "", "a title alone"),
        ({"turns": []}, "no_text", "", "no turns"),
        ({"text": None, "turns": "  "}, "no_text", "", "neither"),
        ({"text": None}, "bad_type", "null", "the contract wants a text"),
        ({"text": 13812345}, "bad_type", "a number", "a number"),
        ({"text": True}, "bad_type", "true or false", "a truth value"),
        ({"text": ["秘密"]}, "bad_type", "a list", "a list"),
        ({"text": {"秘密": 1}}, "bad_type", "an object", "an object"),
        ({"text": b"abc"}, "bad_type", "bytes", "bytes"),
        ({"text": SAID, "turns": 3}, "bad_type", "turns: found a number", "turns that are none"),
        ({"text": SAID, "area": ["秘密"]}, "bad_type", "area: found a list", "another field"),
        ({"text": SAID, "id": {"a": 1}}, "bad_type", "id: found an object", "an id of no use"),
        ({"text": SAID, "id": True}, "bad_type", "id: found true or false", "an id of no use"),
        ({"text": SAID, "id": 10**400}, "bad_type", "id: found a number", "a number too long"),
        ({"text": SAID, "related_ids": [["秘密"]]}, "bad_type", "related_ids", "nested ids"),
        ({"text": "灯" * (TEXT_LIMIT + 1)}, "too_long", "1000001", "over the limit"),
    ],
)
def test_what_cannot_be_scored_is_an_error_row(
    record: dict[str, Any], code: str, found: str, reason: str
) -> None:
    row = appeal_from(record, number=7)
    assert row.appeal is None
    assert row.error is not None
    assert (row.error.code, row.number) == (code, 7), reason
    assert found in row.error.message
    assert "expected" in row.error.message
    assert "秘密" not in row.error.message
    assert row.id == "row-7"


@pytest.mark.parametrize("record", [None, 3, "text", ["text"]])
def test_what_is_no_object_is_an_error_row(record: Any) -> None:
    row = appeal_from(record, number=2)
    assert row.error is not None
    assert (row.error.code, row.id) == ("bad_type", "row-2")


def test_an_error_row_keeps_its_id_and_its_labels() -> None:
    row = appeal_from({"id": "A9", "text": "", "unit": "某局"}, number=1)
    assert (row.id, row.extra) == ("A9", {"unit": "某局"})


@pytest.mark.parametrize(
    ("value", "text", "reason"),
    [
        (20180505549559, "20180505549559", "an integer"),
        (20180505549559.0, "20180505549559", "pandas made it a float"),
        (float("nan"), "row-1", "pandas' missing value"),
        (None, "row-1", "missing"),
        ("  A1\t", "A1", "white space around"),
        ("", "row-1", "blank"),
        (Decimal("12"), "12", "a decimal of Parquet"),
        ("\ud800", "\ufffd", "a lone surrogate"),
    ],
)
def test_ids_are_text(value: Any, text: str, reason: str) -> None:
    assert appeal({"id": value, "text": SAID}).id == text, reason


@pytest.mark.parametrize(
    ("value", "iso", "raw"),
    [
        (datetime(2018, 5, 5, 8, 3), "2018-05-05T08:03:00", None),
        (date(2018, 5, 5), "2018-05-05", None),
        (20180505, "2018-05-05", None),
        ("上周五", None, "上周五"),
        (1525478580, None, "1525478580"),
        ("", None, None),
    ],
)
def test_the_time_is_iso_or_kept_raw_beside(value: Any, iso: str | None, raw: str | None) -> None:
    row = appeal_from({"text": SAID, "来电时间": value}, number=1)
    assert row.appeal is not None
    assert row.appeal.received_at == iso
    assert row.extra.get("received_at_raw") == raw


def test_the_first_filled_column_wins_and_the_other_is_not_lost() -> None:
    row = appeal_from({"内容": " ", "诉求内容": "甲", "留言详情": "乙"}, number=1)
    assert row.appeal is not None
    assert row.appeal.text == "甲"
    assert row.extra == {"留言详情": "乙"}


def test_labels_are_kept_as_they_are() -> None:
    labels = {"type": "complaint", "topic": ["甲", "乙"], "unit": None}
    assert appeal_from({"text": SAID, **labels}, number=1).extra == labels


def test_lone_surrogates_are_replaced_one_for_one() -> None:
    found = appeal({"text": "a\ud800b\udfff😀", "title": None, "address": "\udc80号"})
    assert found.text == "a\ufffdb\ufffd😀"
    assert found.address == "\ufffd号"
    found = appeal({"turns": [{"speaker": "caller", "text": "\ud800"}]})
    assert found.text == "市民：\ufffd"


@pytest.mark.parametrize("text", ["\0", "a\0b", "😀", "\u200b", "=cmd|' /C calc'!A0"])
def test_odd_texts_stay_as_they_are(text: str) -> None:
    assert appeal({"text": text}).text == text


def test_the_longest_text_is_taken() -> None:
    assert len(appeal({"text": "灯" * TEXT_LIMIT}).text) == TEXT_LIMIT


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=20)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
columns = st.sampled_from(["id", "工单编号", "text", "内容", "turns", "title", "来电时间", "area"])


@given(st.dictionaries(columns | st.text(max_size=8), anything, max_size=8), st.integers(1, 99))
def test_any_record_gives_an_appeal_or_an_error(record: dict[str, Any], number: int) -> None:
    row = appeal_from(record, number=number)
    assert row.number == number
    assert (row.appeal is None) != (row.error is None)
    row.id.encode()
    if row.appeal is not None:
        again = appeal_from(row.appeal.model_dump(), number=number)
        assert again.appeal == row.appeal
