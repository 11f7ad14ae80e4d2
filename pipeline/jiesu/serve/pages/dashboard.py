"""The dashboard: how much comes in, how much of it is right, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from jiesu.review.bound import audits_needed
from jiesu.review.dashboard import AGES, Dashboard
from jiesu.review.dashboard import dashboard as figures_of
from jiesu.serve.pages import charts
from jiesu.serve.pages.access import Reader
from jiesu.serve.pages.charts import Chart, Datum
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.look import look_of
from jiesu.serve.pages.names import Names
from jiesu.serve.pages.render import page
from jiesu.serve.pages.times import BEIJING, day_of, start_of
from jiesu.serve.pages.words import sayer
from jiesu.serve.service import Service, TheService
from jiesu.store import Session, Volume

router = APIRouter(route_class=PageRoute)
PERIODS = (1, 7, 30, 90)
USUAL = 7
_LONGEST = timedelta(days=366)
_TARGET = 0.05
_MOST_DAYS = 45


@router.get("/dashboard")
def dashboard(
    request: Request,
    service: TheService,
    session: Reader,
    days: int = USUAL,
    since: str = "",
    until: str = "",
) -> Response:
    """Show the figures of the last days, or of a period given by its first and last day."""
    now = datetime.now(UTC)
    begin, end, chosen = _period(days, since, until, now)
    found = figures_of(service.store, since=begin, until=end, now=now)
    look = look_of(request)
    serving = service.engines.current
    names = Names(look.language, serving.engine.jurisdiction if serving else None)
    say = sayer(look.language)
    none = say("none")
    volumes = found.volumes
    return page(
        request,
        "dashboard.html",
        session=session,
        now=now,
        figures=found,
        days=chosen,
        periods=PERIODS,
        first=begin.astimezone(BEIJING).date(),
        last=(end - timedelta(seconds=1)).astimezone(BEIJING).date(),
        charts={
            "days": _by_day(volumes.days),
            "hours": _by_hour(volumes.hours),
            "types": _chart(volumes.types, [names.type(v.name) for v in volumes.types]),
            "units": _chart(volumes.functions, [v.name or none for v in volumes.functions]),
            "areas": _chart(volumes.areas, [v.name or say("place.unknown") for v in volumes.areas]),
            "ages": charts.columns(
                [Datum(say(f"age.{name}"), found.backlog.ages[name]) for name, _ in AGES]
            ),
        },
        health=_health(found),
        people=_people(service, session, found),
        audits_needed=audits_needed(_TARGET),
        target=_TARGET,
    )


def _period(
    days: int, since: str, until: str, now: datetime
) -> tuple[datetime, datetime, int | None]:
    first, last = day_of(since), day_of(until)
    if first is None and last is None:
        chosen = days if days in PERIODS else USUAL
        return now - timedelta(days=chosen), now + timedelta(seconds=1), chosen
    end = start_of(last) + timedelta(days=1) if last else now + timedelta(seconds=1)
    begin = start_of(first) if first else end - timedelta(days=USUAL)
    if begin >= end:
        begin, end = end - timedelta(days=1), begin + timedelta(days=1)
    return max(begin, end - _LONGEST), end, None


def _health(found: Dashboard) -> str | None:
    """Return `good` where audits show the target, `bad` where they speak against it."""
    audits = found.audits.total
    if audits.audits == 0:
        return None
    if audits.bound <= _TARGET:
        return "good"
    return "bad" if audits.errors / audits.audits > _TARGET else None


def _chart(volumes: Sequence[Volume], names: Sequence[str]) -> Chart:
    return charts.rows(charts.data_of(volumes, names))


def _by_day(volumes: Sequence[Volume]) -> Chart:
    """Return a column a day, days without appeals too, the last ones if there are many."""
    found = {volume.name: volume for volume in volumes}
    if not found:
        return charts.columns([])
    last = date.fromisoformat(max(found))
    first = max(date.fromisoformat(min(found)), last - timedelta(days=_MOST_DAYS - 1))
    data = []
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        volume = found.get(day.isoformat(), Volume("", 0, 0, 0))
        data.append(Datum(day.strftime("%m-%d"), volume.total, volume.auto))
    return charts.columns(data)


def _by_hour(volumes: Sequence[Volume]) -> Chart:
    found = {int(volume.name): volume for volume in volumes}
    data = []
    for hour in range(24):
        volume = found.get(hour, Volume("", 0, 0, 0))
        data.append(Datum(f"{hour}", volume.total, volume.auto))
    return charts.columns(data)


def _people(service: Service, session: Session, found: Dashboard) -> dict[int, str]:
    """Return whose figures are shown: everybody's to administrators, one's own to others."""
    if session.user.role == "admin":
        named = {user.id: user.name for user in service.store.users.list()}
        seen = {*found.overrides.reviewers, *found.checks}
        return {id: named.get(id, str(id)) for id in sorted(seen)}
    if session.user.id in found.overrides.reviewers or session.user.id in found.checks:
        return {session.user.id: session.user.name}
    return {}
