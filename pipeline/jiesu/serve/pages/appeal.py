"""A stored appeal to read, found by its number; what waits for a supervisor is a case."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from jiesu.serve.pages.access import Reader, sees_kinds
from jiesu.serve.pages.case import facts
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.problems import ServeError
from jiesu.serve.service import TheService

router = APIRouter(route_class=PageRoute)


@router.get("/appeal")
def appeal(request: Request, service: TheService, session: Reader, id: str = "") -> Response:
    """Show a stored appeal with its verdict and what became of it."""
    record = service.store.appeals.get(id.strip())
    if record is None:
        raise ServeError(404, "unknown_appeal", "no appeal is stored under this id")
    jurisdiction = service.serving().engine.jurisdiction
    cases = service.store.reviews.cases_of(record.id)
    return page(
        request,
        "appeal.html",
        session=session,
        now=datetime.now(UTC),
        cases=cases if sees_kinds(session) else [],
        **facts(request, service, session, record, jurisdiction),
    )
