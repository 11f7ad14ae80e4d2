"""Pieces of words that the encoder reads: cut from the normal form, with offsets into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from jiesu.text.ngrams import Ints
from jiesu.text.normalise import GAP, NormalBatch

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Cut(NamedTuple):
    """One text in pieces. ids, starts, ends: (p,), bounds in the batch's code points."""

    ids: Ints
    starts: Ints
    ends: Ints


class Pieces:
    """Cuts texts with a unigram tokenizer whose first pieces are <s> <pad> </s> <unk>."""

    BEGIN: ClassVar[int] = 0
    PAD: ClassVar[int] = 1
    END: ClassVar[int] = 2
    UNKNOWN: ClassVar[int] = 3

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read a tokenizer.json. Raises ImportError without the library that does."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_file(str(path)))

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def cut(self, batch: NormalBatch, rows: Sequence[int] | None = None) -> list[Cut]:
        """Cut the texts of a batch, or some of its rows, in order."""
        numbers = range(len(batch)) if rows is None else rows
        texts = as_written(batch, numbers)
        found = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        cuts = []
        for number, one in zip(numbers, found, strict=True):
            bounds = np.array(one.offsets, dtype=np.int64).reshape(-1, 2) + batch.starts[number]
            cuts.append(Cut(np.array(one.ids, dtype=np.int64), bounds[:, 0], bounds[:, 1]))
        return cuts


def original(cut: Cut, batch: NormalBatch) -> Cut:
    """Return a cut with its bounds in the original text in place of the batch."""
    ends = np.maximum(cut.ends - 1, 0)
    starts = batch.origin[cut.starts].astype(np.int64)
    return Cut(cut.ids, starts, batch.origin[ends].astype(np.int64) + 1)


def as_written(batch: NormalBatch, rows: Sequence[int] | None = None) -> list[str]:
    """Return texts in normal form, a space where something was left out."""
    numbers = range(len(batch)) if rows is None else rows
    return [batch.row(number).replace(chr(GAP), " ") for number in numbers]


def unigram_tokenizer(vocabulary: Sequence[tuple[str, float]]) -> Tokenizer:
    """Return a tokenizer over scored pieces; it cuts a text without altering it."""
    from tokenizers import Tokenizer
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace

    tokenizer = Tokenizer(Unigram(list(vocabulary), unk_id=Pieces.UNKNOWN))
    tokenizer.pre_tokenizer = Metaspace(replacement="▁", prepend_scheme="always")
    return tokenizer
