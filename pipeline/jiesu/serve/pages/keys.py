"""Administration: API keys of other systems."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from jiesu.errors import InputError, StoreError
from jiesu.serve.pages.access import Admin, actor
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.service import Service, TheService
from jiesu.store import SCOPES, Session

router = APIRouter(prefix="/admin/keys", route_class=PageRoute)
_SHOWN_AGAIN = ("bad_name", "bad_scope", "store_conflict")
OVERLAPS = (0, 24, 168)
"""Hours for which the old secret of a rotated key may stay good."""


@router.get("")
def keys(request: Request, service: TheService, session: Admin, notice: str = "") -> Response:
    """Show every key, without its secret."""
    return _page(request, service, session, notice=notice or None)


@router.post("")
def create(
    request: Request,
    service: TheService,
    session: Admin,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Make a key and show its secret, this once."""
    try:
        secret = service.store.keys.create(name.strip(), scopes or (), actor=actor(session))
    except (InputError, StoreError) as error:
        if error.code not in _SHOWN_AGAIN:
            raise
        notice = "name_taken" if error.code == "store_conflict" else error.code
        return _page(request, service, session, notice=notice, status=422)
    return _page(request, service, session, secret=secret, secret_of=name.strip())


@router.post("/{key_id}/rotate")
def rotate(
    key_id: int,
    request: Request,
    service: TheService,
    session: Admin,
    overlap: Annotated[int, Form()] = 0,
) -> Response:
    """Give a key a new secret and show it, this once."""
    hours = overlap if overlap in OVERLAPS else 0
    secret = service.store.keys.rotate(
        key_id, overlap=timedelta(hours=hours), actor=actor(session), now=datetime.now(UTC)
    )
    found = service.store.keys.get(key_id)
    return _page(request, service, session, secret=secret, secret_of=found.name if found else "")


@router.post("/{key_id}/revoke")
def revoke(key_id: int, service: TheService, session: Admin) -> Response:
    """Make a key open nothing any more."""
    service.store.keys.revoke(key_id, actor=actor(session))
    return RedirectResponse("/admin/keys?notice=key_revoked", 303)


def _page(
    request: Request,
    service: Service,
    session: Session,
    *,
    status: int = 200,
    notice: str | None = None,
    secret: str | None = None,
    secret_of: str = "",
) -> Response:
    return page(
        request,
        "keys.html",
        session=session,
        status=status,
        keys=service.store.keys.list(),
        scopes=SCOPES,
        overlaps=OVERLAPS,
        notice=notice,
        secret=secret,
        secret_of=secret_of,
    )
