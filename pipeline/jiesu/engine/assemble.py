"""Puts verdicts together from a reading and the heads' probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from jiesu.bundle import Bundle, ThresholdEntry
from jiesu.decide.advisory import advise
from jiesu.decide.due import due, due_rule
from jiesu.decide.triage import triage
from jiesu.engine.build import build, fields_of
from jiesu.engine.catalogue import Catalogue
from jiesu.engine.dispatching import Dispatcher
from jiesu.engine.explain import explanations, words_in_duty
from jiesu.engine.judging import Judge, Judgement
from jiesu.engine.reading import Reading
from jiesu.errors import BundleError
from jiesu.heads.linear import Floats
from jiesu.jurisdiction import Jurisdiction, TimeLimit
from jiesu.schema import (
    TYPE_CODES,
    Advisory,
    Appeal,
    Decision,
    Dispatch,
    DispositionCode,
    Elements,
    ErrorInfo,
    Explanation,
    ModelInfo,
    Repeated,
    Span,
    Tier,
    Topic,
    TypeCode,
    TypeVerdict,
    Verdict,
)
from jiesu.text.elements import find_elements
from jiesu.text.ngrams import Ints
from jiesu.text.places import Place
from jiesu.text.turns import caller_spans

_TOP = 5
_NEVER = 2.0

_VERDICT = fields_of(Verdict)
_TYPE = fields_of(TypeVerdict)
_TOPIC = fields_of(Topic)
_DECISION = fields_of(Decision)
_EXPLANATION = fields_of(Explanation)

# Values that are the same in many verdicts are one object: they are frozen.
_ADVISORY, _ELEMENTS, _NO_EXPLANATION = Advisory(), Elements(), Explanation()
_AUTO = Decision(action="auto")
_NOT_JUDGED = TypeVerdict(code=None, name=None, confidence=0.0)


class Wanted(NamedTuple):
    """Which parts of a verdict are asked for."""

    explain: bool = True
    elements: bool = True
    redact: bool = False
    words: bool = False


class _Row(NamedTuple):
    """What is known of one appeal of a batch. types: all scores; units, scores: the best labels."""

    appeal: Appeal
    best: int
    types: list[float]
    type_set: tuple[TypeCode, ...]
    units: list[int]
    scores: list[float]
    set_size: int
    topic: Topic | None
    judgement: Judgement
    why: Explanation
    has_words: bool


class Assembler:
    """Turns probabilities into verdicts of one bundle and jurisdiction."""

    def __init__(
        self,
        bundle: Bundle,
        jurisdiction: Jurisdiction,
        catalogue: Catalogue,
        *,
        tier: Tier = "linear",
    ) -> None:
        self._jurisdiction = jurisdiction
        self._catalogue = catalogue
        manifest = bundle.manifest
        heads = {head.name: head for head in bundle.linear.heads}
        self._tier = bundle.linear
        self._thresholds = _in_force(manifest.thresholds_of(tier), catalogue)
        self._read_thresholds = _in_force(manifest.read_thresholds(), catalogue)
        types = {item.code: item for item in jurisdiction.types}
        chosen = [types[code] for code in TYPE_CODES if code in heads["type"].labels]
        self._codes = [item.code for item in chosen]
        if tuple(self._codes) != heads["type"].labels:
            raise BundleError(
                "other_labels",
                f"head type: found {heads['type'].labels}, expected an order of {TYPE_CODES}",
            )
        self._names = [item.name for item in chosen]
        self._sets: dict[int, tuple[TypeCode, ...]] = {}
        self._judge = Judge(bundle, jurisdiction, tier=tier)
        self._judge.floors["unit"] = catalogue.floors(self._judge.floors["unit"])
        self.dispatcher = Dispatcher(jurisdiction, catalogue.labels)
        topics = dict[str, str]()
        for topic in jurisdiction.topics:
            topics |= dict.fromkeys((topic.name, *topic.aliases), topic.name)
        labels = heads["topic"].labels if "topic" in heads else ()
        self._topic_names = [topics.get(label) for label in labels]
        self._scripts = {kind: script for script in jurisdiction.advice for kind in script.kinds}
        self._limit = lru_cache(maxsize=4096)(self._find_limit)
        # What the encoder has read names the tier that serves, the rest the linear one.
        self._asked = ModelInfo(
            bundle=manifest.name,
            version=f"{manifest.version}+{bundle.content_hash[:12]}",
            tier=tier,
            labels={head.name: head.labels_hash[:12] for head in manifest.heads},
            jurisdiction=f"{jurisdiction.catalogue}+{jurisdiction.content_hash[:12]}",
        )
        self._model = self._asked.model_copy(update={"tier": "linear"})

    def failed(self, appeal_id: str, error: ErrorInfo | None) -> Verdict:
        """Return the verdict of an appeal that could not be scored: accepted, and for review."""
        return Verdict(
            id=appeal_id,
            error=error,
            type=_NOT_JUDGED,
            dispatch=Dispatch(
                route="none",
                unit=None,
                function=None,
                area=None,
                subdistrict=None,
                confidence=0.0,
                catalogue=self._jurisdiction.catalogue,
                reason="error",
            ),
            disposition=self._judge.unjudged,
            decision=Decision(action="review", reasons=("error",), priority=2.0),
            model=self._model,
        )

    def assemble(
        self,
        appeals: Sequence[Appeal],
        reading: Reading,
        probabilities: Mapping[str, Floats],
        wanted: Wanted,
    ) -> list[Verdict]:
        """Return the verdicts of a batch, in order. probabilities: by head, (n, k)."""
        types, units = probabilities["type"], probabilities["unit"]
        best = types.argmax(axis=1)
        order = top_columns(units, _TOP)
        chosen, new = dict[str, Ints](), dict[int, str]()
        if wanted.explain:
            speakers = self._catalogue.speakers(reading.trained["unit"], order[:, 0])
            new = {
                row: self._catalogue.duty(int(order[row, 0]))
                for row in np.flatnonzero(speakers < 0).tolist()
            }
            chosen = {"type": best, "unit": np.maximum(speakers, 0)}
        judged = self._judge.dispositions(probabilities)
        if judged is not None and self._judge.any_special(judged):
            chosen["disposition"] = judged.columns
        shown = explanations(appeals, reading, self._tier, chosen)
        for row, duty in new.items():
            shown["unit"][row] = words_in_duty(appeals[row].text, reading, row, duty)
        evidence = [
            tuple(Span(text=word.text, start=word.start, end=word.end) for word in found)
            for found in shown.get("disposition", [()] * len(appeals))
        ]
        rows = map(
            _Row,
            appeals,
            best.tolist(),
            _rounded(types),
            self._type_sets(types),
            order.tolist(),
            _rounded(np.take_along_axis(units, order, axis=1)),
            self._judge.sets("unit", units).sum(axis=1).tolist(),
            self._topics(probabilities),
            self._judge.judge(appeals, reading, probabilities, judged, evidence),
            _explained(appeals, reading, shown)
            if wanted.explain or reading.repeats
            else [_NO_EXPLANATION] * len(appeals),
            _rows_with_hits(reading),
        )
        return [self._verdict(number, reading, row, wanted) for number, row in enumerate(rows)]

    def _verdict(self, number: int, reading: Reading, row: _Row, wanted: Wanted) -> Verdict:
        appeal, judgement, place = row.appeal, row.judgement, reading.places[number]
        type_confidence = row.types[row.best]
        code = self._codes[row.best]
        disposition = judgement.disposition
        flags = reading.flags.get(number)
        thresholds = self._thresholds
        for head, rows in reading.read.items():
            if number in rows:  # whose answer stands there is certified apart
                thresholds = thresholds | {head: self._read_thresholds.get(head, _NEVER)}
        outcome = triage(
            type_confidence=type_confidence,
            unit_confidence=row.scores[0],
            thresholds=thresholds,
            disposition=disposition.code,
            doubts=judgement.doubts,
            flagged=flags is not None,
            risk=judgement.risk.level,
            has_words=row.has_words,
        )
        dispatch = self.dispatcher.dispatch(
            row.units,
            row.scores,
            place,
            set_size=row.set_size,
            demands=reading.demands.get(number, ()),
            disposition=disposition.code,
            type_code=code,
            type_sure=type_confidence >= thresholds.get("type", _NEVER),
            unit_sure=row.scores[0] >= thresholds.get("unit", _NEVER),
        )
        verdict = build(
            Verdict,
            _VERDICT,
            {
                "id": appeal.id,
                "accepted": True,
                "error": None,
                "type": build(
                    TypeVerdict,
                    _TYPE,
                    {
                        "code": code,
                        "name": self._names[row.best],
                        "confidence": type_confidence,
                        "set": row.type_set,
                        "scores": dict(zip(self._codes, row.types, strict=True)),
                    },
                ),
                "dispatch": dispatch,
                "topic": row.topic,
                "disposition": disposition,
                "advisory": advise(flags, self._scripts) if flags else _ADVISORY,
                "reports_illegality": judgement.reports_illegality,
                "risk": judgement.risk,
                "elements": _elements(appeal, place) if wanted.elements else _ELEMENTS,
                "due": due(
                    self._limit(code, disposition.code, row.topic.name if row.topic else None),
                    appeal.received_at,
                ),
                "decision": _AUTO
                if outcome.action == "auto"
                else build(Decision, _DECISION, outcome._asdict()),
                "explanation": row.why,
                "redacted_text": None,
                "pii": None,
                "words": self._words(appeal.text, reading, number, wanted)
                if wanted.words
                else None,
                "model": self._asked if number in reading.asked else self._model,
            },
        )
        if not wanted.redact:
            return verdict
        # On request only: its expressions and name lists take a while to build.
        from jiesu.engine.masking import masked

        return masked(verdict, appeal.text)

    def _type_sets(self, types: Floats) -> list[tuple[TypeCode, ...]]:
        inside = self._judge.sets("type", types)
        masks = inside @ (1 << np.arange(inside.shape[1]))
        return [self._sets.get(mask) or self._type_set(mask) for mask in masks.tolist()]

    def _type_set(self, mask: int) -> tuple[TypeCode, ...]:
        found = tuple(code for column, code in enumerate(self._codes) if mask >> column & 1)
        self._sets[mask] = found
        return found

    def _topics(self, probabilities: Mapping[str, Floats]) -> list[Topic | None]:
        scores = probabilities.get("topic")
        if scores is None:
            return [None] * len(probabilities["type"])
        best = scores.argmax(axis=1)
        confidence = _rounded(scores[np.arange(len(best)), best])
        return [
            build(Topic, _TOPIC, {"name": name, "confidence": value})
            if (name := self._topic_names[column]) is not None
            else None
            for column, value in zip(best.tolist(), confidence, strict=True)
        ]

    def _words(self, text: str, reading: Reading, number: int, wanted: Wanted) -> tuple[str, ...]:
        """Return the words of a text as it is written, personal data masked if so wanted."""
        starts, ends = reading.prepared.words
        batch = reading.prepared.batch
        first, last = np.searchsorted(starts, (batch.starts[number], batch.ends[number]))
        spans = (
            batch.original_span(start, end)
            for start, end in zip(
                starts[first:last].tolist(), ends[first:last].tolist(), strict=True
            )
        )
        if not wanted.redact:
            return tuple(text[start:end] for start, end in spans)
        from jiesu.engine.masking import mask_words

        return mask_words(spans, text)

    def _find_limit(
        self, code: TypeCode, disposition: DispositionCode, topic: str | None
    ) -> TimeLimit | None:
        limits = self._jurisdiction.time_limits
        return due_rule(limits, type_code=code, disposition=disposition, topic=topic)


def _in_force(entries: Mapping[str, ThresholdEntry], catalogue: Catalogue) -> dict[str, float]:
    """Return by head the confidence that is certified for the catalogue that is served."""
    return {
        name: entry.confidence
        for name, entry in entries.items()
        if entry.confidence is not None and catalogue.certifies(name)
    }


def top_columns(probabilities: Floats, count: int) -> Ints:
    """Return the columns of the largest values in each row, largest first, ties by column."""
    order: Ints = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return order


def _elements(appeal: Appeal, place: Place) -> Elements:
    return find_elements(
        appeal.text,
        received_at=appeal.received_at,
        area=place.area,
        subdistrict=place.subdistrict,
        spans=caller_spans(appeal.text, known=bool(appeal.turns)),
    )


def _rows_with_hits(reading: Reading) -> list[bool]:
    found = np.zeros(len(reading.prepared.batch), dtype=np.int64)
    for hits in reading.hits:
        found += np.diff(hits.rows)
    known: list[bool] = (found > 0).tolist()
    return known


def _rounded(values: Floats) -> list[Any]:
    rounded: list[Any] = np.round(values.astype(np.float64), 6).tolist()
    return rounded


def _explained(
    appeals: Sequence[Appeal], reading: Reading, shown: Mapping[str, Sequence[tuple[Any, ...]]]
) -> list[Explanation]:
    nothing = [()] * len(appeals)
    found = [
        build(
            Explanation,
            _EXPLANATION,
            {"type": for_type, "unit": for_unit, "similar": (), "repeat": None},
        )
        for for_type, for_unit in zip(
            shown.get("type", nothing), shown.get("unit", nothing), strict=True
        )
    ]
    for row, repeat in reading.repeats.items():
        text = appeals[row].text
        new = tuple(Span(text=text[a:b], start=a, end=b) for a, b in repeat.new)
        found[row] = found[row].model_copy(
            update={
                "similar": repeat.ids,
                "repeat": Repeated(
                    how=repeat.how,
                    similarity=repeat.similarity,
                    new_fact=repeat.new_fact,
                    new=new,
                    other_caller=repeat.other_caller,
                ),
            }
        )
    return found
