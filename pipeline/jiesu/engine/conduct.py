"""The caller's own conduct in a batch: which clauses offend, where, and of which kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jiesu.heads.clauses import ClauseHead, clause_features
from jiesu.heads.patterns import PatternGroup, Patterns
from jiesu.schema import Appeal, Flag
from jiesu.text.clauses import cut_clauses
from jiesu.text.turns import caller_spans


class ConductReader:
    """Reads the caller's clauses with the conduct head and its patterns."""

    def __init__(self, head: ClauseHead, groups: Sequence[PatternGroup]) -> None:
        self._head = head
        self._patterns = Patterns(groups, head.syllables)

    def read(self, appeals: Sequence[Appeal]) -> tuple[dict[int, list[Flag]], NDArray[np.float64]]:
        """Return the flags of those appeals that have any, by number, and each one's worst clause.

        The worst clause (n, k) is the highest probability of each kind that a clause has.
        """
        head = self._head
        worst = np.zeros((len(appeals), len(head.kinds)))
        texts = [appeal.text for appeal in appeals]
        keep = [caller_spans(a.text, known=bool(a.turns)) for a in appeals]
        cut = cut_clauses(texts, keep=keep)
        if not len(cut.rows):
            return {}, worst
        features = clause_features(cut, head.syllables, self._patterns, head.spec)
        scores = head.probabilities(cut, features)
        np.maximum.at(worst, cut.rows, scores)
        clauses, kinds = np.nonzero(scores >= head.thresholds)
        if not len(clauses):
            return {}, worst
        found: dict[int, list[Flag]] = {}
        spans = head.spans(cut, features, clauses, kinds)
        for clause, kind, (first, last) in zip(
            clauses.tolist(), kinds.tolist(), spans, strict=True
        ):
            row = int(cut.rows[clause])
            start, end = cut.batch.original_span(first, last)
            flag = Flag(
                kind=head.kinds[kind],
                actor="caller",
                start=start,
                end=end,
                text=texts[row][start:end],
                confidence=round(float(scores[clause, kind]), 6),
            )
            found.setdefault(row, []).append(flag)
        return found, worst
