"""`/healthz`, `/readyz`, `/metrics` and the OpenAPI page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from jiesu.serve import metrics, payloads
from jiesu.serve.auth import Principal, needs
from jiesu.serve.routes.faults import faults
from jiesu.serve.service import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=payloads.Health)
async def healthz() -> payloads.Health:
    """Say that the process lives. Needs no credentials."""
    return payloads.Health()


@router.get(
    "/readyz",
    response_model=payloads.Readiness,
    responses={503: {"model": payloads.Readiness, "description": "Not ready"}},
)
async def readyz(service: TheService) -> Response:
    """Say whether the bundle is loaded and the store answers; 503 if not. Needs no credentials.

    A service that is stopping is not ready, and goes on answering for `lame_duck` seconds.
    """
    found = payloads.Readiness(
        model=service.engines.current is not None,
        store=await service.store_answers(),
        stopping=service.stopping,
        ready=False,
    )
    ready = found.model and found.store and not found.stopping
    page = found.model_copy(update={"ready": ready})
    return JSONResponse(page.model_dump(), 200 if ready else 503)


@router.get("/metrics", responses={200: {"content": {"text/plain": {}}}, **faults(401, 403, 429)})
async def prometheus(service: TheService, caller: Annotated[Principal, needs("read")]) -> Response:
    """Return the figures for Prometheus, of all workers together."""
    page = await asyncio.to_thread(service.metrics.page)
    return Response(page, media_type=metrics.MEDIA_TYPE)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, caller: Annotated[Principal, needs("read")]) -> Any:
    """Return the OpenAPI page of this API."""
    return JSONResponse(request.app.openapi())
