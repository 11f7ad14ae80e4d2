"""One case: everything that a supervisor needs to decide it, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from jiesu.jurisdiction import AdviceScript, Jurisdiction
from jiesu.review.order import explain
from jiesu.review.precedents import Precedents
from jiesu.schema import Verdict
from jiesu.serve.pages.access import Reader, sees_kinds
from jiesu.serve.pages.answer import Answer
from jiesu.serve.pages.choices import DISPOSITIONS, FLAGS, RISKS, ROUTES, choices_of
from jiesu.serve.pages.evidence import evidence_of
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.filters import Wanted
from jiesu.serve.pages.queue import level_of
from jiesu.serve.pages.render import REVIEWERS, page
from jiesu.serve.pages.times import moment_of
from jiesu.serve.pages.toast import toast_of
from jiesu.serve.problems import ServeError
from jiesu.serve.service import Service, TheService
from jiesu.store import AppealRecord, Case, Review, Session

router = APIRouter(route_class=PageRoute)


@dataclass(frozen=True, slots=True)
class Due:
    """When an answer is due (Art. 13). at: None where the verdict does not know."""

    rule: str | None
    hours: int | None
    at: datetime | None


def unknown_case() -> ServeError:
    """Return the error of a case that is not, or is no more."""
    return ServeError(404, "unknown_case", "no such case")


@router.get("/cases/{case_id}")
def case(
    case_id: int,
    request: Request,
    service: TheService,
    session: Reader,
    undo: int | None = None,
    notice: str = "",
) -> Response:
    """Show a case; opening it claims it for whoever may decide it."""
    now = datetime.now(UTC)
    found = service.store.reviews.case(case_id)
    if found is None:
        raise unknown_case()
    if session.user.role in REVIEWERS and service.store.reviews.claim(
        case_id, session.user.id, now
    ):
        found = service.store.reviews.case(case_id) or found
    return show(
        request,
        service,
        session,
        found,
        now,
        undo=toast_of(service.store, session, undo, now),
        notice=notice or None,
    )


def show(
    request: Request,
    service: Service,
    session: Session,
    case: Case,
    now: datetime,
    *,
    entered: Answer | None = None,
    query: str | None = None,
    status: int = 200,
    **more: Any,
) -> Response:
    """Return the page of a case. entered: what its form should stand on; query: the filters."""
    record = service.store.appeals.get(case.appeal_id)
    if record is None:
        raise unknown_case()
    jurisdiction = service.serving().engine.jurisdiction
    kinds = sees_kinds(session)
    wanted = (
        Wanted.of(request.query_params, sees_kinds=kinds)
        if query is None
        else Wanted.of_query(query, sees_kinds=kinds)
    )
    return page(
        request,
        "case.html",
        session=session,
        status=status,
        now=now,
        case=case,
        state=state_of(case, session, now),
        wanted=wanted,
        choices=choices_of(record.verdict, jurisdiction, entered),
        is_again=entered is not None,
        lists={"disposition": DISPOSITIONS, "route": ROUTES, "risk": RISKS, "flags": FLAGS},
        priority=explain(case, record.verdict, now) if kinds else None,
        **facts(request, service, session, record, jurisdiction),
        **more,
    )


def facts(
    request: Request,
    service: Service,
    session: Session,
    record: AppealRecord,
    jurisdiction: Jurisdiction,
) -> dict[str, Any]:
    """Return what a page shows of a stored appeal, whether it waits or not."""
    verdict, store = record.verdict, service.store
    precedents: Precedents = request.app.state.precedents
    reviews = store.reviews.of(record.id, viewer=session.user.id)
    return {
        "record": record,
        "verdict": verdict,
        "level": level_of(
            verdict.decision.reasons, verdict.risk.level, flagged=verdict.advisory.flagged
        ),
        "evidence": evidence_of(record),
        "advice": advice_of(verdict, jurisdiction),
        "due": Due(verdict.due.rule, verdict.due.hours, moment_of(verdict.due.at)),
        "similar": precedents.like(record.id, viewer=session.user.id),
        "versions": store.appeals.history(record.id),
        "reviews": reviews,
        # An automatic decision that waits is an audit, and must look like any other case.
        "tells_action": sees_kinds(session) or not store.appeals.open_ids([record.id]),
        "objection": _last(reviews, "objection"),
        "people": _people(service, session, reviews),
    }


def state_of(case: Case, session: Session, now: datetime) -> str:
    """Return what the reader can do with a case: `mine`, or why not."""
    if not case.is_open:
        return "decided"
    if session.user.role not in REVIEWERS:
        return "reading"
    if case.is_claimed(now):
        return "mine" if case.claimed_by == session.user.id else "taken"
    return "other_eyes"


def advice_of(verdict: Verdict, jurisdiction: Jurisdiction) -> AdviceScript | None:
    """Return the script that a verdict wants read to the caller, None if none."""
    wanted = verdict.advisory.script_id
    return next((one for one in jurisdiction.advice if one.id == wanted), None)


def _last(reviews: list[Review], action: str) -> Review | None:
    return next((one for one in reversed(reviews) if one.action == action), None)


def _people(service: Service, session: Session, reviews: list[Review]) -> dict[int, str]:
    """Return names of reviewers: administrators see all, others themselves."""
    if session.user.role != "admin":
        return {session.user.id: session.user.name}
    wanted = {review.user_id for review in reviews}
    return {user.id: user.name for user in service.store.users.list() if user.id in wanted}
