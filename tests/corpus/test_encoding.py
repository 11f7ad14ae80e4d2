import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.encoding import (
    CHUNK,
    LINE_LIMIT,
    is_damaged,
    judge_encoding,
    lines,
    text_chunks,
)
from jiesu.errors import InputError

SAID = "小区门口的路灯坏了，已经半个月。\n"


def whole(data: bytes) -> str:
    return "".join(text_chunks(io.BytesIO(data)))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_the_encoding_is_found_out(encoding: str) -> None:
    bom = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    assert whole((bom + SAID * 3).encode(encoding)) == SAID * 3


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=60))
def test_chinese_text_is_told_apart(text: str) -> None:
    assert judge_encoding(text.encode("utf-8")) == "utf-8"
    # 工 has no form that is UTF-8 by chance, as 一 and a few others have.
    assert whole(("工" * len(text) + text).encode("gb18030")).endswith(text)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("before", [0, 1, CHUNK - 1, CHUNK, 3 * CHUNK + 7])
def test_the_first_odd_byte_may_come_late(encoding: str, before: int) -> None:
    text = "a" * before + SAID
    assert whole(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_characters_across_pieces_stay_whole(encoding: str) -> None:
    text = "x" + "路灯坏了" * (CHUNK // 4)
    assert whole(text.encode(encoding)) == text


def test_one_bad_line_spoils_itself_alone() -> None:
    data = SAID.encode() + "停电".encode("gb18030") + b"\n" + SAID.encode()
    found = whole(data).split("\n")
    assert [is_damaged(line) for line in found] == [False, True, False, False]


def test_a_gb18030_file_with_a_bad_line() -> None:
    data = SAID.encode("gb18030") + b"1,\xff\xff\n" + SAID.encode("gb18030")
    found = whole(data).split("\n")
    assert [is_damaged(line) for line in found] == [False, True, False, False]
    assert found[2] == SAID.strip()


def test_a_byte_cut_off_at_the_end_is_kept_as_damage() -> None:
    assert is_damaged(whole(SAID.encode() + "灯".encode()[:2]))


@given(st.binary(max_size=300))
def test_no_bytes_abort_and_ascii_bytes_stay(data: bytes) -> None:
    text = whole(b"," + data)
    assert text.count("\n") == data.count(b"\n")


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"])
def test_a_binary_file_under_a_text_name_is_refused(magic: bytes) -> None:
    with pytest.raises(InputError, match="expected text") as caught:
        whole(magic + b"\x00" * 20)
    assert caught.value.code == "bad_format"


@pytest.mark.parametrize(
    ("pieces", "found", "reason"),
    [
        (["a\nb\n"], ["a", "b"], "LF"),
        (["a\r", "\nb"], ["a", "b"], "CR LF across pieces"),
        (["a\rb\r", "c"], ["a", "b", "c"], "CR alone, where there is no LF"),
        (["a\rb\nc"], ["a\rb", "c"], "CR inside a line of an LF file"),
        (["a\u2028b\x0bc\n"], ["a\u2028b\x0bc"], "other separators are text"),
        (["\n\na"], ["", "", "a"], "blank lines"),
        (["a", "b", "\n", "c"], ["ab", "c"], "a line of many pieces"),
        ([], [], "nothing"),
    ],
)
def test_physical_lines(pieces: list[str], found: list[str], reason: str) -> None:
    assert list(lines(iter(pieces))) == found, reason


def test_a_line_without_end_is_cut_and_the_next_one_is_whole() -> None:
    pieces = ["x" * (LINE_LIMIT // 2)] * 5 + ["tail\nnext\n"]
    found = list(lines(iter(pieces)))
    assert [len(line) for line in found] == [LINE_LIMIT + 1, 4]
