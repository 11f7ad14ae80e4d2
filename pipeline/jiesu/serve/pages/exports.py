"""Corrections to take away: training rows with where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Form, Request
from starlette.responses import Response, StreamingResponse

from jiesu.review.export import export
from jiesu.review.training import ONLY
from jiesu.serve.pages.access import Reviewer, actor
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.pages.times import BEIJING, day_of, start_of
from jiesu.serve.problems import ServeError
from jiesu.serve.service import TheService
from jiesu.store import Filters, Store

router = APIRouter(route_class=PageRoute)
FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
}
_PIECE = 1 << 16


@router.get("/export")
def form(request: Request, session: Reviewer) -> Response:
    """Show what can be exported."""
    today = datetime.now(UTC).astimezone(BEIJING).date()
    return page(
        request,
        "export.html",
        session=session,
        formats=tuple(FORMATS),
        only=ONLY,
        since=(today - timedelta(days=30)).isoformat(),
        until=today.isoformat(),
    )


@router.post("/export")
def download(
    service: TheService,
    session: Reviewer,
    format: Annotated[str, Form()] = "xlsx",
    only: Annotated[str, Form()] = "changed",
    since: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
) -> Response:
    """Return a file of training rows; the decision log notes who took it.

    For supervisors, appeals that wait for a blind second view are left out: it would not be blind.
    """
    if format not in FORMATS or only not in ONLY:
        raise ServeError(422, "bad_export", "found an unknown format or choice")
    first, last = day_of(since), day_of(until)
    now = datetime.now(UTC)
    with TemporaryDirectory(prefix="jiesu-export-") as folder:
        target = Path(folder) / f"rows.{format}"
        export(
            service.store,
            target,
            since=start_of(first) if first else None,
            until=start_of(last) + timedelta(days=1) if last else None,
            only=only,
            without=() if session.user.role == "admin" else blind(service.store, now),
            actor=actor(session),
            now=now,
        )
        # The name goes with the folder; what is open can still be read.
        file = target.open("rb")
    name = f"jiesu-{only}-{now.astimezone(BEIJING):%Y%m%d-%H%M}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), media_type=FORMATS[format], headers=headers)


def blind(store: Store, now: datetime) -> set[str]:
    """Return the appeals that wait for a view which must not know of the first."""
    found: set[str] = set()
    # Also those that become available in a moment.
    soon = now + timedelta(minutes=1)
    for kind in ("second", "check"):
        after = None
        while True:
            part = store.reviews.queue(Filters(kind=kind), after, 500, now=soon)
            found |= {case.appeal_id for case in part.items}
            after = part.next
            if after is None:
                break
    return found


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
