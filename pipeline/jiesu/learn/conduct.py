"""Training the conduct head: which of the caller's own clauses call for advice.

Learned from authored appeals and lines with marked stretches, and from real appeals, which hold
next to no such words, as what must not be flagged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from jiesu.bundle import ConductEntry
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.read import appeal_from, read_appeals
from jiesu.errors import ConfigError, ExtraError, InputError
from jiesu.heads.clauses import ClauseFeatures, ClauseHead, ClauseSpec, clause_features
from jiesu.heads.patterns import PatternGroup, Patterns
from jiesu.heads.sounds import HAN_COUNT, HAN_FIRST, Syllables
from jiesu.learn.config import ConductConfig
from jiesu.schema import Appeal, FlagKind
from jiesu.text.clauses import ClauseBatch, cut_clauses
from jiesu.text.ngrams import Ints
from jiesu.text.turns import caller_spans

KINDS: tuple[FlagKind, ...] = get_args(FlagKind)
Mark = tuple[FlagKind, int, int]

_MARKED = re.compile("⟦([^⟦⟧]+)⟧")
_GRID = tuple(round(0.04 + 0.02 * step, 2) for step in range(48))
_NARROW = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08)
_SHARE_OF_MARK, _SHARE_OF_CLAUSE = 0.5, 0.4


@dataclass
class ConductRows:
    """Appeals with the marked stretches of the caller's conduct; origin: authored, line, real."""

    appeals: list[Appeal] = field(default_factory=list)
    marks: list[list[Mark]] = field(default_factory=list)
    origin: list[str] = field(default_factory=list)

    def add(self, appeal: Appeal, marks: list[Mark], origin: str) -> None:
        """Append one appeal."""
        self.appeals.append(appeal)
        self.marks.append(marks)
        self.origin.append(origin)


def read_authored(path: Path, rows: ConductRows) -> None:
    """Read authored appeals whose `flags` quote their stretches. Raises InputError."""
    for row in read_appeals(path):
        if row.appeal is None:
            raise InputError("bad_row", f"{path.name} row {row.number}: found no text")
        marks: list[Mark] = []
        for flag in row.extra.get("flags") or []:
            start = row.appeal.text.find(flag["text"])
            if start < 0 or flag["kind"] not in KINDS:
                raise InputError(
                    "bad_flag",
                    f"{path.name} row {row.number}: found a flag whose words or kind do not fit, "
                    f"expected words of the text and one of {', '.join(KINDS)}",
                )
            marks.append((flag["kind"], start, start + len(flag["text"])))
        rows.add(row.appeal, marks, "authored")


def read_lines(path: Path, rows: ConductRows) -> None:
    """Read single utterances, `kind<TAB>text`, offending stretches in ⟦…⟧. Raises InputError."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        kind, tab, marked = line.partition("\t")
        found = next((known for known in KINDS if known == kind), None)
        if not tab or (found is None and kind != "none"):
            raise InputError(
                "bad_line",
                f"{path.name} line {number}: expected a kind or `none`, a tab, a text",
            )
        marks, plain, at = list[Mark](), "", 0
        for match in _MARKED.finditer(marked):
            plain += marked[at : match.start()]
            if found is not None:
                marks.append((found, len(plain), len(plain) + len(match.group(1))))
            plain, at = plain + match.group(1), match.end()
        plain += marked[at:]
        record = appeal_from({"id": f"{path.stem}-{number}", "text": plain}, number=number)
        if record.appeal is not None:
            rows.add(record.appeal, marks, "line")


def read_negatives(path: Path, rows: ConductRows, *, most: int, seed: int) -> None:
    """Read real appeals as what must not be flagged; those labelled with a flag are left out."""
    found = [row.appeal for row in read_appeals(path) if row.appeal and not row.extra.get("flags")]
    order = np.random.default_rng(seed).permutation(len(found))[:most]
    for index in np.sort(order).tolist():
        rows.add(found[index], [], "real")


def syllable_table() -> Syllables:
    """Return the usual sound of every Han character. Raises ExtraError without pypinyin."""
    try:
        from pypinyin import lazy_pinyin
    except ImportError:
        raise ExtraError("training", "train") from None
    table = np.zeros(HAN_COUNT, dtype=np.uint16)
    numbers: dict[str, int] = {}
    for index in range(HAN_COUNT):
        sound = lazy_pinyin(chr(HAN_FIRST + index))[0]
        if sound.isascii():
            table[index] = numbers.setdefault(sound, len(numbers) + 1)
    return Syllables(table)


@dataclass(frozen=True)
class Clauses:
    """All clauses of the training appeals as vectors, with what is true of them.

    matrix: (c, buckets). truth: (c, k). weight: (c,).
    """

    cut: ClauseBatch
    features: ClauseFeatures
    matrix: sp.csr_matrix
    truth: NDArray[np.bool_]
    weight: NDArray[np.float64]


def vectorise(
    rows: ConductRows,
    groups: Sequence[PatternGroup],
    syllables: Syllables,
    spec: ClauseSpec,
    *,
    negative_weight: float,
) -> Clauses:
    """Cut all appeals into clauses and return their vectors and marks."""
    texts = [appeal.text for appeal in rows.appeals]
    keep = [caller_spans(a.text, known=bool(a.turns)) for a in rows.appeals]
    cut = cut_clauses(texts, keep=keep)
    features = clause_features(cut, syllables, Patterns(groups, syllables), spec)
    count = len(cut.rows)
    size = np.maximum(np.bincount(features.clauses, minlength=count), 1)
    values = features.values / np.sqrt(size)[features.clauses]
    matrix = sp.csr_matrix(
        (values, (features.clauses, features.buckets)), shape=(count, 1 << spec.bits)
    )
    real = np.array([origin == "real" for origin in rows.origin])
    weight = np.where(real[cut.rows], negative_weight, 1.0)
    return Clauses(cut, features, matrix, _truth(rows, cut), weight)


def _truth(rows: ConductRows, cut: ClauseBatch) -> NDArray[np.bool_]:
    """Say which clauses hold enough of a marked stretch to count as offending."""
    truth = np.zeros((len(cut.rows), len(KINDS)), dtype=np.bool_)
    starts = cut.batch.origin[cut.starts]
    ends = cut.batch.origin[cut.ends - 1] + 1
    first = np.searchsorted(cut.rows, np.arange(len(rows.appeals) + 1))
    for row, marks in enumerate(rows.marks):
        for kind, start, end in marks:
            clauses = np.arange(first[row], first[row + 1])
            shared = np.minimum(ends[clauses], end) - np.maximum(starts[clauses], start)
            enough = (shared > 0) & (
                (shared >= _SHARE_OF_MARK * (end - start))
                | (shared >= _SHARE_OF_CLAUSE * (ends[clauses] - starts[clauses]))
            )
            truth[clauses[enough], KINDS.index(kind)] = True
    return truth


def train_conduct(
    rows: ConductRows,
    groups: Sequence[PatternGroup],
    config: ConductConfig,
    *,
    patterns_hash: str,
    seed: int,
) -> tuple[ClauseHead, ConductEntry, NDArray[np.float64]]:
    """Train, calibrate and set thresholds on clauses that the machines had not seen (in folds).

    Also returns the best probability of each kind in each appeal (n, k), judged unseen.
    """
    if not any(rows.marks):
        raise ConfigError("no_marks", "conduct: found no marked stretch, expected some to learn")
    syllables = syllable_table()
    clauses = vectorise(
        rows, groups, syllables, config.spec, negative_weight=config.negative_weight
    )
    doc_groups = near_duplicate_groups([appeal.text for appeal in rows.appeals])
    order = np.random.default_rng(seed).permutation(int(doc_groups.max()) + 1)
    fold = (order[doc_groups] % config.folds)[clauses.cut.rows]
    margins = np.zeros(clauses.truth.shape)
    spans: list[list[float]] = [[] for _ in _NARROW]
    for number in range(config.folds):
        seen = np.flatnonzero(fold != number)
        head = _fit(clauses, seen, syllables, config, seed)
        held = np.flatnonzero(fold == number)
        margins[held] = head.margins(clauses.cut, clauses.features)[held]
        for index, narrow in enumerate(_NARROW):
            spans[index] += _overlaps(rows, clauses, held, head, narrow)
    slopes, offsets = _calibrate(margins, clauses)
    scores = 1 / (1 + np.exp(-(margins * slopes + offsets)))
    best = np.zeros((len(rows.appeals), len(KINDS)))
    np.maximum.at(best, clauses.cut.rows, scores)
    thresholds = choose_thresholds(rows, best, config)
    means = [float(np.mean(values)) if values else 0.0 for values in spans]
    narrow = _NARROW[int(np.argmax(means))]
    head = _fit(clauses, np.arange(len(clauses.truth)), syllables, config, seed)
    entry = ConductEntry(
        kinds=KINDS,
        spec=config.spec,
        patterns_hash=patterns_hash,
        scales=_rounded(head.scales),
        bias=_rounded(head.bias),
        slopes=_rounded(slopes),
        offsets=_rounded(offsets),
        thresholds=_rounded(thresholds),
        narrow=(narrow,) * len(KINDS),
        appeals=sum(origin == "authored" for origin in rows.origin),
        lines=sum(origin == "line" for origin in rows.origin),
    )
    numbers: dict[str, Any] = {
        name: np.array(getattr(entry, name), dtype=np.float64)
        for name in ("scales", "bias", "slopes", "offsets", "thresholds", "narrow")
    }
    return (
        ClauseHead(kinds=KINDS, steps=head.steps, syllables=syllables, spec=config.spec, **numbers),
        entry,
        best,
    )


def _rounded(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(f"{value:.7g}") for value in values)


def _fit(
    clauses: Clauses, index: Ints, syllables: Syllables, config: ConductConfig, seed: int
) -> ClauseHead:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise ExtraError("training", "train") from None
    count = len(KINDS)
    weights = np.zeros((clauses.matrix.shape[1], count))
    bias = np.full(count, -9.0)
    for kind in range(count):
        truth = clauses.truth[index, kind]
        if truth.any():
            model = LogisticRegression(C=config.c, solver="liblinear", random_state=seed)
            model.fit(clauses.matrix[index], truth, sample_weight=clauses.weight[index])
            weights[:, kind], bias[kind] = model.coef_[0], model.intercept_[0]
    scales = np.maximum(np.abs(weights).max(axis=0) / 127, 1e-9)
    steps = np.round(weights / scales).astype(np.int8)
    ones, zeros = np.ones(count), np.zeros(count)
    return ClauseHead(KINDS, steps, scales, bias, ones, zeros, zeros, zeros, syllables, config.spec)


def _calibrate(
    margins: NDArray[np.float64], clauses: Clauses
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a logistic curve a kind to held-out margins (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    slopes, offsets = np.ones(len(KINDS)), np.zeros(len(KINDS))
    for kind in range(len(KINDS)):
        truth = clauses.truth[:, kind]
        if truth.any():
            model = LogisticRegression(C=1e3, solver="lbfgs", max_iter=500)
            model.fit(margins[:, [kind]], truth, sample_weight=clauses.weight)
            slopes[kind], offsets[kind] = model.coef_[0, 0], model.intercept_[0]
    return slopes, offsets


def choose_thresholds(
    rows: ConductRows, best: NDArray[np.float64], config: ConductConfig
) -> NDArray[np.float64]:
    """Return for each kind the lowest probability that keeps to the config's promises.

    best: (n, k) of each appeal's likeliest clause. Of authored appeals flagged with a kind at least
    `precision` hold it or another; of real ones at most `real_share` are flagged with it.
    """
    authored = np.array([origin == "authored" for origin in rows.origin])
    real = np.array([origin == "real" for origin in rows.origin])
    offends = np.array([bool(marks) for marks in rows.marks])
    chosen = np.full(len(KINDS), _GRID[-1])
    for kind in range(len(KINDS)):
        for threshold in _GRID:
            taken = best[:, kind] >= threshold
            right, all_ = int((taken & authored & offends).sum()), int((taken & authored).sum())
            if right >= config.precision * max(1, all_) and (
                taken & real
            ).sum() <= config.real_share * max(1, real.sum()):
                chosen[kind] = threshold
                break
    return chosen


def _overlaps(
    rows: ConductRows, clauses: Clauses, held: Ints, head: ClauseHead, narrow: float
) -> list[float]:
    """Return the intersection over union of each held-out offending clause's found stretch."""
    cut, found = clauses.cut, []
    where, kinds = np.nonzero(clauses.truth[held])
    narrowed = replace(head, narrow=np.full(len(KINDS), narrow))
    spans = narrowed.spans(cut, clauses.features, held[where], kinds.astype(np.int64))
    for clause, kind, (first, last) in zip(
        held[where].tolist(), kinds.tolist(), spans, strict=True
    ):
        start, end = cut.batch.original_span(first, last)
        own_start, own_end = cut.batch.original_span(int(cut.starts[clause]), int(cut.ends[clause]))
        best = 0.0
        for name, a, b in rows.marks[int(cut.rows[clause])]:
            if name == KINDS[kind]:
                a, b = max(a, own_start), min(b, own_end)
                shared = min(b, end) - max(a, start)
                best = max(best, shared / (max(b, end) - min(a, start)) if shared > 0 else 0.0)
        found.append(best)
    return found
