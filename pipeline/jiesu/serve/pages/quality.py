"""Administration: what is drawn for other eyes, and checks whose answer is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.errors import StoreError
from jiesu.schema import TYPE_CODES
from jiesu.serve.pages.access import Admin, actor
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.service import Service, TheService
from jiesu.store import Session

router = APIRouter(prefix="/admin/quality", route_class=PageRoute)
HOME = "/admin/quality"
MOST_COPIES = 50
SHARES = (1, 2, 5, 10, 20, 50, 100)
DAYS = (1, 7, 30, 365)


@router.get("")
def quality(
    request: Request, service: TheService, session: Admin, notice: str = "", n: int = 0
) -> Response:
    """Show what waits of each kind, and the forms that add to it."""
    return _page(request, service, session, notice=notice or None, n=n)


@router.post("/draw")
def draw(
    service: TheService,
    session: Admin,
    kind: Annotated[str, Form()] = "second",
    share: Annotated[int, Form()] = 10,
    days: Annotated[int, Form()] = 7,
) -> Response:
    """Draw cases for a second view, or automatic decisions for an audit.

    Drawn by a seed of the day: the same share twice on one day draws nothing new.
    """
    now = datetime.now(UTC)
    since = now - timedelta(days=days if days in DAYS else 7)
    part = min(max(share, 0), 100) / 100
    reviews = service.store.reviews
    take = reviews.sample_audits if kind == "audit" else reviews.sample_second
    drawn = take(part, f"page {now.date().isoformat()}", now=now, since=since)
    return RedirectResponse(f"{HOME}?notice=drawn&n={drawn}", 303)


@router.post("/check")
def check(
    request: Request,
    service: TheService,
    session: Admin,
    id: Annotated[str, Form()] = "",
    type: Annotated[str, Form()] = "",
    function: Annotated[str, Form()] = "",
    copies: Annotated[int, Form()] = 1,
) -> Response:
    """Put an appeal with a known answer into the queue, once for each of `copies` supervisors."""
    expected: dict[str, Any] = {}
    if type in TYPE_CODES:
        expected["type"] = type
    if function.strip():
        expected["function"] = function.strip()
    units = service.serving().engine.jurisdiction.units_by_name
    if not expected or expected.get("function", "") not in {"", *units}:
        notice = "no_answer" if not expected else "unknown_unit"
        return _page(request, service, session, notice=notice, status=422)
    try:
        made = service.store.reviews.seed_check(
            id.strip(),
            expected,
            now=datetime.now(UTC),
            copies=min(max(copies, 1), MOST_COPIES),
            actor=actor(session),
        )
    except StoreError as error:
        if error.code != "store_missing":
            raise
        return _page(request, service, session, notice="unknown_appeal", status=422)
    return RedirectResponse(f"{HOME}?notice=checks_seeded&n={len(made)}", 303)


def _page(
    request: Request,
    service: Service,
    session: Session,
    *,
    status: int = 200,
    notice: str | None = None,
    n: int = 0,
) -> Response:
    return page(
        request,
        "quality.html",
        session=session,
        status=status,
        notice=notice,
        n=n,
        kinds=service.store.reviews.counts(now=datetime.now(UTC)).kinds,
        settings=service.settings,
        types=TYPE_CODES,
        units=service.serving().engine.jurisdiction.units,
        shares=SHARES,
        days=DAYS,
        most=MOST_COPIES,
    )
