import pytest

from jiesu.corpus.columns import (
    accepted_names,
    field_of,
    has_text_column,
    no_text_column,
    turn_field_of,
)
from jiesu.schema import Appeal
from jiesu.text.turns import speaker_names


@pytest.mark.parametrize(
    ("column", "field", "reason"),
    [
        ("工单编号", "id", "the contract's"),
        ("诉求编号", "id", "the contract's"),
        ("诉求内容", "text", "the contract's"),
        ("留言详情", "text", "the contract's"),
        ("来电时间", "received_at", "the contract's"),
        ("诉求来源", "channel", "the contract's"),
        ("标题", "title", "the contract's"),
        ("工单标题", "title", "the contract's"),
        ("留言主题", "title", "the contract's"),
        ("事发地址", "address", "the contract's"),
        ("诉求区域", "area", "the contract's"),
        ("辖区", "area", "the contract's"),
        ("镇街", "subdistrict", "the contract's"),
        ("诉求类型", "registered_type", "the contract's"),
        ("通话转写", "turns", "the contract's"),
        ("Work Order-ID", "id", "case, space and hyphen do not count"),
        ("ＴＥＸＴ", "text", "full width"),
        ("\ufeff工单编号", "id", "a byte order mark left in the heading"),
        (" 诉求 内容\n", "text", "white space anywhere"),
        ("诉求内容（必填）", "text", "a remark in brackets behind"),
        ("街道/乡镇", None, "a slash joins two names: not one of the table"),
        ("type", None, "a label column of the training data"),
        ("unit", None, "a label column"),
        ("source", None, "a data set's name, not the channel"),
        ("序号", None, "a line counter is no id"),
        ("联系地址", None, "where the caller lives is not where it happened"),
        ("", None, "a column without a name"),
        ("x" * 100_000, None, "a hostile name"),
    ],
)
def test_a_column_means_a_field(column: str, field: str | None, reason: str) -> None:
    assert field_of(column) == field, reason


@pytest.mark.parametrize("field", sorted(Appeal.model_fields))
def test_every_field_has_names_and_its_own_comes_first(field: str) -> None:
    names = accepted_names(field)
    assert names[0] == field
    assert {field_of(name) for name in names} == {field}


@pytest.mark.parametrize(
    ("name", "speaker"),
    [
        ("市民", "caller"),
        ("来电人", "caller"),
        ("坐席", "operator"),
        ("接线员", "operator"),
        ("客服", "operator"),
        ("话务员", "operator"),
        ("a", "unknown"),
        ("b", "unknown"),
        ("未知", "unknown"),
    ],
)
def test_speakers_of_the_table(name: str, speaker: str) -> None:
    assert speaker_names()[name] == speaker


def test_turn_keys() -> None:
    assert [turn_field_of(key) for key in ("role", "说话人", "content", "time")] == [
        "speaker",
        "speaker",
        "text",
        None,
    ]


def test_a_transcript_counts_as_text() -> None:
    assert has_text_column(["编号", "通话转写"])
    assert not has_text_column(["编号", "标题"])


def test_the_error_lists_what_was_found_and_what_is_accepted() -> None:
    error = no_text_column(["编号", "区"])
    assert error.code == "no_text_column"
    assert "编号, 区" in error.message
    assert "诉求内容" in error.message
    assert "通话转写" in error.message


def test_data_in_place_of_a_heading_is_not_shown() -> None:
    said = "小区门口的路灯坏了半个月没有人来修请尽快处理"
    message = no_text_column(["13900000000", said, *map(str, range(50))]).message
    assert "13900000000" not in message
    assert said not in message
    assert f"({len(said)} characters)" in message
    assert "and 22 more" in message


def test_a_file_without_a_heading_is_not_quoted_at_all() -> None:
    name, said = "张伟", "没人说话，只有电流声"
    message = no_text_column(["样本001", said, name]).message
    assert name not in message
    assert said not in message
    assert f"({len(name)} characters)" in message
