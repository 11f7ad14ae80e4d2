"""How a head sees an appeal: the caller's words, folded, in words, without personal data."""

from __future__ import annotations

import pytest

from jiesu.heads.prepare import Prepared, prepare
from jiesu.text.segment import Segmenter

PHONE = "13900000000"


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(["鲲湖坊"])


def words(prepared: Prepared, row: int = 0) -> list[str]:
    batch = prepared.batch
    bounds = zip(prepared.words[0].tolist(), prepared.words[1].tolist(), strict=True)
    return [batch.text[a:b] for a, b in bounds if batch.starts[row] <= a and b <= batch.ends[row]]


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("路燈壞了！！！", "路灯坏了!", "the normal form"),
        ("您好，路灯坏了", "路灯坏了", "without the greeting"),
        ("坐席：您好\n市民：路灯坏了", "路灯坏了", "the caller's words"),
        ("市民：路灯\n坐席：噪音\n市民：坏了", "路灯\0坏了", "what was left out leaves a gap"),
        ("坐席：您好\n坐席：请讲", "坐席:您好坐席:请讲", "no caller: all of it"),
        ("", "", "nothing"),
        ("姓名王小明", "姓名王小明", "personal data is masked in training alone"),
    ],
)
def test_what_is_read(segmenter: Segmenter, text: str, expected: str, reason: str) -> None:
    prepared = prepare([text], segmenter)
    assert prepared.batch.row(0) == expected, reason
    assert "".join(words(prepared)) == expected


def test_words_are_the_segmenters(segmenter: Segmenter) -> None:
    prepared = prepare(["", "我在鲲湖坊，路灯坏了"], segmenter)
    assert words(prepared, 0) == []
    assert words(prepared, 1) == segmenter.cut("我在鲲湖坊,路灯坏了")
    assert "鲲湖坊" in words(prepared, 1)


def test_one_transcript_masks_no_other_text(segmenter: Segmenter) -> None:
    texts = ["路灯坏了", "坐席：在哪\n市民：南门", "噪音扰民"]
    batch = prepare(texts, segmenter).batch
    assert [batch.row(row) for row in range(3)] == ["路灯坏了", "南门", "噪音扰民"]


@pytest.mark.parametrize(
    ("text", "left", "reason"),
    [
        (f"路灯坏了，电话{PHONE}，请修", ["路灯坏了,电话", ",请修"], "in a note"),
        (PHONE, [], "nothing else in it"),
        (f"坐席：电话\n市民：{PHONE}，南门", [",南门"], "in the caller's turn"),
        (f"坐席：是{PHONE}吗\n市民：是的，南门", ["是的,南门"], "in the operator's turn"),
        (f"{PHONE}和{PHONE}都打不通", ["和", "都打不通"], "twice"),
        ("路灯坏了", ["路灯坏了"], "none"),
    ],
)
def test_personal_data_is_blanked_for_training(
    segmenter: Segmenter, text: str, left: list[str], reason: str
) -> None:
    batch = prepare([text], segmenter, mask_personal=True).batch
    assert [part for part in batch.row(0).split("\0") if part] == left, reason


def test_no_texts(segmenter: Segmenter) -> None:
    prepared = prepare([], segmenter)
    assert len(prepared.batch) == 0
    assert len(prepared.words[0]) == 0
