"""Administration: which bundle serves, and what its thresholds certify. Nothing is edited here."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from jiesu.bundle import ThresholdEntry
from jiesu.serve.pages.access import Admin
from jiesu.serve.pages.faults import PageRoute
from jiesu.serve.pages.render import page
from jiesu.serve.service import TheService

router = APIRouter(prefix="/admin", route_class=PageRoute)
DECIDING = ("type", "unit")
"""The heads whose thresholds decide whether an appeal needs a supervisor."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A head's threshold. state: `certified`, `none` or `elsewhere` (not for whom it serves)."""

    head: str
    entry: ThresholdEntry
    state: str


@router.get("")
async def home(session: Admin) -> Response:
    """Lead to the first part of the administration."""
    return RedirectResponse("/admin/users", 303)


@router.get("/model")
def model(request: Request, service: TheService, session: Admin) -> Response:
    """Show the bundle in use."""
    serving = service.serving()
    engine = serving.engine
    manifest = engine.bundle.manifest
    certificates = []
    for head, entry in manifest.thresholds_of(engine.tier).items():
        is_sure = entry.certified and entry.confidence is not None
        state = "none" if not is_sure else "certified" if engine.certifies(head) else "elsewhere"
        certificates.append(Certificate(head, entry, state))
    return page(
        request,
        "model.html",
        session=session,
        info=serving.info,
        tier=engine.tier,
        loaded_at=serving.loaded_at,
        manifest=manifest,
        jurisdiction=engine.jurisdiction,
        deciding=[one for head in DECIDING for one in certificates if one.head == head],
        others=[one for one in certificates if one.head not in DECIDING],
        settings=service.settings,
    )
