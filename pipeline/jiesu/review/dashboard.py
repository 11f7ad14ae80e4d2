"""The figures of the supervisors' dashboard, put together for a period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jiesu.review.agreement import Agreement, Overrides, agreements, overrides
from jiesu.review.audits import Audits, audit_bounds
from jiesu.review.bound import Rate
from jiesu.review.checks import check_rates
from jiesu.store import Store, Volumes

AGES: tuple[tuple[str, timedelta | None], ...] = (
    ("4h", timedelta(hours=4)),
    ("24h", timedelta(hours=24)),
    ("3d", timedelta(days=3)),
    ("7d", timedelta(days=7)),
    ("more", None),
)
"""Up to which age a waiting case counts for which group."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at a moment. Hours since a case was opened; ages: how many in each of AGES."""

    waiting: int
    oldest_hours: float
    median_hours: float
    ages: dict[str, int]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Everything that the dashboard shows. Shares are None where there is nothing to share.

    volumes, auto_share, flagged_share: of the appeals stored in the period; reviews, agreement,
    overrides, audits, checks: of the decisions made in it; backlog: now.
    """

    since: datetime
    until: datetime
    volumes: Volumes
    auto_share: float | None
    flagged_share: float | None
    backlog: Backlog
    reviews: int
    audits: Audits
    agreement: list[Agreement]
    overrides: Overrides
    checks: dict[int, Rate]


def dashboard(store: Store, *, since: datetime, until: datetime, now: datetime) -> Dashboard:
    """Return the figures from `since` to before `until`. Raises StoreError."""
    volumes = store.figures.volumes(since, until)
    total = volumes.total.total
    reviews = list(store.reviews.iterate(since=since, until=until))
    return Dashboard(
        since=since,
        until=until,
        volumes=volumes,
        auto_share=volumes.total.auto / total if total else None,
        flagged_share=volumes.total.flagged / total if total else None,
        backlog=backlog(store.figures.waiting_since(now), now),
        reviews=len(reviews),
        audits=audit_bounds(reviews),
        agreement=agreements(reviews),
        overrides=overrides(reviews),
        checks=check_rates(reviews, store.reviews.answers()),
    )


def backlog(opened: list[datetime], now: datetime) -> Backlog:
    """Return how old what waits is. A case opened by a clock that ran ahead has no age."""
    ages = sorted(max(timedelta(0), now - moment) for moment in opened)
    groups = dict.fromkeys((name for name, _ in AGES), 0)
    for age in ages:
        groups[next(name for name, limit in AGES if limit is None or age <= limit)] += 1
    middle = len(ages) // 2
    median = timedelta(0)
    if ages:
        median = ages[middle] if len(ages) % 2 else (ages[middle - 1] + ages[middle]) / 2
    return Backlog(
        waiting=len(ages),
        oldest_hours=_hours(ages[-1]) if ages else 0.0,
        median_hours=_hours(median),
        ages=groups,
    )


def _hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 2)
