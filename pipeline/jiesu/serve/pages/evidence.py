"""A stored text with its evidence, cut into turns and pieces that a template can mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from jiesu.review.marks import Mark, MarkKind, marks, segments
from jiesu.schema import Speaker
from jiesu.store import AppealRecord

KINDS: tuple[MarkKind, ...] = get_args(MarkKind)
"""Every kind of mark, in the order of the legend."""

MOST_MARKS = 400
"""More marks than these explain nothing any more; those of personal data give way first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch under the same marks. kinds: of the marks, in the order of the legend."""

    text: str
    kinds: tuple[MarkKind, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One turn of a call, or the whole of a text without speakers."""

    speaker: Speaker | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a case shows of its text. kinds: those that occur, for the legend."""

    blocks: tuple[Block, ...]
    kinds: tuple[MarkKind, ...]

    @property
    def is_dialogue(self) -> bool:
        """Whether it is known who says what."""
        return any(block.speaker is not None for block in self.blocks)


def evidence_of(record: AppealRecord) -> Evidence:
    """Return the text of a stored appeal with what speaks for its verdict."""
    found = _most_telling(marks(record.verdict, record.text))
    turns: list[tuple[Speaker | None, int, int]] = list(record.turns())
    blocks = tuple(
        Block(speaker, tuple(_pieces(record.text, found, start, end)))
        for speaker, start, end in turns or [(None, 0, len(record.text))]
    )
    present = {kind for block in blocks for piece in block.pieces for kind in piece.kinds}
    return Evidence(blocks, tuple(kind for kind in KINDS if kind in present))


def _pieces(text: str, found: list[Mark], start: int, end: int) -> Iterator[Piece]:
    for one in segments(text, found, start=start, end=end):
        kinds = {mark.kind for mark in one.marks}
        yield Piece(text[one.start : one.end], tuple(kind for kind in KINDS if kind in kinds))


def _most_telling(found: list[Mark]) -> list[Mark]:
    if len(found) <= MOST_MARKS:
        return found
    # A stable sort: evidence first, personal data behind it, each in the order of the text.
    return sorted(found, key=lambda mark: mark.kind == "pii")[:MOST_MARKS]
