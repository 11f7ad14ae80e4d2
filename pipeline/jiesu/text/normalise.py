"""One normal form for matching, with every character's offset in the original kept.

Width, case and traditional characters are folded one to one, and every digit to 0: which number
it is says little of the matter, and no vocabulary should learn one. White space, control
characters, bidirectional marks, zero-width characters and emoji are dropped; runs of one
punctuation mark are cut to one. A whole batch is folded at once: texts lie behind one another in
one array of code points, with a 0 between them that no vocabulary contains.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

GAP = 0
"""The code point that stands between texts and where characters were masked."""

_TABLE_SIZE = sys.maxunicode + 1
DROPPED = np.uint32(0xFFFFFFFF)
"""What a table of code points holds for those that vanish."""

# Openings that every caller may or may not use; they say nothing of the matter.
_GREETING = re.compile(
    r"(?:(?:(?:尊敬的|敬爱的)?[^\x00,。?!:;、]{0,8}?"
    r"(?:领导|书记|市长|县长|区长|局长|主任)(?:们)?[,:!、]?)?"
    r"(?:您好|你们好|大家好|早上好|上午好|下午好|晚上好|你好(?![几多不像意])|喂(?=[,!。:您你]))"
    r"[啊呀哈]?[,。!:;、~]?)+"
)

# Variants that the tables leave alone because some words keep them (著名, 覆盖): for matching,
# one form everywhere will do.
_VARIANTS = {"覆": "复", "瞭": "了", "著": "着", "衞": "卫", "枱": "台"}


@dataclass(frozen=True, slots=True)
class NormalBatch:
    """A batch in normal form.

    codes: (m,) uint32 code points, a GAP before the first text and after every text.
    origin: (m,) int32 offset of each code point in its own original text.
    starts, ends: (n,) int64 bounds of each text in `codes`.
    text: the same code points as one string.
    """

    codes: NDArray[np.uint32]
    origin: NDArray[np.int32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    text: str

    def __len__(self) -> int:
        return len(self.starts)

    def row(self, index: int) -> str:
        """Return the normal form of one text."""
        return self.text[self.starts[index] : self.ends[index]]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original offsets of the non-empty stretch [start, end) of `codes`."""
        return int(self.origin[start]), int(self.origin[end - 1]) + 1


def _traditional_pairs() -> list[tuple[str, str]]:
    table = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8")
    pairs = []
    for line in table.splitlines():
        source, _, targets = line.partition("\t")
        target = targets.split(" ")[0]
        if len(source) == 1 and len(target) == 1:
            pairs.append((source, target))
    return pairs


@cache
def fold_table() -> NDArray[np.uint32]:
    """Return, for every code point, the one that it is matched as (0xFFFFFFFF: dropped)."""
    table = np.arange(_TABLE_SIZE, dtype=np.uint32)
    for source, target in _traditional_pairs():
        table[ord(source)] = ord(target)
    for source, target in _VARIANTS.items():
        table[ord(source)] = ord(target)
    table = table[table]  # 薴 is 苧, which is 苎
    for code in range(0x3400):
        char = chr(int(table[code]))
        lower = char.lower()
        if len(lower) == 1:
            table[code] = ord(lower)
        category = unicodedata.category(char)
        if category in ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me", "So", "Sk", "Co"):
            table[code] = DROPPED
    table[ord("0") : ord("9") + 1] = ord("0")
    table[0xFF01:0xFF5F] = table[0x21:0x7F]
    table[0x3000] = DROPPED
    table[0xD800:0xF900] = DROPPED  # surrogates and private use
    table[0xFE00:0xFE10] = DROPPED  # variation selectors
    table[0xFEFF] = DROPPED
    table[0xFFF0:0x10000] = DROPPED
    table[0x1F000:0x1FB00] = DROPPED  # emoji and pictographs
    table[0xE0000:] = DROPPED  # tags, variation selectors, private use
    table[GAP] = DROPPED
    return table


@cache
def _collapsible() -> NDArray[np.bool_]:
    """For every code point, whether a run of it is cut to one: punctuation and symbols."""
    table = np.zeros(_TABLE_SIZE, dtype=np.bool_)
    for code in (*range(0x3400), *range(0xFE30, 0xFF00)):
        if unicodedata.category(chr(code))[0] in "PS":
            table[code] = True
    return table


def _code_points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def normalise(
    texts: Sequence[str],
    *,
    keep: Sequence[Sequence[tuple[int, int]] | None] | None = None,
    greetings: bool = False,
    table: NDArray[np.uint32] | None = None,
) -> NormalBatch:
    """Fold a batch of texts. `keep` limits a text to spans of itself (the caller's turns).

    Openings such as 您好 are skipped unless `greetings` asks to keep them. table: what each code
    point becomes, fold_table() unless given.

    Offsets in the result point into the texts as given, in code points.
    """
    table = fold_table() if table is None else table
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    # A text with NULs of its own is safe: the table drops them before gaps are laid.
    raw = _code_points("".join(f"\0{text}" for text in texts) + "\0")
    first = np.empty(len(texts) + 1, dtype=np.int64)
    first[0] = 1
    np.cumsum(lengths + 1, out=first[1:])
    first[1:] += 1
    folded = table[raw]
    folded[0] = GAP
    folded[first[1:] - 1] = GAP
    if keep is not None:
        for row, spans in enumerate(keep):
            if spans is not None:
                _mask_outside(folded[first[row] : first[row + 1] - 1], spans)
    kept = np.flatnonzero(folded != DROPPED)
    codes = folded[kept]
    repeated = (codes[1:] == codes[:-1]) & _collapsible()[codes[1:]]
    if repeated.any():
        stay = np.flatnonzero(np.concatenate(([True], ~repeated)))
        codes, kept = codes[stay], kept[stay]
    bounds = np.searchsorted(kept, first[:-1] - 1)
    starts = bounds + 1
    ends = np.append(bounds[1:], len(codes) - 1)[: len(texts)]
    origin = np.zeros(len(codes), dtype=np.int32)
    origin[1:] = kept[1:] - np.repeat(first[:-1], ends - bounds)
    text = codes.tobytes().decode("utf-32-le")
    if not greetings and _skip_greetings(codes, text, starts, ends):
        text = codes.tobytes().decode("utf-32-le")
    return NormalBatch(codes, origin, starts, ends, text)


def _mask_outside(row: NDArray[np.uint32], spans: Sequence[tuple[int, int]]) -> None:
    position = 0
    for start, end in spans:
        row[position:start] = DROPPED
        if start > position > 0:
            row[start - 1] = GAP
        position = end
    row[position:] = DROPPED


def _skip_greetings(
    codes: NDArray[np.uint32], text: str, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> bool:
    """Blank the greetings and move each start behind its own, unless nothing else is left."""
    changed = False
    for row, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        head = text[start : start + 24]
        if "好" in head or head[:1] == "喂":
            found = _GREETING.match(text, start, min(end, start + 24))
            if found and found.end() < end:
                codes[start : found.end()] = GAP
                starts[row] = found.end()
                changed = True
    return changed
