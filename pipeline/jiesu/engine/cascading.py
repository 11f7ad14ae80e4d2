"""The encoder beside the linear tier: which appeals it reads, and what its reading changes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import Bundle, EncoderEntry, HeadEntry
from jiesu.engine.reading import Reading
from jiesu.errors import BundleError, ConfigError
from jiesu.heads.cascade import ALARM, Blend, Reach, pooled_columns
from jiesu.heads.linear import Floats
from jiesu.heads.pieces import original
from jiesu.heads.stretches import Cutting, Stretches
from jiesu.heads.transformer import TransformerTier
from jiesu.schema import Appeal, Flag, FlagKind, Tier

_LOG = logging.getLogger("jiesu")
_ALWAYS = 2.0


def open_cascade(bundle: Bundle, tier: Tier) -> Cascade | None:
    """Return the cascade of a bundle, None where the linear tier serves alone.

    It does if so wanted, if the bundle has no encoder, and, with a warning, if the encoder's files
    or the libraries that read them are missing. Raises BundleError for files that do not fit.
    """
    entry = bundle.manifest.encoder
    if tier == "linear" or entry is None:
        return None
    files = bundle.encoder_files()
    if files is None:
        _LOG.warning("bundle %s: files of the encoder are missing: tier linear", bundle.path.name)
        return None
    try:
        encoder = TransformerTier.load(*files, labels=dict(entry.labels), most=entry.pieces)
    except ConfigError as error:
        _LOG.warning("%s: tier linear", error.message)
        return None
    conduct = bundle.manifest.conduct
    if conduct is not None and conduct.kinds != entry.kinds:
        raise BundleError(
            "other_labels",
            f"encoder: found the kinds {entry.kinds}, expected those of conduct: {conduct.kinds}",
        )
    return Cascade(entry, encoder, bundle.manifest.heads, tier)


class Cascade:
    """Asks the encoder about some appeals and blends what it says into the heads."""

    def __init__(
        self, entry: EncoderEntry, encoder: TransformerTier, heads: Sequence[HeadEntry], tier: Tier
    ) -> None:
        self.tier: Tier = tier
        self._encoder = encoder
        self._kinds = entry.kinds
        self._stretches = Stretches(np.array(entry.flag), Cutting(*entry.cutting), entry.mix)
        self._reach = Reach(entry.sure, entry.special, entry.conduct, entry.sure_long, entry.long)
        if tier == "transformer":
            self._reach = Reach(dict.fromkeys(entry.sure, _ALWAYS), 0.0, -1.0)
        self._blends: dict[str, tuple[Blend, slice]] = {}
        self._normal: int | None = None
        self._alarm: int | None = None
        known = dict(entry.labels)
        for head in heads:
            found = entry.blends.get(head.name)
            if found is None:
                continue
            try:
                columns = pooled_columns(head.labels, known[head.name], head.pooled)
            except (KeyError, ValueError) as error:
                raise BundleError("other_labels", f"encoder, head {head.name}: {error}") from None
            blend = Blend(found.linear, found.encoder, columns)
            self._blends[head.name] = (blend, encoder.columns(head.name))
            if head.name == "disposition":
                self._normal = head.labels.index("normal")
                self._alarm = head.labels.index(ALARM) if ALARM in head.labels else None

    def settle(
        self,
        appeals: Sequence[Appeal],
        reading: Reading,
        judged: dict[str, Floats],
        suspicion: NDArray[np.float64],
    ) -> None:
        """Read what the linear tier leaves open; its probabilities and flags are replaced.

        judged: (n, k) by head, changed in place. suspicion: (n, k) the worst clause of each appeal
        by kind.
        """
        lengths = np.array([len(appeal.text) for appeal in appeals])
        asked = np.flatnonzero(
            self._reach.rows(judged, suspicion.max(axis=1), self._normal, lengths)
        )
        if not len(asked):
            return
        rows: list[int] = asked.tolist()
        seen = self._encoder.read(reading.prepared.batch, rows)
        for name, (blend, columns) in self._blends.items():
            scores = judged.get(name)
            if scores is None:
                continue
            linear = scores[asked]
            alarm = self._alarm if name == "disposition" else None
            blended = blend.heeding(linear, seen.whole[:, columns], alarm)
            if name in self._reach.sure:
                unsure = self._reach.unsure(name, linear, lengths[asked])
                scores[asked[unsure]] = blended[unsure]
                if self.tier == "cascade":  # the other tier is certified as one
                    reading.read[name] = set(asked[unsure].tolist())
            else:
                scores[asked] = blended
        reading.asked.update(rows)
        batch = reading.prepared.batch
        for place, row in enumerate(rows):
            # Of a middle too long for the encoder the linear tier's word stands.
            gap = seen.unread.get(place)
            before = reading.flags.pop(row, []) if gap else []
            flags = [flag for flag in before if gap and _within(flag, batch.original_span(*gap))]
            offends, pieces, cut = seen.offends[place], seen.stretches[place], seen.cuts[place]
            begins, bounds = seen.begins[place], original(cut, batch)
            # The worst clause may lie in that middle, and must not speak against what was read.
            worst = np.zeros(len(offends)) if gap else suspicion[row]
            found = self._stretches.scores(offends, pieces, worst)
            for kind in np.flatnonzero(found >= self._stretches.thresholds).tolist():
                text = appeals[row].text
                spans = self._stretches.spans(text, bounds, pieces[:, kind], begins[:, kind])
                flags += [_flag(text, span, self._kinds[kind], found[kind]) for span in spans]
            if flags:
                reading.flags[row] = sorted(flags, key=lambda flag: flag.start)
            else:
                reading.flags.pop(row, None)


def _within(flag: Flag, span: tuple[int, int]) -> bool:
    return flag.start < span[1] and flag.end > span[0]


def _flag(text: str, span: tuple[int, int], kind: FlagKind, score: float) -> Flag:
    start, end = span
    return Flag(
        kind=kind,
        actor="caller",
        start=start,
        end=end,
        text=text[start:end],
        confidence=round(float(score), 6),
    )
