"""`/v1/appeals/{id}/feedback`: what another system says became of a verdict."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request

from jiesu.jurisdiction import Jurisdiction
from jiesu.jurisdiction.model import Unit
from jiesu.serve import payloads
from jiesu.serve.auth import Principal, needs
from jiesu.serve.limits import read_body
from jiesu.serve.problems import ServeError
from jiesu.serve.routes.appeals import review_page
from jiesu.serve.routes.faults import faults
from jiesu.serve.service import TheService

router = APIRouter(prefix="/v1", tags=["appeals"])


@router.post(
    "/appeals/{id:path}/feedback",
    summary="Accept, correct, or object",
    openapi_extra=payloads.body_of(payloads.Feedback),
    response_model=payloads.Review,
    status_code=201,
    responses=faults(400, 401, 403, 404, 409, 413, 422, 429, 503),
)
async def feedback(
    id: str,
    request: Request,
    service: TheService,
    caller: Annotated[Principal, needs("review")],
) -> payloads.Review:
    """Record what became of a verdict.

    `accept` and `correct` close the appeal's case unless a supervisor has it in hand; `objection`
    (派单异议) opens one. The same again is one record. For other systems alone: a supervisor
    decides cases on the page, one at a time.
    """
    if caller.key_id is None:
        raise ServeError(403, "needs_key", "this is for API keys; supervisors decide on the page")
    said = await read_body(request, seconds=service.settings.body_seconds)
    body = payloads.parsed(payloads.Feedback, said)
    changes = body.changes.given()
    _check_names(changes, service.serving().engine.jurisdiction)
    review = await asyncio.to_thread(
        service.store.reviews.feedback,
        id,
        caller.key_id,
        body.action,
        changes,
        body.comment,
        now=datetime.now(UTC),
    )
    return review_page(review)


def _check_names(changes: dict[str, Any], jurisdiction: Jurisdiction) -> None:
    """Raise ServeError 422 for a unit or an area that the catalogue does not have."""
    areas = {area.name: area for area in jurisdiction.areas}
    if (function := changes.get("function")) is not None:
        unit = jurisdiction.units_by_name.get(function)
        if unit is None:
            raise _unknown("function", jurisdiction.catalogue)
        exact = changes.get("unit")
        if exact is not None and exact not in _exact(unit, jurisdiction):
            raise _unknown("unit", jurisdiction.catalogue)
    if (area := changes.get("area")) is not None and area not in areas:
        raise _unknown("area", jurisdiction.catalogue)
    if (name := changes.get("subdistrict")) is not None:
        known = {sub.name for area in jurisdiction.areas for sub in area.subdistricts}
        if name not in known:
            raise _unknown("subdistrict", jurisdiction.catalogue)


def _exact(unit: Unit, jurisdiction: Jurisdiction) -> set[str]:
    """Return the exact units that a function unit can be."""
    found = {unit.name, *unit.exact.values()}
    for area in jurisdiction.areas:
        if unit.kind == "district":
            found.add(area.unit)
        if unit.kind in ("subdistrict", "town"):
            found |= {sub.unit for sub in area.subdistricts if sub.kind == unit.kind}
    return found


def _unknown(key: str, catalogue: str) -> ServeError:
    return ServeError(422, "unknown_name", f"changes -> {key}: expected a name of {catalogue}")
