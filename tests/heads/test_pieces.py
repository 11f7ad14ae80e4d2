"""Pieces: cut from the normal form, every piece's bounds in the original."""

from __future__ import annotations

import pytest

from jiesu.heads.pieces import Pieces, as_written, original, unigram_tokenizer
from jiesu.text.normalise import normalise

VOCABULARY = [
    *((name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")),
    ("▁", -3.0),
    *((char, -8.0) for char in "路灯坏了没人修,0。x"),
    ("路灯", -5.0),
]


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(unigram_tokenizer(VOCABULARY))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("路灯坏了", ["路灯", "坏", "了"]),  # the longer piece is the better path
        ("　路 灯　坏了", ["路 灯", "坏", "了"]),  # white space is no word, and offsets span it
        ("路燈壞了", ["路燈", "壞", "了"]),  # traditional characters are read as simplified ones
        ("路灯！！！坏了", ["路灯", "！", "坏", "了"]),  # a run of punctuation is one
        ("坏了１２３", ["坏", "了", "１", "２", "３"]),  # digits are read as 0
    ],
)
def test_bounds_point_into_the_original(pieces: Pieces, text: str, words: list[str]) -> None:
    batch = normalise([text])
    (cut,) = pieces.cut(batch)
    own = original(cut, batch)
    found = [text[start:end] for start, end in zip(own.starts, own.ends, strict=True)]
    assert found[1:] == words  # the first piece is the mark that a text begins


def test_a_text_is_cut_alike_alone_and_among_others(pieces: Pieces) -> None:
    texts = ["路灯坏了", "没人修", "灯坏了,没人修。"]
    together = pieces.cut(normalise(texts))
    for text, cut in zip(texts, together, strict=True):
        (alone,) = pieces.cut(normalise([text]))
        assert alone.ids.tolist() == cut.ids.tolist()


def test_only_the_rows_asked_for_are_cut(pieces: Pieces) -> None:
    batch = normalise(["路灯", "坏了", "没人修"])
    chosen = pieces.cut(batch, [2, 0])
    assert [cut.ids.tolist() for cut in chosen] == [
        pieces.cut(batch)[2].ids.tolist(),
        pieces.cut(batch)[0].ids.tolist(),
    ]


def test_what_is_not_in_the_vocabulary_is_unknown_and_nothing_else_is(pieces: Pieces) -> None:
    (cut,) = pieces.cut(normalise(["灯饕坏"]))
    assert cut.ids.tolist().count(Pieces.UNKNOWN) == 1


def test_what_was_left_out_of_a_text_is_written_as_a_space() -> None:
    text = "路灯坏了没人修"
    assert as_written(normalise([text], keep=[[(0, 2), (4, 7)]])) == ["路灯 没人修"]
