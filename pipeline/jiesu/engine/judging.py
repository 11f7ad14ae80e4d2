"""What the heads beside type, unit and topic say: disposition, alleged illegality, risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jiesu.bundle import Bundle
from jiesu.decide.advisory import cite
from jiesu.decide.certify import prediction_sets
from jiesu.decide.disposition import ORDER, Judged, judge_dispositions
from jiesu.engine.reading import Reading
from jiesu.heads.linear import Floats
from jiesu.jurisdiction import Jurisdiction
from jiesu.schema import (
    Appeal,
    Disposition,
    DispositionCode,
    ReportsIllegality,
    Risk,
    RiskLevel,
    Span,
    Tier,
)

_CUE_CONFIDENCE = 0.5
_YES = "yes"
_NO_RISK, _NOT_JUDGED = Risk(), ReportsIllegality()


class Judgement(NamedTuple):
    """What one appeal is, beside type and unit. doubts: dispositions not ruled out."""

    disposition: Disposition
    doubts: tuple[DispositionCode, ...]
    reports_illegality: ReportsIllegality
    risk: Risk


class Judge:
    """Judges with whatever heads a bundle has; without one, by the jurisdiction's cues alone."""

    def __init__(
        self, bundle: Bundle, jurisdiction: Jurisdiction, *, tier: Tier = "linear"
    ) -> None:
        entries = {head.name: head for head in bundle.manifest.heads}
        self._labels = {name: entry.labels for name, entry in entries.items()}
        self.floors = bundle.manifest.floors_of(tier)
        rules = {rule.code: rule for rule in jurisdiction.dispositions}
        self._basis = {code: cite(rule.basis) for code, rule in rules.items()}
        self._scripts = {code: rule.script for code, rule in rules.items()}
        self._normal = self._disposition("normal", 1.0, ())
        self.unjudged = self._disposition("normal", 0.0, ())

    def sets(self, name: str, probabilities: Floats) -> NDArray[np.bool_]:
        """Return which labels are in the prediction set of each row (n, k)."""
        return prediction_sets(probabilities, self.floors[name])

    def dispositions(self, probabilities: Mapping[str, Floats]) -> Judged | None:
        """Return each row's disposition by the head, None for a bundle without one."""
        scores = probabilities.get("disposition")
        if scores is None:
            return None
        return judge_dispositions(
            self._labels["disposition"], scores, self.sets("disposition", scores)
        )

    def any_special(self, judged: Judged) -> bool:
        """Return whether any row is something else than normal, and so to be explained."""
        labels = self._labels["disposition"]
        return any(labels[column] != "normal" for column in np.unique(judged.columns).tolist())

    def judge(
        self,
        appeals: Sequence[Appeal],
        reading: Reading,
        probabilities: Mapping[str, Floats],
        judged: Judged | None,
        evidence: Sequence[tuple[Span, ...]],
    ) -> list[Judgement]:
        """Return the judgement of each appeal. evidence: words that spoke for the disposition."""
        if judged is None:
            dispositions = [self._by_cues(a, reading, row) for row, a in enumerate(appeals)]
        else:
            scores = probabilities["disposition"]
            dispositions = self._by_head(appeals, reading, scores, judged, evidence)
        for row, repeat in reading.repeats.items():
            own, doubts = dispositions[row]
            # That the caller has said it before counts only where nothing else is special.
            if own.code == "normal" and not repeat.new_fact and not repeat.other_caller:
                rest = tuple(code for code in doubts if code != "repeat")
                dispositions[row] = self._disposition("repeat", repeat.similarity, ()), rest
        illegal = self._illegality(probabilities.get("reports_illegality"), len(appeals))
        risks = self._risks(reading, probabilities.get("risk"), len(appeals))
        return [
            Judgement(disposition, doubts, alleges, risk)
            for (disposition, doubts), alleges, risk in zip(
                dispositions, illegal, risks, strict=True
            )
        ]

    def _by_head(
        self,
        appeals: Sequence[Appeal],
        reading: Reading,
        scores: Floats,
        judged: Judged,
        evidence: Sequence[tuple[Span, ...]],
    ) -> list[tuple[Disposition, tuple[DispositionCode, ...]]]:
        labels = self._labels["disposition"]
        certain = np.round(
            scores[np.arange(len(scores)), judged.columns].astype(np.float64), 6
        ).tolist()
        found: list[tuple[Disposition, tuple[DispositionCode, ...]]] = []
        for row, column in enumerate(judged.columns.tolist()):
            code = _code(labels[column])
            spans = () if code == "normal" else self._spans(appeals[row], reading, row, code)
            words = evidence[row] if code != "normal" else ()
            spans = (*spans, *(span for span in words if not _inside(span, spans)))
            doubts = _with_cues(judged.doubts[row], reading, row, code)
            found.append((self._disposition(code, certain[row], spans), doubts))
        return found

    def _by_cues(
        self, appeal: Appeal, reading: Reading, row: int
    ) -> tuple[Disposition, tuple[DispositionCode, ...]]:
        """Judge by expressions alone: a possible emergency is one, any other hint is a doubt."""
        cues = {code for code, _, _ in reading.cues.get(row, ())}
        if not cues:
            return self._normal, ()
        doubts = tuple(code for code in ORDER if code in cues)
        if doubts[0] != "emergency":
            spans = self._spans(appeal, reading, row, doubts[0])
            return self._disposition("normal", _CUE_CONFIDENCE, spans), doubts
        spans = self._spans(appeal, reading, row, "emergency")
        return self._disposition("emergency", _CUE_CONFIDENCE, spans), doubts[1:]

    def _disposition(
        self, code: DispositionCode, confidence: float, spans: tuple[Span, ...]
    ) -> Disposition:
        return Disposition(
            code=code,
            basis=self._basis[code],
            confidence=confidence,
            evidence=spans,
            script=None if code == "normal" else self._scripts[code],
        )

    def _spans(
        self, appeal: Appeal, reading: Reading, row: int, code: DispositionCode
    ) -> tuple[Span, ...]:
        batch = reading.prepared.batch
        spans = []
        for cue, first, last in reading.cues.get(row, ()):
            if cue == code:
                start, end = batch.original_span(first, last)
                spans.append(Span(text=appeal.text[start:end], start=start, end=end))
        return tuple(spans)

    def _illegality(self, scores: Floats | None, count: int) -> list[ReportsIllegality]:
        if scores is None or _YES not in self._labels["reports_illegality"]:
            return [_NOT_JUDGED] * count
        yes = scores[:, self._labels["reports_illegality"].index(_YES)].astype(np.float64)
        sure = np.round(np.maximum(yes, 1 - yes), 6)
        return [
            ReportsIllegality(value=value, confidence=confidence)
            for value, confidence in zip((yes >= 0.5).tolist(), sure.tolist(), strict=True)
        ]

    def _risks(self, reading: Reading, scores: Floats | None, count: int) -> list[Risk]:
        """Return the head's level; expressions of risk say why, and count where it is in doubt."""
        found = [_NO_RISK] * count
        if scores is None:  # expressions alone would alarm at every loose manhole cover
            return found
        labels = self._labels["risk"]
        best = scores.argmax(axis=1)
        alarming = self.sets("risk", scores)
        alarming[:, [column for column, label in enumerate(labels) if label == "none"]] = False
        for row in np.flatnonzero(alarming.any(axis=1)).tolist():
            reasons = tuple(dict.fromkeys(reading.risks.get(row, ())))
            level = next(name for name in get_args(RiskLevel) if name == labels[best[row]])
            if level != "none" or reasons:
                level = "watch" if level == "none" else level
                found[row] = Risk(level=level, reasons=reasons or ("wording",))
        return found


def _inside(span: Span, spans: Sequence[Span]) -> bool:
    return any(other.start <= span.start and span.end <= other.end for other in spans)


def _code(label: str) -> DispositionCode:
    return next(code for code in ORDER if code == label)


def _with_cues(
    doubts: tuple[DispositionCode, ...], reading: Reading, row: int, chosen: DispositionCode
) -> tuple[DispositionCode, ...]:
    """Add what an expression of the jurisdiction hints at: it decides nothing, but is looked at."""
    cues = {code for code, _, _ in reading.cues.get(row, ())}
    if not cues:
        return doubts
    return tuple(code for code in ORDER if code != chosen and (code in cues or code in doubts))
