"""Words: jieba behind one interface, with the jurisdiction's dictionary.

`rjieba` (the same dictionary and HMM in Rust) is the default because it is some twenty times
faster; `tests/text/test_segment.py` shows where the two differ. `jieba` is built as an own
Tokenizer, so that nobody else's dictionary in the process is touched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jiesu.errors import ConfigError
from jiesu.text.normalise import NormalBatch, normalise

Backend = Literal["rjieba", "jieba"]
BACKENDS: tuple[Backend, ...] = ("rjieba", "jieba")


class Segmenter:
    """Cuts text into words that joined give the text again.

    After construction nothing changes, so one instance serves many threads; it pickles by its
    arguments, so a process pool builds its own. Raises ConfigError for an unknown back end.
    """

    def __init__(self, words: Iterable[str] = (), *, backend: Backend = "rjieba") -> None:
        if backend not in BACKENDS:
            raise ConfigError(
                "unknown_backend",
                f"segmenter: found {backend!r}, expected one of {', '.join(BACKENDS)}",
            )
        self.backend = backend
        folded = normalise(list(words), greetings=True)
        # The text to be cut is in normal form, so only words in normal form can be found in it.
        self.words = tuple(sorted({folded.row(row) for row in range(len(folded))} - {""}))
        self._cut = _rjieba_cut(self.words) if backend == "rjieba" else _jieba_cut(self.words)

    def __reduce__(self) -> tuple[Callable[..., Segmenter], tuple[tuple[str, ...], Backend]]:
        return _rebuild, (self.words, self.backend)

    def cut(self, text: str) -> list[str]:
        """Return the words of one text; joined they are the text."""
        return self._cut(text)

    def boundaries(self, batch: NormalBatch) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return start and end in `batch.codes` of every word of every text, in order."""
        text, cut = batch.text, self._cut
        lengths: list[int] = []
        counts: list[int] = []
        for start, end in zip(batch.starts.tolist(), batch.ends.tolist(), strict=True):
            words = cut(text[start:end])
            lengths.extend(map(len, words))
            counts.append(len(words))
        sizes = np.array(lengths, dtype=np.int64)
        ends = np.cumsum(sizes)
        per_row = np.array(counts, dtype=np.int64)
        # Word lengths run on from text to text; shift each text's words to where it lies.
        ends += np.repeat(batch.starts - _before(ends, per_row), per_row)
        return ends - sizes, ends


def _before(ends: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of word lengths before each text."""
    last = np.cumsum(counts)
    padded = np.concatenate(([0], ends))
    before: NDArray[np.int64] = padded[last - counts]
    return before


def _rebuild(words: tuple[str, ...], backend: Backend) -> Segmenter:
    return Segmenter(words, backend=backend)


def _rjieba_cut(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    import rjieba

    tokenizer = rjieba.Jieba()
    for word in words:
        # No frequency: as in jieba, the smallest that keeps the word whole.
        tokenizer.add_word(word, None, None)
    cut: Callable[[str], list[str]] = tokenizer.cut
    return cut


def _jieba_cut(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    import jieba

    # jieba's import attaches a DEBUG handler to its logger.
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # The process-wide cache file in the shared temp folder could belong to someone else.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in words:
        tokenizer.add_word(word)
    cut: Callable[[str], list[str]] = tokenizer.lcut
    return cut
