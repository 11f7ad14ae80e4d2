"""The application: routes, what every request passes, and what starts and stops with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import jiesu
from jiesu.engine import Engine
from jiesu.resources import package_folder
from jiesu.review.precedents import Precedents
from jiesu.serve import pages, payloads, problems
from jiesu.serve.edge import Edge
from jiesu.serve.limits import Gate
from jiesu.serve.problems import ServeError
from jiesu.serve.routes import about, appeals, feedback, health, open311, session
from jiesu.serve.service import Service
from jiesu.serve.settings import ServeSettings
from jiesu.store import Store

STATIC = "/static"
_OPEN = ("/healthz", "/readyz", "/v1/session/link")
_SCORES = frozenset({"/v1/appeals"})
_BATCH = "/v1/appeals:batch"
# Bodies that are read before anybody knows who sends them.
_UNKNOWN_SENDERS = ("/login", "/v1/session")
_SMALL = 1 << 16

_DESCRIPTION = """\
Reads appeals (诉求) to a 12345 hotline and returns verdicts (研判). It never refuses an appeal.

Every call but `/healthz` and `/readyz` needs `Authorization: Bearer jsk_…`, a key with the scope
that the call needs. Errors are problem details (RFC 9457) with a stable `code`; none quotes what
was sent. Under load the answer is 429 with Retry-After: nothing was done, send it again.
"""


def create_app(
    settings: ServeSettings,
    store: Store,
    *,
    load: Callable[[Path], Engine] | None = None,
) -> FastAPI:
    """Return the application over an open store, which it closes when it stops.

    load: makes an engine of a bundle's folder; the default is the only one in service.
    """
    service = Service(settings, store, load=load)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="jiesu 接诉",
        version=jiesu.__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        # The pages of the framework load scripts from elsewhere, and need no credentials.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # /v1/appeals/ is no id, and a redirect of a POST would lose its body.
        redirect_slashes=False,
    )
    app.state.service = service
    app.state.precedents = Precedents(store)
    problems.install(app, pages.answer)
    for module in (health, feedback, appeals, about, session, open311):
        app.include_router(module.router)
    app.include_router(pages.router)
    folder = package_folder("serve", "static")
    if folder.is_dir():
        app.mount(STATIC, StaticFiles(directory=folder), name="static")
    _describe(app)

    def limit(scope: Scope) -> int:
        if scope["path"].startswith(_UNKNOWN_SENDERS):
            return _SMALL
        is_batch = scope["path"] == _BATCH
        return settings.batch_body_limit if is_batch else settings.body_limit

    def refuse(scope: Scope) -> ServeError | None:
        batcher = service.scorer.batcher
        if scope["method"] == "POST" and scope["path"] in _SCORES and batcher.overloaded():
            return batcher.refuse()
        return None

    # The last one added is the outermost.
    app.add_middleware(Gate, limit=limit, refuse=refuse)
    app.add_middleware(Edge, metrics=service.metrics, stopping=lambda: service.stopping)
    return app


def _describe(app: FastAPI) -> None:
    """Complete the OpenAPI page by what the framework does not see: credentials, bodies.

    Credentials are checked by dependencies of our own, and bodies are read after them.
    """
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        page = made()
        components = page.setdefault("components", {})
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key, jsk_…"},
            "session": {"type": "apiKey", "in": "cookie", "name": "jiesu_session"},
        }
        bodies = (payloads.Feedback, session.Password, session.Link, payloads.Problem)
        components["schemas"] |= payloads.component_schemas(*bodies)
        for path, operations in page["paths"].items():
            for operation in operations.values():
                operation["security"] = [] if path in _OPEN else [{"key": []}, {"session": []}]
        return page

    app.openapi = openapi  # type: ignore[method-assign]
