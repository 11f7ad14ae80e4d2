"""Administration: the decision log, its end and whether it is as it was written."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from jiesu.serve.pages.access import Admin
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.service import TheService

router = APIRouter(prefix="/admin/log", route_class=PageRoute)
PAGE = 50


@router.get("")
def log(
    request: Request,
    service: TheService,
    session: Admin,
    before: int | None = None,
    verify: bool = False,
) -> Response:
    """Show the last entries, or those before a number; `verify` reads the whole chain."""
    found = service.store.log
    length, seal = found.head()
    last = length if before is None else min(length, before - 1)
    start = max(0, last - PAGE)
    entries = [entry for entry in found.entries(after=start, limit=PAGE) if entry.seq <= last]
    broken = found.verify() if verify else None
    return page(
        request,
        "log.html",
        session=session,
        entries=entries[::-1],
        length=length,
        seal=seal,
        earlier=start + 1 if start else None,
        is_verified=verify,
        broken=broken,
    )
