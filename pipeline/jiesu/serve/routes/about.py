"""`/v1/units`, `/v1/model`, `/v1/jurisdiction`: what the service knows, and what scores."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter

from jiesu.jurisdiction.model import Area, Unit
from jiesu.schema import Frozen
from jiesu.serve import payloads
from jiesu.serve.auth import Principal, needs
from jiesu.serve.routes.faults import faults
from jiesu.serve.service import TheService

router = APIRouter(prefix="/v1", tags=["about"])


class Units(Frozen):
    """The dispatch catalogue (派单目录)."""

    catalogue: str
    units: tuple[Unit, ...]
    areas: tuple[Area, ...]


class JurisdictionPage(Frozen):
    """Whom the service serves: types, dispositions, scripts and time limits with their basis."""

    catalogue: str
    content_hash: str
    about: dict[str, Any]
    types: tuple[dict[str, Any], ...]
    topics: tuple[dict[str, Any], ...]
    dispositions: tuple[dict[str, Any], ...]
    advice: tuple[dict[str, Any], ...]
    time_limits: tuple[dict[str, Any], ...]


@router.get("/units", response_model=Units, responses=faults(401, 403, 429, 503))
async def units(service: TheService, caller: Annotated[Principal, needs("read")]) -> Units:
    """Return the units of the catalogue in force, and the areas with their subdistricts."""
    jurisdiction = service.serving().engine.jurisdiction
    return Units(
        catalogue=jurisdiction.catalogue, units=jurisdiction.units, areas=jurisdiction.areas
    )


@router.get("/model", response_model=payloads.Model, responses=faults(401, 403, 429, 503))
async def model(service: TheService, caller: Annotated[Principal, needs("read")]) -> payloads.Model:
    """Return the bundle that serves, its thresholds and its figures."""
    serving = service.serving()
    manifest = serving.engine.bundle.manifest
    tier = serving.engine.tier
    return payloads.Model(
        info=serving.info.model_copy(update={"tier": tier}),
        loaded_at=serving.loaded_at,
        thresholds={
            name: payloads.Threshold(**entry.model_dump(), in_force=serving.engine.certifies(name))
            for name, entry in manifest.thresholds_of(tier).items()
        },
        metrics=dict(manifest.metrics),
    )


@router.get("/jurisdiction", response_model=JurisdictionPage, responses=faults(401, 403, 429, 503))
async def jurisdiction(
    service: TheService, caller: Annotated[Principal, needs("read")]
) -> JurisdictionPage:
    """Return the jurisdiction that is served, but its units: those are at `/v1/units`."""
    found = service.serving().engine.jurisdiction
    lists = ("types", "topics", "dispositions", "advice", "time_limits")
    return JurisdictionPage(
        catalogue=found.catalogue,
        content_hash=found.content_hash,
        about=found.about.model_dump(),
        **{name: tuple(part.model_dump() for part in getattr(found, name)) for name in lists},
    )


@router.post(
    "/admin/reload",
    tags=["admin"],
    response_model=payloads.Reloaded,
    responses=faults(401, 403, 409, 429, 503),
)
async def reload(
    service: TheService, caller: Annotated[Principal, needs("admin")]
) -> payloads.Reloaded:
    """Look at the bundle now and take it up if it has changed, one that was refused included.

    409 with the reason if it cannot be loaded: then the old one serves on. With several workers
    the others follow within `watch` seconds.
    """
    service.serving()
    swapped = await asyncio.to_thread(service.engines.reload, again=True)
    return payloads.Reloaded(swapped=swapped, info=service.serving().info)
