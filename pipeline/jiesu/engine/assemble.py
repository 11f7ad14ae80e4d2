"""Puts verdicts together from a reading and the heads' probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jiesu.bundle import Bundle
from jiesu.decide.triage import choose_route, due_rule, triage
from jiesu.engine.build import build, fields_of
from jiesu.engine.explain import explanations
from jiesu.engine.reading import Reading
from jiesu.errors import BundleError
from jiesu.heads.linear import Floats
from jiesu.jurisdiction import Basis, Jurisdiction, exact_unit, unit_by_name
from jiesu.schema import (
    TYPE_CODES,
    Advisory,
    Appeal,
    Candidate,
    Decision,
    Dispatch,
    Disposition,
    DispositionCode,
    Due,
    Elements,
    ErrorInfo,
    Explanation,
    ModelInfo,
    PiiSpan,
    ReportsIllegality,
    Risk,
    Span,
    Topic,
    TypeCode,
    TypeVerdict,
    Verdict,
)
from jiesu.text.ngrams import Ints
from jiesu.text.places import Place

_TOP = 5
_NEVER = 2.0
_CUE_CONFIDENCE = 0.5
_DISPOSITION_ORDER: tuple[DispositionCode, ...] = (
    "emergency",
    "secrecy",
    "unlawful",
    "statutory",
    "out_of_scope",
    "repeat",
)

_VERDICT = fields_of(Verdict)
_TYPE = fields_of(TypeVerdict)
_DISPATCH = fields_of(Dispatch)
_CANDIDATE = fields_of(Candidate)
_TOPIC = fields_of(Topic)
_DECISION = fields_of(Decision)

# Values that are the same in many verdicts are one object: they are frozen.
_ADVISORY, _ILLEGALITY, _RISK = Advisory(), ReportsIllegality(), Risk()
_ELEMENTS, _NO_EXPLANATION = Elements(), Explanation()
_AUTO = Decision(action="auto")
_Row = tuple[
    Appeal, int, list[float], list[int], list[float], Topic | None, Place, Explanation, bool
]
_NOT_JUDGED = TypeVerdict(code=None, name=None, confidence=0.0)


class Assembler:
    """Turns probabilities into verdicts of one bundle and jurisdiction."""

    def __init__(self, bundle: Bundle, jurisdiction: Jurisdiction) -> None:
        self._jurisdiction = jurisdiction
        manifest = bundle.manifest
        heads = {head.name: head for head in bundle.linear.heads}
        self._tier = bundle.linear
        self._catalogue = jurisdiction.catalogue
        self._thresholds = {
            name: entry.confidence
            for name, entry in manifest.thresholds.items()
            if entry.confidence is not None
        }
        self._sure = self._thresholds.get("unit", _NEVER)
        types = {item.code: item for item in jurisdiction.types}
        chosen = [types[code] for code in TYPE_CODES if code in heads["type"].labels]
        self._codes = [item.code for item in chosen]
        if tuple(self._codes) != heads["type"].labels:
            raise BundleError(
                "other_labels",
                f"head type: found {heads['type'].labels}, expected an order of {TYPE_CODES}",
            )
        self._names = [item.name for item in chosen]
        self._sets = [(code,) for code in self._codes]
        self._functions = heads["unit"].labels
        self._units = [unit_by_name(jurisdiction, name) for name in self._functions]
        self._topic_names = heads["topic"].labels if "topic" in heads else ()
        self._area_units = {area.name: area.unit for area in jurisdiction.areas}
        self._basis = {rule.code: _cite(rule.basis) for rule in jurisdiction.dispositions}
        self._normal = Disposition(code="normal", basis=self._basis["normal"], confidence=1.0)
        self._exact_names: dict[tuple[str | None, str | None], list[str]] = {}
        self._due = lru_cache(maxsize=4096)(self._find_due)
        self._model = ModelInfo(
            bundle=manifest.name,
            version=f"{manifest.version}+{bundle.content_hash[:12]}",
            tier="linear",
            labels={head.name: head.labels_hash[:12] for head in manifest.heads},
            jurisdiction=f"{jurisdiction.catalogue}+{jurisdiction.content_hash[:12]}",
        )

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
            disposition=Disposition(code="normal", basis=self._basis["normal"], confidence=0.0),
            decision=Decision(action="review", reasons=("error",), priority=2.0),
            model=self._model,
        )

    def assemble(
        self,
        appeals: Sequence[Appeal],
        reading: Reading,
        probabilities: Mapping[str, Floats],
        *,
        explain: bool,
        redact: bool,
        words: bool,
    ) -> list[Verdict]:
        """Return the verdicts of a batch, in order. probabilities: by head, (n, k)."""
        types = probabilities["type"]
        best = types.argmax(axis=1)
        order = top_columns(probabilities["unit"], _TOP)
        scores = _rounded(np.take_along_axis(probabilities["unit"], order, axis=1))
        why = [_NO_EXPLANATION] * len(appeals)
        if explain:
            chosen = {"type": best, "unit": order[:, 0]}
            why = explanations(appeals, reading, self._tier, chosen)
        seen_words = _rows_with_hits(reading)
        rows = zip(
            appeals,
            best.tolist(),
            _rounded(types),
            order.tolist(),
            scores,
            self._topics(probabilities),
            reading.places,
            why,
            seen_words,
            strict=True,
        )
        return [
            self._verdict(number, reading, row, redact=redact, words=words)
            for number, row in enumerate(rows)
        ]

    def _verdict(
        self, number: int, reading: Reading, row: _Row, *, redact: bool, words: bool
    ) -> Verdict:
        appeal, best, types, units, scores, topic, place, why, has_words = row
        type_confidence, unit_confidence = types[best], scores[0]
        code = self._codes[best]
        cues = reading.cues.get(number)
        disposition = self._disposition(appeal, reading, cues) if cues else self._normal
        found = (
            [cue for cue in _DISPOSITION_ORDER if any(cue == c for c, _, _ in cues)] if cues else []
        )
        outcome = triage(
            type_confidence=type_confidence,
            unit_confidence=unit_confidence,
            thresholds=self._thresholds,
            cues=found,
            has_words=has_words,
        )
        unit = self._units[units[0]]
        names = self._exact_names.get((place.area, place.subdistrict)) or self._names_at(place)
        area_unit = self._area_units.get(place.area) if place.area else None
        routed = choose_route(
            unit,
            sure=unit_confidence >= self._sure,
            has_subdistrict=place.subdistrict is not None,
            area_unit=area_unit,
            disposition=disposition.code,
        )
        dispatch = build(
            Dispatch,
            _DISPATCH,
            {
                "route": routed.route,
                "unit": names[units[0]],
                "function": unit.name,
                "area": place.area,
                "subdistrict": place.subdistrict,
                "confidence": unit_confidence,
                "candidates": tuple(
                    [
                        build(
                            Candidate,
                            _CANDIDATE,
                            {
                                "unit": names[column],
                                "function": self._functions[column],
                                "confidence": score,
                            },
                        )
                        for column, score in zip(units, scores, strict=True)
                    ]
                ),
                "cc": routed.cc,
                "co_units": (),
                "catalogue": self._catalogue,
                "reason": routed.reason,
            },
        )
        text, pii = _redacted(appeal.text) if redact else (None, None)
        return build(
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
                        "name": self._names[best],
                        "confidence": type_confidence,
                        "set": self._sets[best],
                        "scores": dict(zip(self._codes, types, strict=True)),
                    },
                ),
                "dispatch": dispatch,
                "topic": topic,
                "disposition": disposition,
                "advisory": _ADVISORY,
                "reports_illegality": _ILLEGALITY,
                "risk": _RISK,
                "elements": _ELEMENTS,
                "due": self._due(code, disposition.code, topic.name if topic else None),
                "decision": _AUTO
                if outcome.action == "auto"
                else build(Decision, _DECISION, outcome._asdict()),
                "explanation": why,
                "redacted_text": text,
                "pii": pii,
                "words": self._words(appeal.text, reading, number) if words else None,
                "model": self._model,
            },
        )

    def _topics(self, probabilities: Mapping[str, Floats]) -> list[Topic | None]:
        scores = probabilities.get("topic")
        if scores is None:
            return [None] * len(probabilities["type"])
        best = scores.argmax(axis=1)
        confidence = _rounded(scores[np.arange(len(best)), best])
        return [
            build(Topic, _TOPIC, {"name": self._topic_names[column], "confidence": value})
            for column, value in zip(best.tolist(), confidence, strict=True)
        ]

    def _disposition(
        self, appeal: Appeal, reading: Reading, cues: Sequence[tuple[DispositionCode, int, int]]
    ) -> Disposition:
        """Return what the cues hint at, with the evidence; a supervisor decides.

        A possible emergency is called one, since missing it costs most; any other hint leaves
        the disposition normal, with less confidence.
        """
        gravest = min((code for code, _, _ in cues), key=_DISPOSITION_ORDER.index)
        code: DispositionCode = gravest if gravest == "emergency" else "normal"
        spans = []
        for cue, first, last in cues:
            if cue == gravest:
                start, end = reading.prepared.batch.original_span(first, last)
                spans.append(Span(text=appeal.text[start:end], start=start, end=end))
        return Disposition(
            code=code, basis=self._basis[code], confidence=_CUE_CONFIDENCE, evidence=tuple(spans)
        )

    def _words(self, text: str, reading: Reading, number: int) -> tuple[str, ...]:
        """Return the words of a text as it is written."""
        starts, ends = reading.prepared.words
        batch = reading.prepared.batch
        first, last = np.searchsorted(starts, (batch.starts[number], batch.ends[number]))
        spans = (
            batch.original_span(start, end)
            for start, end in zip(
                starts[first:last].tolist(), ends[first:last].tolist(), strict=True
            )
        )
        return tuple(text[start:end] for start, end in spans)

    def _names_at(self, place: Place) -> list[str]:
        """Return the exact unit of every function at a place; there are few places."""
        names = [
            exact_unit(self._jurisdiction, function, place.area, place.subdistrict)
            for function in self._functions
        ]
        self._exact_names[place.area, place.subdistrict] = names
        return names

    def _find_due(self, code: TypeCode, disposition: DispositionCode, topic: str | None) -> Due:
        limits = self._jurisdiction.time_limits
        return due_rule(limits, type_code=code, disposition=disposition, topic=topic)


def top_columns(probabilities: Floats, count: int) -> Ints:
    """Return the columns of the largest values in each row, largest first, ties by column."""
    order: Ints = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return order


def _redacted(text: str) -> tuple[str, tuple[PiiSpan, ...]]:
    # On request only: its expressions and name lists take a while to build.
    from jiesu.text.redact import redact

    return redact(text)


def _rows_with_hits(reading: Reading) -> list[bool]:
    found = np.zeros(len(reading.prepared.batch), dtype=np.int64)
    for hits in reading.hits:
        found += np.diff(hits.rows)
    known: list[bool] = (found > 0).tolist()
    return known


def _rounded(values: Floats) -> list[Any]:
    rounded: list[Any] = np.round(values.astype(np.float64), 6).tolist()
    return rounded


def _cite(basis: Basis) -> str:
    return f"《{basis.law}》{basis.article or ''}"
