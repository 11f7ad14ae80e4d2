"""Who called: one key however the number is written, none where nobody is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.corpus.callers import caller_key

SALT = b"0123456789abcdef"
NUMBER = "13900001234"


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (" 139 0000 1234 ", "spaced"),
        ("139-0000-1234", "hyphens"),
        ("+86 139-0000-1234", "country code"),
        ("008613900001234", "country code by zeros"),
        ("8613900001234", "country code alone"),
        ("１３９００００１２３４", "full width"),
    ],
)
def test_one_number_has_one_key(written: str, reason: str) -> None:
    assert caller_key(written, SALT) == caller_key(NUMBER, SALT) != 0, reason


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (None, "no column"),
        ("", "an empty cell"),
        ("  - ", "a dash for nothing"),
        ("/", "a stroke for nothing"),
        ("无", "said to be none"),
        ("匿名", "anonymous"),
        ("匿名来电", "anonymous, at length"),
        ("不愿透露", "anonymous by wish"),
        ("None", "an export's null"),
        ("00000000000", "noughts for nothing"),
        ("12345", "the line itself, which many are put through from"),
        ("139****1234", "masked by asterisks"),
        ("139＊＊＊＊1234", "masked by wide asterisks"),
        ("1XXXXXXXXXX", "masked by letters"),
        ("张先生", "a surname is many people's"),
        ("欧阳女士", "a surname of two characters"),
        ("李某", "a surname alone"),
    ],
)
def test_nobody_is_named(written: str | None, reason: str) -> None:
    assert caller_key(written, SALT) == 0, reason


@pytest.mark.parametrize(
    ("one", "two"),
    [(NUMBER, "13900001235"), ("0898-66001234", "66001234"), ("陈晓岚", "陈晓风"), ("u1", "u2")],
)
def test_two_callers_have_two_keys(one: str, two: str) -> None:
    assert 0 != caller_key(one, SALT) != caller_key(two, SALT) != 0


def test_another_salt_is_another_key() -> None:
    assert caller_key(NUMBER, SALT) != caller_key(NUMBER, SALT[::-1])


@given(st.text())
def test_any_text_has_a_key_of_32_bits(written: str) -> None:
    assert 0 <= caller_key(written, SALT) < 2**32
