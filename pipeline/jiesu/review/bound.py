"""Exact intervals of a share of errors (Clopper & Pearson 1934)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import betaincinv

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its exact two-sided interval; None of all where there is nothing to count."""

    hits: int
    n: int
    value: float | None
    low: float | None
    high: float | None


def rate(hits: int, n: int, *, confidence: float = CONFIDENCE) -> Rate:
    """Return a share and its two-sided interval. Raises ValueError unless 0 <= hits <= n."""
    if not 0 <= hits <= n:
        raise ValueError(f"found {hits} hits of {n}, expected 0 to n")
    if n == 0:
        return Rate(0, 0, None, None, None)
    tail = (1.0 - confidence) / 2.0
    low = float(betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    return Rate(hits, n, hits / n, low, upper_bound(hits, n, delta=tail))


def upper_bound(errors: int, n: int, *, delta: float) -> float:
    """Return the share that the true one exceeds with probability `delta` at most; 1 without data.

    errors of n drawn at random, one-sided.
    """
    if not 0 <= errors <= n:
        raise ValueError(f"found {errors} errors of {n}, expected 0 to n")
    return 1.0 if errors == n else float(betaincinv(errors + 1, n - errors, 1.0 - delta))


def audits_needed(risk: float, *, delta: float = 1.0 - CONFIDENCE) -> int:
    """Return how many audits without an error show that the share of errors is under `risk`."""
    if not 0.0 < risk < 1.0:
        raise ValueError(f"found the risk {risk}, expected one between 0 and 1")
    return math.ceil(math.log(delta) / math.log1p(-risk))
