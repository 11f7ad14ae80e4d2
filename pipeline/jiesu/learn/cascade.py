"""Fitting the cascade: how both tiers' probabilities blend, and what the whole may promise.

All is read off rows that neither the encoder nor the linear tier's judging machine has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jiesu.bundle import BlendEntry, EncoderEntry, ThresholdEntry
from jiesu.decide.calibrate import log_loss
from jiesu.decide.certify import Certificate, certify, set_floors
from jiesu.errors import InputError
from jiesu.heads.cascade import ALARM, Blend, Reach, pooled_columns
from jiesu.heads.linear import Floats
from jiesu.heads.pieces import original
from jiesu.heads.stretches import Cutting, Stretches, conduct_features
from jiesu.heads.transformer import Seen
from jiesu.learn.conduct import KINDS, ConductRows
from jiesu.learn.config import CascadeConfig
from jiesu.learn.decisions import overlap
from jiesu.learn.encoder.folder import TrainedEncoder
from jiesu.schema import Appeal
from jiesu.text.ngrams import Ints
from jiesu.text.normalise import normalise
from jiesu.text.turns import caller_spans

_CHUNK = 256
_FEWEST = 50
_NEVER = 2.0
_NO_MIX = (0.0, 0.0, 0.0, 0.0)
_PENALTY = 1e-3
_GRID = tuple(round(0.2 + 0.02 * step, 2) for step in range(40))
_LIMITS = tuple(round(0.95 - 0.05 * step, 2) for step in range(18))
_CUTTINGS = tuple(
    Cutting(share, seed, begin, whole)
    for share in (0.2, 0.3, 0.45)
    for seed in (0.5, 0.7)
    for begin in (0.35, 0.5)
    for whole in (0.2, 0.3, 0.5, 2.0)
)


@dataclass(frozen=True, slots=True)
class Unseen:
    """Rows of a head as a linear machine judged them unseen.

    truth: (m,). scores: (m, k). by_time: whether the rows stand in order of time.
    """

    appeals: Sequence[Appeal]
    truth: Ints
    scores: Floats
    labels: tuple[str, ...]
    pooled: Mapping[str, str]
    certified: bool
    by_time: bool
    miss: float


def fit_cascade(
    encoder: TrainedEncoder,
    heads: Mapping[str, Unseen],
    said: tuple[ConductRows, NDArray[np.float64]] | None,
    config: CascadeConfig,
    *,
    risk: float,
    delta: float,
    seed: int,
) -> EncoderEntry:
    """Return the cascade of an encoder and the linear tier, fitted on held-out rows.

    said: the rows of conduct and (n, k) what the clause head says, unseen, of the kinds in each;
    without them nothing is flagged.
    Raises InputError if too few rows were held out.
    """
    labels = dict(encoder.card.labels)
    blends: dict[str, BlendEntry] = {}
    thresholds: dict[str, dict[str, ThresholdEntry]] = {"cascade": {}, "transformer": {}}
    sure = dict(config.sure)
    for name, found in heads.items():
        if name not in labels:
            continue
        held = np.flatnonzero(encoder.held(found.appeals))
        if len(held) < _FEWEST:
            raise InputError(
                "too_few_rows",
                f"encoder, head {name}: found {len(held)} rows that it was not trained on, "
                f"expected at least {_FEWEST}: was it trained on other data?",
            )
        logits = read_all(encoder, [found.appeals[i] for i in held.tolist()]).whole
        logits = logits[:, encoder.tier.columns(name)]
        truth, linear = found.truth[held], found.scores[held]
        fit, test = _halves(len(held), found, seed)
        columns = pooled_columns(found.labels, labels[name], found.pooled)
        blend = fit_blend(linear[fit], logits[fit], truth[fit], columns)
        alarm = found.labels.index(ALARM) if ALARM in found.labels else None
        blended = blend.heeding(linear, logits, alarm)
        cascade, read = blended, np.ones(len(held), dtype=np.bool_)
        if name in sure:
            if config.keep:
                sure[name] = least_sure(
                    linear[fit], blended[fit], truth[fit], most=sure[name], keep=config.keep
                )
            reach = Reach(sure, config.special, _NEVER, config.sure_long, config.long)
            lengths = np.array([len(found.appeals[i].text) for i in held.tolist()])
            read = reach.unsure(name, linear, lengths)
            cascade = np.where(read[:, None], blended, linear)
        # Floors take all held-out rows: rare classes have few, and the blend only two numbers.
        floors = set_floors(cascade, truth, miss=config.set_miss.get(name, found.miss))
        if alarm is not None and config.alarm:
            floors[alarm] = config.alarm
        blends[name] = BlendEntry(
            linear=blend.linear,
            encoder=blend.encoder,
            floors=tuple(round(float(floor), 6) for floor in floors),
        )
        # What the linear tier answers in the cascade, its own certificate covers: it has more rows.
        own = test[read[test]]
        for tier, part in (("cascade", own), ("transformer", test)):
            if found.certified:
                thresholds[tier][name] = _threshold(blended[part], truth[part], risk, delta)
    flag, cutting, mix = (_NEVER,) * len(encoder.card.kinds), _CUTTINGS[0], _NO_MIX
    conduct = _NEVER
    if said is not None:
        rows, suspicion = said
        flag, cutting, mix = fit_stretches(encoder, rows, suspicion, config)
        real = np.array([origin == "real" for origin in rows.origin])
        conduct = float(np.quantile(suspicion[real].max(axis=1), 1 - config.conduct_share))
    return EncoderEntry(
        labels=encoder.card.labels,
        kinds=encoder.card.kinds,
        pieces=encoder.card.pieces,
        blends=blends,
        sure=sure,
        sure_long=config.sure_long,
        long=config.long,
        special=config.special,
        conduct=round(conduct, 6),
        flag=flag,
        cutting=cutting,
        mix=mix,
        thresholds=thresholds,
        trained=encoder.card.trained,
    )


def read_all(encoder: TrainedEncoder, appeals: Sequence[Appeal]) -> Seen:
    """Read appeals as the engine does, the callers' words in normal form; cuts are original.

    What a window leaves out is left out here too, so `unread` is empty.
    """
    parts = list[Seen]()
    for start in range(0, len(appeals), _CHUNK):
        part = appeals[start : start + _CHUNK]
        keep = [caller_spans(appeal.text, known=bool(appeal.turns)) for appeal in part]
        batch = normalise([appeal.text for appeal in part], keep=keep)
        seen = encoder.tier.read(batch)
        parts.append(seen._replace(cuts=[original(cut, batch) for cut in seen.cuts]))
    return Seen(
        np.concatenate([part.whole for part in parts]),
        np.concatenate([part.offends for part in parts]),
        [one for part in parts for one in part.stretches],
        [one for part in parts for one in part.begins],
        [one for part in parts for one in part.cuts],
        {},
    )


def _halves(count: int, found: Unseen, seed: int) -> tuple[Ints, Ints]:
    """Return which rows fit and which certify; without a certificate, the latest do both."""
    order = np.arange(count)
    if not found.by_time:
        order = np.random.default_rng(seed).permutation(count)
    if not found.certified:
        return order, order
    return order[: count // 2], order[count // 2 :]


def fit_blend(linear: Floats, logits: Floats, truth: Ints, columns: Ints) -> Blend:
    """Return the blend with the least log loss."""

    def made(point: NDArray[np.float64]) -> Blend:
        powers = np.exp(np.clip(point, -6.0, 3.0))
        return Blend(round(float(powers[0]), 6), round(float(powers[1]), 6), columns)

    def loss(point: NDArray[np.float64]) -> float:
        return log_loss(made(point).probabilities(linear, logits), truth)

    found = minimize(loss, (-0.7, -0.7), method="Nelder-Mead", options={"xatol": 1e-3})
    return made(found.x)


def least_sure(linear: Floats, blended: Floats, truth: Ints, *, most: float, keep: float) -> float:
    """Return the least confidence of the linear tier below which the encoder must be asked.

    From `most` down, as long as the macro-F1 of rows stays at `keep` of what reading all gives.
    """
    confidence, first, second = linear.max(axis=1), linear.argmax(axis=1), blended.argmax(axis=1)
    wanted = keep * macro_f1(truth, second)
    best = most
    for limit in [most, *(value for value in _LIMITS if value < most)]:
        if macro_f1(truth, np.where(confidence < limit, second, first)) < wanted:
            break
        best = limit
    return best


def macro_f1(truth: Ints, said: Ints) -> float:
    """Return the mean F1 of the labels that occur among `truth`."""
    labels = np.unique(truth)
    hits = np.array([((truth == label) & (said == label)).sum() for label in labels])
    sizes = np.array([(truth == label).sum() + (said == label).sum() for label in labels])
    return float((2 * hits / sizes).mean())


def _threshold(scores: Floats, truth: Ints, risk: float, delta: float) -> ThresholdEntry:
    confidence = scores.max(axis=1).astype(np.float64)
    return threshold_entry(
        certify(confidence, scores.argmax(axis=1) == truth, risk=risk, delta=delta)
    )


def threshold_entry(found: Certificate) -> ThresholdEntry:
    """Return a certificate as the manifest keeps it."""
    return ThresholdEntry(
        confidence=found.threshold,
        certified=found.threshold is not None,
        target_risk=found.risk,
        delta=found.delta,
        coverage=round(found.coverage, 4),
        errors=found.errors,
        rows=found.rows,
    )


def fit_stretches(
    encoder: TrainedEncoder,
    rows: ConductRows,
    suspicion: NDArray[np.float64],
    config: CascadeConfig,
) -> tuple[tuple[float, ...], Cutting, tuple[float, float, float, float]]:
    """Return the chance from which a kind is flagged, how its stretches are cut, and the weights of
    what makes up the chance.

    One threshold for all kinds, the held-out rows of a kind being few: the lowest at which
    `precision` of the flagged authored appeals deserve a flag and at most `real_share` of the real
    ones get one.
    """
    held = encoder.held(rows.appeals)
    index = np.flatnonzero(held).tolist()
    seen = read_all(encoder, [rows.appeals[i] for i in index])
    places = [place for place in range(len(index)) if len(seen.stretches[place])]
    features = np.stack(
        [
            conduct_features(seen.offends[at], seen.stretches[at], suspicion[index[at]])
            for at in places
        ]
    )
    marked = np.array([[_has(rows, index[at], kind) for kind in KINDS] for at in places])
    mix = _fit_mix(features.reshape(-1, 3), marked.ravel())
    made = Stretches(np.zeros(len(KINDS)), _CUTTINGS[0], mix)
    best = np.array(
        [
            made.scores(seen.offends[at], seen.stretches[at], suspicion[index[at]]).max()
            for at in places
        ]
    )
    real = np.array([rows.origin[index[at]] == "real" for at in places])
    offends = marked.any(axis=1)
    chosen = _GRID[-1]
    for threshold in _GRID:
        taken = best >= threshold
        right, every = int((taken & offends).sum()), int((taken & ~real).sum())
        if right >= config.precision * max(1, every) and (
            taken & real
        ).sum() <= config.real_share * max(1, real.sum()):
            chosen = threshold
            break
    overlaps = [_overlap(rows, index, seen, cutting) for cutting in _CUTTINGS]
    return (chosen,) * len(KINDS), _CUTTINGS[int(np.argmax(overlaps))], mix


def _has(rows: ConductRows, row: int, kind: str) -> bool:
    return any(name == kind for name, _, _ in rows.marks[row])


def _fit_mix(
    features: NDArray[np.float64], marked: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """Return bias and weights of a logistic model of pairs (n, 3); no weight is below zero."""

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = features @ point[1:] + point[0]
        each = np.logaddexp(0.0, logits) - marked * logits
        slope = (1 / (1 + np.exp(-logits)) - marked) / len(marked)
        value = float(each.mean()) + 0.5 * _PENALTY * float(point[1:] @ point[1:])
        return value, np.concatenate(([slope.sum()], features.T @ slope + _PENALTY * point[1:]))

    bounds = [(None, None), (0.0, None), (0.0, None), (0.0, None)]
    point = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", bounds=bounds).x
    bias, whole, most, clause = (round(float(value), 6) for value in point)
    return bias, whole, most, clause


def _overlap(rows: ConductRows, index: Sequence[int], seen: Seen, cutting: Cutting) -> float:
    """Return how well the stretches shown fit those marked in held-out rows, from 0 to 1.

    The mean of two: each mark's intersection over union with the best stretch of its kind, counting
    twice, and each stretch's with the best mark. Hiding what offends is the greater fault.
    """
    made = Stretches(np.zeros(len(KINDS)), cutting, _NO_MIX)
    found, shown = list[float](), list[float]()
    for place, row in enumerate(index):
        cut, text = seen.cuts[place], rows.appeals[row].text
        if rows.origin[row] != "authored" or not len(cut.ids):
            continue
        for kind in sorted({kind for kind, _, _ in rows.marks[row]}):
            number = KINDS.index(kind)
            pieces, begins = seen.stretches[place][:, number], seen.begins[place][:, number]
            spans = made.spans(text, cut, pieces, begins)
            marks = [(start, end) for name, start, end in rows.marks[row] if name == kind]
            found += [max((overlap(*mark, *span) for span in spans), default=0.0) for mark in marks]
            shown += [max(overlap(*mark, *span) for mark in marks) for span in spans]
    return float(2 * np.mean(found) + np.mean(shown)) / 3 if found and shown else 0.0
