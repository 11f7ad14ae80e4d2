"""How far reviewers agree beyond chance, and how often they overrule the verdict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jiesu.review.bound import Rate, rate
from jiesu.store import COMPARED, FIRST_VIEWS, Review

RESAMPLES = 1_000
SEED = 20_210_924
"""Of the bootstrap: the same reviews give the same interval."""

_LOW, _HIGH = 2.5, 97.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient with its 95 % bootstrap interval, from `n` appeals."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far blind views of the same appeals agree on one label; None where that is undefined.

    observed: the share of pairs (first view, second view) that agree.
    """

    label: str
    observed: Rate
    kappa: Estimate | None
    alpha: Estimate | None


@dataclass(frozen=True, slots=True)
class Overrides:
    """How often the verdict was overruled: in all, by class shown, by reviewer (user id)."""

    total: Rate
    types: dict[str, Rate]
    functions: dict[str, Rate]
    dispositions: dict[str, Rate]
    reviewers: dict[int, Rate]


def cohen_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> Estimate | None:
    """Return Cohen's kappa (1960) of two views; None without pairs, or if chance explains all."""
    codes = _codes(value for pair in pairs for value in pair)
    size = len(codes)
    patterns = Counter((codes[a], codes[b]) for a, b in pairs)
    tables = np.zeros((len(patterns), size * size))
    for row, (a, b) in enumerate(patterns):
        tables[row, a * size + b] = 1.0
    return _bootstrap(tables, list(patterns.values()), lambda found: _kappa(found, size))


def krippendorff_alpha(units: Iterable[Sequence[Hashable]]) -> Estimate | None:
    """Return Krippendorff's alpha (nominal) of any number of views a unit.

    A unit with one view says nothing and is left out. None if all views are the same value.
    """
    kept = [tuple(unit) for unit in units if len(unit) > 1]
    codes = _codes(value for unit in kept for value in unit)
    size = len(codes)
    patterns = Counter(tuple(sorted(codes[value] for value in unit)) for unit in kept)
    tables = np.zeros((len(patterns), size * size))
    for row, unit in enumerate(patterns):
        for place, a in enumerate(unit):
            for other, b in enumerate(unit):
                if place != other:
                    tables[row, a * size + b] += 1.0 / (len(unit) - 1)
    return _bootstrap(tables, list(patterns.values()), lambda found: _alpha(found, size))


def agreements(reviews: Iterable[Review]) -> list[Agreement]:
    """Return the agreement on each label that is compared, over reviews that stand.

    Kappa takes first and blind second views; alpha checks too, of which there may be many. Thirds
    know what the others said and count for neither.
    """
    pairs, units = _blind_views(reviews)
    found = []
    for label in COMPARED:
        values = [(getattr(a.final, label), getattr(b.final, label)) for a, b in pairs]
        said = [[getattr(review.final, label) for review in unit] for unit in units]
        found.append(
            Agreement(
                label,
                rate(sum(a == b for a, b in values), len(values)),
                cohen_kappa(values),
                krippendorff_alpha(said),
            )
        )
    return found


def overrides(reviews: Iterable[Review]) -> Overrides:
    """Return how often first views overruled the verdict, over reviews that stand.

    A class counts as overruled where its own label was changed; a reviewer or all, where any was.
    """
    total: list[bool] = []
    classes: dict[str, dict[str, list[bool]]] = {
        name: defaultdict(list) for name in ("type", "function", "disposition")
    }
    people: dict[int, list[bool]] = defaultdict(list)
    for review in reviews:
        if review.kind not in FIRST_VIEWS or review.user_id is None:
            continue
        total.append(review.is_override)
        people[review.user_id].append(review.is_override)
        for name, found in classes.items():
            shown = getattr(review.shown, name)
            found[shown or ""].append(getattr(review.final, name) != shown)
    return Overrides(
        total=_rate(total),
        types=_rates(classes["type"]),
        functions=_rates(classes["function"]),
        dispositions=_rates(classes["disposition"]),
        reviewers=_rates(people),
    )


def _blind_views(
    reviews: Iterable[Review],
) -> tuple[list[tuple[Review, Review]], list[list[Review]]]:
    first: dict[str, Review] = {}
    pairs: dict[str, tuple[Review, Review]] = {}
    checks: dict[str, list[Review]] = defaultdict(list)
    for review in reviews:
        if review.kind in FIRST_VIEWS:
            # After an objection the matter is another one.
            first[review.appeal_id] = review
        elif review.kind == "second" and review.appeal_id in first:
            pairs[review.appeal_id] = (first[review.appeal_id], review)
        elif review.kind == "check":
            checks[review.appeal_id].append(review)
    return list(pairs.values()), [*map(list, pairs.values()), *checks.values()]


def _codes(values: Iterable[Hashable]) -> dict[Hashable, int]:
    found: dict[Hashable, int] = {}
    for value in values:
        found.setdefault(value, len(found))
    return found


def _bootstrap(tables: Floats, counts: Sequence[int], statistic: Any) -> Estimate | None:
    """Estimate a statistic of summed tables (patterns, k * k), resampling the units."""
    n = sum(counts)
    if n == 0:
        return None
    weights = np.array(counts, dtype=np.float64)
    value = float(statistic((weights @ tables)[None, :])[0])
    if np.isnan(value):
        return None
    drawn = np.random.default_rng(SEED).multinomial(n, weights / n, size=RESAMPLES)
    found = statistic(drawn @ tables)
    # A resample in which all say the same has no coefficient.
    low, high = np.nanpercentile(found, (_LOW, _HIGH))
    return Estimate(value, float(low), float(high), n)


def _kappa(tables: Floats, size: int) -> Floats:
    square = tables.reshape(-1, size, size)
    n = square.sum(axis=(1, 2))
    observed = square.trace(axis1=1, axis2=2) / n
    chance = (square.sum(axis=2) * square.sum(axis=1)).sum(axis=1) / n**2
    return _beyond(1.0 - observed, 1.0 - chance)


def _alpha(tables: Floats, size: int) -> Floats:
    square = tables.reshape(-1, size, size)
    totals = square.sum(axis=2)
    n = totals.sum(axis=1)
    observed = 1.0 - square.trace(axis1=1, axis2=2) / n
    chance = 1.0 - (totals * (totals - 1.0)).sum(axis=1) / (n * (n - 1.0))
    return _beyond(observed, chance)


def _beyond(observed: Floats, chance: Floats) -> Floats:
    """Return 1 - observed / expected disagreement, NaN where none can be expected."""
    some = chance > 1e-12
    return np.where(some, 1.0 - observed / np.where(some, chance, 1.0), np.nan)


def _rate(found: Sequence[bool]) -> Rate:
    return rate(sum(found), len(found))


def _rates(found: Mapping[Any, Sequence[bool]]) -> dict[Any, Rate]:
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), str(item[0])))
    return {name: _rate(values) for name, values in ordered}
