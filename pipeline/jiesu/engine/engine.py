"""Engine: reads a batch once, asks the heads, and has the verdicts put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from jiesu.bundle import (
    Bundle,
    check_patterns_fit,
    check_tokeniser_fits,
    load_bundle,
)
from jiesu.corpus.history import History
from jiesu.corpus.read import Row, appeal_from, unreadable
from jiesu.decide.offices import StreetOrTown
from jiesu.engine.assemble import Assembler, Wanted
from jiesu.engine.build import collector_paused
from jiesu.engine.cascading import open_cascade
from jiesu.engine.catalogue import Catalogue
from jiesu.engine.conduct import ConductReader
from jiesu.engine.reading import Reading
from jiesu.errors import BundleError
from jiesu.heads.linear import Floats
from jiesu.heads.patterns import load_patterns
from jiesu.heads.prepare import prepare
from jiesu.jurisdiction import Jurisdiction, load_jurisdiction
from jiesu.resources import resource
from jiesu.schema import Appeal, Demand, FlagKind, Tier, Verdict
from jiesu.text.demands import may_hold_several, split_demands
from jiesu.text.lexicon import Lexicon, Match
from jiesu.text.places import Gazetteer, Place, merge
from jiesu.text.segment import Segmenter

BATCH = 512
"""Appeals read together. What is in a batch does not change any verdict of it."""

_CHARACTERS = 200_000
"""Characters read together: what a batch holds in memory grows with them."""

_NO_EXTRA: dict[str, Any] = {}
_REQUIRED_HEADS = ("type", "unit")


class Engine:
    """Scores appeals with one bundle and its jurisdiction.

    Holds no state between calls, so threads may share it. Raises BundleError if the bundle, the
    jurisdiction and the installed tokeniser do not fit together.
    """

    def __init__(
        self, bundle: Bundle, jurisdiction: Jurisdiction, *, tier: Tier = "cascade"
    ) -> None:
        tokeniser = bundle.manifest.tokeniser
        self._segmenter = Segmenter(bundle.words, backend=tokeniser.backend)
        check_tokeniser_fits(bundle.manifest, self._segmenter.words)
        self.bundle = bundle
        self.jurisdiction = jurisdiction
        self._tier = bundle.linear
        self._heads = {head.name: head for head in self._tier.heads}
        self._gazetteer = Gazetteer(jurisdiction)
        cues = [(rule.code, cue) for rule in jurisdiction.dispositions for cue in rule.cues]
        self._cue_codes = [code for code, _ in cues]
        self._cues = Lexicon([cue for _, cue in cues])
        groups, _ = load_patterns(resource("configs", "patterns", "risk.yaml"))
        risks = [(group.name, words) for group in groups for words in group.expressions]
        self._risk_names = [name for name, _ in risks]
        self._risks = Lexicon([words for _, words in risks])
        self._catalogue = Catalogue(bundle, jurisdiction, self._segmenter)
        self._offices = StreetOrTown(jurisdiction, self._catalogue.labels)
        self._tier.warm()
        self._conduct: ConductReader | None = None
        if bundle.conduct is not None:
            groups, patterns_hash = load_patterns(resource("configs", "patterns", "conduct.yaml"))
            check_patterns_fit(bundle.manifest, patterns_hash)
            self._conduct = ConductReader(bundle.conduct, groups)
        self._cascade = open_cascade(bundle, tier)

    @property
    def tier(self) -> Tier:
        """The tier that serves: the one wanted, or linear where no encoder can be read with."""
        return self._cascade.tier if self._cascade is not None else "linear"

    @cached_property
    def _assembler(self) -> Assembler:
        missing = [name for name in _REQUIRED_HEADS if name not in self._heads]
        if missing:
            raise BundleError(
                "missing_head",
                f"bundle {self.bundle.manifest.name}: found heads {sorted(self._heads)}, "
                f"expected also {missing}: it can be evaluated, not score appeals",
            )
        return Assembler(self.bundle, self.jurisdiction, self._catalogue, tier=self.tier)

    def certifies(self, head: str) -> bool:
        """Return whether the bundle's certificate of a head holds for whom it serves here."""
        return self._catalogue.certifies(head)

    def labels(self, head: str) -> tuple[str, ...]:
        """The labels of a head in the order of its probabilities; units are the catalogue's."""
        return self._catalogue.labels if head == "unit" else self._heads[head].labels

    def probabilities(self, appeals: Sequence[Appeal]) -> dict[str, Floats]:
        """Return every head's calibrated probabilities (n, k), as verdicts are made from."""
        rows = (_row(appeal, number) for number, appeal in enumerate(appeals, start=1))
        parts = []
        for part in _batches(rows, BATCH):
            read = [row.appeal or appeals[row.number - 1] for row in part]
            parts.append(self._judge(read, self._read(read)))
        return {
            head.name: np.concatenate([part[head.name] for part in parts])
            if parts
            else np.zeros((0, len(self.labels(head.name))), dtype=np.float32)
            for head in self._tier.heads
        }

    def score(
        self,
        appeals: Iterable[Appeal | Mapping[str, Any] | str],
        *,
        explain: bool = True,
        elements: bool = True,
        redact: bool = False,
        words: bool = False,
        history: History | None = None,
    ) -> list[Verdict]:
        """Return one verdict an appeal, in order. What cannot be scored is a verdict with `error`.

        A mapping may use any accepted column name; a string is a text without an id. What is not
        wanted of `explain` and `elements` is left empty; `redact` and `words` add their fields.
        Each appeal is compared with those of the `history`, then added to it.
        """
        rows = (_row(item, number) for number, item in enumerate(appeals, start=1))
        return list(
            self.stream(
                rows,
                explain=explain,
                elements=elements,
                redact=redact,
                words=words,
                history=history,
            )
        )

    def stream(
        self,
        rows: Iterable[Row],
        *,
        explain: bool = True,
        elements: bool = True,
        redact: bool = False,
        words: bool = False,
        history: History | None = None,
        batch: int = BATCH,
    ) -> Iterator[Verdict]:
        """Yield one verdict a row, in order, holding `batch` rows at a time, fewer if long."""
        wanted = Wanted(explain=explain, elements=elements, redact=redact, words=words)
        for part in _batches(rows, batch):
            appeals = [row.appeal for row in part if row.appeal is not None]
            verdicts = iter(self._score(appeals, wanted, history))
            for row in part:
                if row.appeal is None:
                    yield self._assembler.failed(row.id, row.error)
                else:
                    yield next(verdicts)

    def _score(
        self, appeals: Sequence[Appeal], wanted: Wanted, history: History | None
    ) -> list[Verdict]:
        if not appeals:
            return []
        assembler = self._assembler
        with collector_paused():
            reading = self._read(appeals)
            judged = self._judge(appeals, reading)
            reading.demands.update(self._demands(appeals, reading, judged["unit"]))
            if history is not None:
                found = enumerate(history.match_then_add_all(appeals))
                reading.repeats.update((row, one) for row, one in found if one is not None)
            return assembler.assemble(appeals, reading, judged, wanted)

    def _demands(
        self, appeals: Sequence[Appeal], reading: Reading, units: Floats
    ) -> dict[int, tuple[Demand, ...]]:
        """Return the demands of those appeals that state several for several units."""
        parts = [
            (row, start, end)
            for row, appeal in enumerate(appeals)
            if not appeal.turns and may_hold_several(appeal.text)
            for start, end in split_demands(appeal.text)
        ]
        if not parts:
            return {}
        said = [
            appeals[row].model_copy(update={"text": appeals[row].text[start:end]})
            for row, start, end in parts
        ]
        read = self._read(said)
        places = [
            merge(part, reading.places[row])
            for (row, _, _), part in zip(parts, read.places, strict=True)
        ]
        scores = self._heads["unit"].probabilities(read.margins)
        scores = self._catalogue.carry(scores, read.prepared, said)
        self._offices.settle(scores, places)
        return self._assembler.dispatcher.several(parts, scores, places, units.argmax(axis=1))

    def _judge(self, appeals: Sequence[Appeal], reading: Reading) -> dict[str, Floats]:
        judged = {name: head.probabilities(reading.margins) for name, head in self._heads.items()}
        worst = np.zeros((len(appeals), len(get_args(FlagKind))))
        if self._conduct is not None:
            flags, worst = self._conduct.read(appeals)
            reading.flags.update(flags)
        if self._cascade is not None:
            self._cascade.settle(appeals, reading, judged, worst)
        if "unit" in judged:
            reading.trained["unit"] = judged["unit"]
            judged["unit"] = self._catalogue.carry(judged["unit"], reading.prepared, appeals)
            self._offices.settle(judged["unit"], reading.places)
        return judged

    def _read(self, appeals: Sequence[Appeal]) -> Reading:
        prepared = prepare(
            [appeal.text for appeal in appeals],
            self._segmenter,
            transcripts={row for row, appeal in enumerate(appeals) if appeal.turns},
        )
        batch, hashed = prepared.batch, prepared.hashed
        margins, hits, scales = self._tier.margins(prepared)
        cues, risks = (
            _by_row(self._cues.find(batch, hashed)),
            _by_row(self._risks.find(batch, hashed)),
        )
        return Reading(
            prepared=prepared,
            margins=margins,
            hits=hits,
            scales=scales,
            places=self._places(appeals, self._gazetteer.locate(batch, hashed)),
            cues={
                row: [(self._cue_codes[match.entry], match.start, match.end) for match in matches]
                for row, matches in cues.items()
            },
            risks={
                row: [self._risk_names[match.entry] for match in matches]
                for row, matches in risks.items()
            },
        )

    def _places(self, appeals: Sequence[Appeal], read: list[Place]) -> list[Place]:
        """Complete what the texts say of the place by what the records' own fields say."""
        stated = [
            (row, " ".join(filter(None, (appeal.area, appeal.subdistrict, appeal.address))))
            for row, appeal in enumerate(appeals)
            if appeal.area or appeal.subdistrict or appeal.address
        ]
        if stated:
            found = self._gazetteer.locate_fields([fields for _, fields in stated])
            for (row, _), place in zip(stated, found, strict=True):
                read[row] = merge(place, read[row])
        return read


def _by_row(matches: Iterable[Match]) -> dict[int, list[Match]]:
    found: dict[int, list[Match]] = defaultdict(list)
    for match in matches:
        found[match.row].append(match)
    return found


def _batches(rows: Iterable[Row], most: int) -> Iterator[list[Row]]:
    """Cut rows into batches of `most` rows or _CHARACTERS characters, whichever comes first."""
    part: list[Row] = []
    size = 0
    for row in rows:
        part.append(row)
        size += len(row.appeal.text) if row.appeal is not None else 0
        if len(part) == most or size >= _CHARACTERS:
            yield part
            part, size = [], 0
    if part:
        yield part


def _row(item: Appeal | Mapping[str, Any] | str, number: int) -> Row:
    if isinstance(item, Appeal):
        error = unreadable(item.text)
        return Row(number, None if error else item, error, item.id, _NO_EXTRA)
    record = item if isinstance(item, Mapping) else {"text": item}
    return appeal_from(record, number=number)


def load(
    bundle: str | Path = "default",
    *,
    jurisdiction: str | Path | None = None,
    tier: Tier = "cascade",
) -> Engine:
    """Load an engine: a bundle ("default" or a folder) and the jurisdiction that it names.

    tier: who judges. `linear` alone; `transformer`, the encoder reads every appeal too; `cascade`,
    it reads what the linear tier leaves open. Raises BundleError or ConfigError with the reason.
    """
    loaded = load_bundle(bundle)
    source = jurisdiction or loaded.manifest.jurisdiction.partition("@")[0]
    return Engine(loaded, load_jurisdiction(source), tier=tier)
