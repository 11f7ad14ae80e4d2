"""The queue: what waits for a supervisor, the most pressing first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.serve.pages.access import Reader, Reviewer, sees_kinds
from jiesu.serve.pages.faults import PageRoute, is_part
from jiesu.serve.pages.filters import BANDS, KINDS, Wanted
from jiesu.serve.pages.render import page
from jiesu.serve.pages.toast import toast_of
from jiesu.serve.service import TheService
from jiesu.store import Case, Session, Store

router = APIRouter(route_class=PageRoute)
PAGE = 50
_URGENT = ("disposition_emergency", "maybe_emergency", "risk_urgent")
_WATCH = ("advisory", "risk_watch", "disposition_unlawful")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue. level: `urgent`, `watch` or `plain`; claim: `mine`, `taken`, None."""

    case: Case
    level: str
    claim: str | None


def level_of(reasons: tuple[str, ...], risk: str, *, flagged: bool) -> str:
    """Return how pressing a case is, as a word."""
    if risk == "urgent" or any(reason in _URGENT for reason in reasons):
        return "urgent"
    is_watched = risk == "watch" or flagged or any(reason in _WATCH for reason in reasons)
    return "watch" if is_watched else "plain"


def seen_by(session: Session) -> int | None:
    """Return for whom the queue is: what supervisors cannot take, they are not shown."""
    return session.user.id if session.user.role == "supervisor" else None


@router.get("/")
async def home(session: Reader) -> Response:
    """Lead to the queue."""
    return RedirectResponse("/queue", 303)


@router.get("/queue")
def queue(
    request: Request,
    service: TheService,
    session: Reader,
    after: str | None = None,
    undo: int | None = None,
    notice: str = "",
) -> Response:
    """Show a page of the queue; a script that asks for what is behind a place gets the rows."""
    now = datetime.now(UTC)
    wanted = Wanted.of(request.query_params, sees_kinds=sees_kinds(session))
    reviews = service.store.reviews
    found = reviews.queue(wanted.filters(), after, PAGE, now=now, user_id=seen_by(session))
    values: dict[str, Any] = {
        "session": session,
        "now": now,
        "wanted": wanted,
        "rows": [_row(case, session, now) for case in found.items],
        "more": urlencode({**wanted.given, "after": found.next}) if found.next else None,
        "sees_kinds": sees_kinds(session),
        "people": _people(service.store, session),
    }
    if after is not None and is_part(request):
        return page(request, "rows.html", **values)
    everything = reviews.counts(now=now, user_id=seen_by(session))
    counts = everything
    if wanted.given:
        counts = reviews.counts(wanted.filters(), now=now, user_id=seen_by(session))
    return page(
        request,
        "queue.html",
        **values,
        everything=everything,
        counts=counts,
        bands=tuple(BANDS),
        kinds=KINDS,
        is_first=after is None,
        undo=toast_of(service.store, session, undo, now),
        notice=notice or None,
    )


@router.post("/next")
def take_next(
    service: TheService,
    session: Reviewer,
    queue: Annotated[str, Form()] = "",
    case: Annotated[int | None, Form()] = None,
) -> Response:
    """Open the next case; the one at hand, if any, goes back to the queue."""
    wanted = Wanted.of_query(queue, sees_kinds=sees_kinds(session))
    now = datetime.now(UTC)
    reviews = service.store.reviews
    if case is not None:
        reviews.release(case, session.user.id)
    found = reviews.claim_next(session.user.id, wanted.filters(), now=now, after=case)
    if found is None and case is not None:
        return to_queue(wanted, notice="nothing_else")
    return to_case(found.id, wanted) if found else to_queue(wanted)


def to_case(case_id: int, wanted: Wanted, **more: str | int) -> Response:
    """Return the way to a case, by which the filters go along."""
    return RedirectResponse(f"/cases/{case_id}{_query(wanted, more)}", 303)


def to_queue(wanted: Wanted, **more: str | int) -> Response:
    """Return the way back to the queue."""
    return RedirectResponse(f"/queue{_query(wanted, more)}", 303)


def _query(wanted: Wanted, more: Mapping[str, str | int]) -> str:
    parts = [wanted.query] if wanted.query else []
    parts += [f"{name}={value}" for name, value in more.items()]
    return f"?{'&'.join(parts)}" if parts else ""


def _row(case: Case, session: Session, now: datetime) -> Row:
    claim = None
    if case.is_claimed(now):
        claim = "mine" if case.claimed_by == session.user.id else "taken"
    level = level_of(case.reasons, case.risk, flagged=case.flagged)
    return Row(case, level, claim)


def _people(store: Store, session: Session) -> dict[int, str]:
    """Return the names behind claims, for who is shown what others have claimed."""
    if seen_by(session) is not None:
        return {}
    return {user.id: user.name for user in store.users.list()}
