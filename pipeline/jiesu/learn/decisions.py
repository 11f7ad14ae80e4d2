"""How good whole verdicts are: what was decided alone, special dispositions, advice.

Heads are measured by `learn/metrics`; here the decisions that follow from them are, on the verdicts
as users get them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from jiesu.schema import DispositionCode, FlagKind, Verdict

KINDS: tuple[FlagKind, ...] = get_args(FlagKind)
CODES: tuple[DispositionCode, ...] = get_args(DispositionCode)
Counts = NDArray[np.float64]


class Decision(NamedTuple):
    """A figure of decisions with its bootstrap interval, and over how many appeals it is taken."""

    name: str
    value: float
    low: float
    high: float
    n: int


class Labelled(NamedTuple):
    """A verdict and the columns of its row: labels by head, `disposition`, `flags`."""

    verdict: Verdict
    text: str
    extra: Mapping[str, Any]


def measure_decisions(
    rows: Sequence[Labelled],
    labels: Mapping[str, Sequence[str | None]],
    certified: Collection[str],
    *,
    bootstrap: int,
    seed: int,
) -> list[Decision]:
    """Measure what was decided on rows. labels: true type and unit, where known.

    certified: the heads that decide alone from some confidence on.
    """
    draw = _Draw(len(rows), bootstrap, seed)
    found: list[Decision] = []
    for head, value in (
        ("type", [r.verdict.type.code for r in rows]),
        ("unit", [r.verdict.dispatch.function for r in rows]),
    ):
        if head in labels and head in certified:
            sure = [
                row.verdict.error is None and f"{head}_unsure" not in row.verdict.decision.reasons
                for row in rows
            ]
            found += _alone(draw, head, value, sure, labels[head])
    if {"type", "unit"} <= set(certified):
        auto = [row.verdict.decision.action == "auto" for row in rows]
        everyone = np.ones(len(rows), dtype=np.float64)
        found += _given(
            [draw.figure("no review needed", _pairs(auto, everyone), _share, len(rows))]
        )
    if any("disposition" in row.extra for row in rows):
        found += _dispositions(draw, rows)
    if any(row.extra.get("flags") for row in rows):
        found += _conduct(draw, rows)
    return found


class _Draw:
    """Resamples of rows, the same for every figure."""

    def __init__(self, rows: int, times: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        drawn = rng.integers(0, max(1, rows), (times, rows))
        self._weights = np.stack([np.bincount(part, minlength=rows) for part in drawn])

    def figure(
        self, name: str, counts: Counts, of: Callable[[Counts], Counts], n: int
    ) -> Decision | None:
        """Return a figure of summed counts (m,), which `of` takes from (..., m) to (...)."""
        value = of(counts.sum(axis=0))
        if not np.isfinite(value):
            return None
        spread = of(self._weights @ counts)
        low, high = np.nanquantile(spread, (0.025, 0.975))
        return Decision(
            name, round(float(value), 4), round(float(low), 4), round(float(high), 4), n
        )


def _share(counts: Counts) -> Counts:
    """Return the first count over the second, nan without any."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(counts[..., 0] / counts[..., 1])


def _pairs(*columns: Any) -> Counts:
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=-1)


def _given(items: Sequence[Decision | None]) -> list[Decision]:
    return [item for item in items if item is not None]


def _alone(
    draw: _Draw,
    head: str,
    value: Sequence[str | None],
    sure: Sequence[bool],
    truth: Sequence[str | None],
) -> list[Decision]:
    known = np.array([label is not None for label in truth])
    taken = np.array(sure) & known
    wrong = taken & np.array([a != b for a, b in zip(value, truth, strict=True)])
    return _given(
        [
            draw.figure(f"{head}: decided alone", _pairs(taken, known), _share, int(known.sum())),
            draw.figure(f"{head}: error of those", _pairs(wrong, taken), _share, int(taken.sum())),
        ]
    )


def _dispositions(draw: _Draw, rows: Sequence[Labelled]) -> list[Decision]:
    truth = np.array([str(row.extra.get("disposition") or "") for row in rows])
    said = np.array([row.verdict.disposition.code for row in rows])
    found: list[Decision | None] = []
    for code in CODES:
        own, given = truth == code, (said == code) & (truth != "")
        if own.any() and code != "normal":
            both = own & given
            found += [
                draw.figure(f"{code}: recall", _pairs(both, own), _share, int(own.sum())),
                draw.figure(f"{code}: precision", _pairs(both, given), _share, int(given.sum())),
            ]
    return _given(found)


def _conduct(draw: _Draw, rows: Sequence[Labelled]) -> list[Decision]:
    known = np.array(["flags" in row.extra for row in rows])
    marked = [_kinds(row.extra.get("flags")) for row in rows]
    flagged = [{flag.kind for flag in row.verdict.advisory.flags} for row in rows]
    own = np.array([bool(kinds) for kinds in marked]) & known
    given = np.array([bool(kinds) for kinds in flagged]) & known
    both, false = own & given, given & ~own
    hard = known & ~own
    overlaps = [_overlap(row) if hit else (0.0, 0) for row, hit in zip(rows, both, strict=True)]
    by_kind = np.stack(
        [
            _pairs(
                [2 * (kind in a and kind in b) for a, b in zip(marked, flagged, strict=True)],
                [(kind in a) + (kind in b) for a, b in zip(marked, flagged, strict=True)],
            )
            for kind in KINDS
        ],
        axis=1,
    ).reshape(len(rows), -1)
    present = [k for k, kind in enumerate(KINDS) if any(kind in kinds for kinds in marked)]

    def macro(counts: Counts) -> Counts:
        scores = _share(counts.reshape(*counts.shape[:-1], len(KINDS), 2))
        return np.asarray(np.nan_to_num(scores[..., present]).mean(axis=-1))

    found = [
        draw.figure("flags: precision", _pairs(both, given), _share, int(given.sum())),
        draw.figure("flags: recall", _pairs(both, own), _share, int(own.sum())),
        draw.figure("flags: kind macro-F1", by_kind, macro, int(own.sum())),
        draw.figure("flags: span overlap", np.array(overlaps), _share, int(both.sum())),
        draw.figure("flags: negatives flagged", _pairs(false, hard), _share, int(hard.sum())),
    ]
    return _given(found)


def _kinds(flags: Any) -> set[str]:
    items = flags if isinstance(flags, list) else []
    return {item["kind"] if isinstance(item, dict) else str(item) for item in items}


def _overlap(row: Labelled) -> tuple[float, int]:
    """Return summed intersection over union of the marked stretches with the best flag, and count.

    A mark without words (a kind alone) is not counted.
    """
    total, count = 0.0, 0
    for mark in row.extra["flags"]:
        words = str(mark.get("text") or "") if isinstance(mark, dict) else ""
        start = row.text.find(words) if words else -1
        if start < 0:
            continue
        end = start + len(words)
        count += 1
        total += max(
            (
                overlap(start, end, flag.start, flag.end)
                for flag in row.verdict.advisory.flags
                if flag.kind == mark["kind"]
            ),
            default=0.0,
        )
    return total, count


def overlap(start: int, end: int, other_start: int, other_end: int) -> float:
    """Return the intersection over union of two stretches."""
    shared = min(end, other_end) - max(start, other_start)
    return shared / (max(end, other_end) - min(start, other_start)) if shared > 0 else 0.0
