"""How every head sees an appeal, in training, measuring and scoring alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jiesu.text.ngrams import Hashed, Ints, hash_codes
from jiesu.text.normalise import NormalBatch, normalise
from jiesu.text.segment import Segmenter
from jiesu.text.turns import caller_spans

Bounds = tuple[Ints, Ints]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch of the callers' words: normal form, hashes of it, bounds of every word."""

    batch: NormalBatch
    hashed: Hashed
    words: Bounds


def prepare(
    texts: Sequence[str],
    segmenter: Segmenter,
    *,
    transcripts: Collection[int] = (),
    mask_personal: bool = False,
) -> Prepared:
    """Fold, hash and segment a batch. In a transcript only the caller's turns are kept.

    transcripts: numbers of the texts that are known to be one.

    mask_personal: blank personal data first, so that no vocabulary can learn it.
    """
    keep = [caller_spans(text, known=row in transcripts) for row, text in enumerate(texts)]
    if mask_personal:
        keep = [
            _without_personal([(0, len(text))] if spans is None else spans, text)
            for spans, text in zip(keep, texts, strict=True)
        ]
    batch = normalise(texts, keep=keep if any(spans is not None for spans in keep) else None)
    return Prepared(batch, hash_codes(batch.codes), segmenter.boundaries(batch))


def _without_personal(spans: Sequence[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    # Only training masks; scoring should not wait for these expressions to compile.
    from jiesu.text.redact import find_personal_data

    left: list[tuple[int, int]] = []
    personal = [(item.start, item.end) for item in find_personal_data(text)]
    for start, end in spans:
        position = start
        for cut_start, cut_end in personal:
            if position < cut_end and cut_start < end:
                left.append((position, max(position, cut_start)))
                position = min(end, cut_end)
        left.append((position, end))
    return [span for span in left if span[1] > span[0]]
