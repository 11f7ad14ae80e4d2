"""What Han characters sound like, without tones: homophones become one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HAN_FIRST, HAN_LAST = 0x4E00, 0x9FFF
HAN_COUNT = HAN_LAST - HAN_FIRST + 1
_PRIVATE_USE = 0xE000
MOST_SYLLABLES = 0xF8FF - _PRIVATE_USE


class Syllables:
    """The sound of each Han character: table (20992,) of syllable numbers, 0 for none.

    A sound is written as a code point of the private use area, so that a text of sounds is a text.
    """

    def __init__(self, table: NDArray[np.uint16]) -> None:
        if table.shape != (HAN_COUNT,) or int(table.max(initial=0)) > MOST_SYLLABLES:
            raise ValueError(
                f"found {table.shape} syllables up to {table.max(initial=0)}, "
                f"expected ({HAN_COUNT},) up to {MOST_SYLLABLES}"
            )
        self.table = table

    def of(self, codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return what each code point sounds like; what is no Han character stays itself."""
        sounds = codes.copy()
        han = np.flatnonzero((codes >= HAN_FIRST) & (codes <= HAN_LAST))
        heard = self.table[codes[han] - HAN_FIRST].astype(np.uint32)
        sounds[han] = np.where(heard > 0, heard + np.uint32(_PRIVATE_USE), codes[han])
        return sounds

    def spell(self, text: str) -> str:
        """Return a text by its sounds."""
        codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
        return self.of(codes).tobytes().decode("utf-32-le")
