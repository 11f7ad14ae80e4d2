"""Seeded checks: how often a reviewer gives the answer that is known to be right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from jiesu.review.bound import Rate, rate
from jiesu.store import Review


def is_right(review: Review, expected: Mapping[str, Any]) -> bool:
    """Return whether a review left the verdict as it should be, in what is expected."""
    final = asdict(review.final)
    return all(_same(final[name], value) for name, value in expected.items())


def check_rates(
    reviews: Iterable[Review], answers: Mapping[str, Mapping[str, Any]]
) -> dict[int, Rate]:
    """Return each reviewer's share of right answers to checks, over reviews that stand."""
    found: dict[int, list[bool]] = defaultdict(list)
    for review in reviews:
        if review.kind == "check" and review.user_id is not None and review.appeal_id in answers:
            found[review.user_id].append(is_right(review, answers[review.appeal_id]))
    return {user: rate(sum(right), len(right)) for user, right in sorted(found.items())}


def _same(said: Any, expected: Any) -> bool:
    if isinstance(expected, list | tuple):
        return sorted(said or ()) == sorted(expected)
    return bool(said == expected)
