"""The supervisors' pages, as HTML. Each module of pages has a `router`; here they come together.

Templates lie in `jiesu/serve/templates`, what they link to in `jiesu/serve/static` (served under
`/static`, the one thing besides health and the login that needs no credentials).
"""

from fastapi import APIRouter

from jiesu.serve.pages import (
    appeal,
    case,
    dashboard,
    decisions,
    exports,
    keys,
    log,
    login,
    model,
    preferences,
    quality,
    queue,
    users,
)
from jiesu.serve.pages.faults import answer

__all__ = ["MODULES", "answer", "router"]

MODULES = (
    login,
    preferences,
    queue,
    case,
    decisions,
    appeal,
    dashboard,
    exports,
    model,
    users,
    keys,
    quality,
    log,
)
"""Every module of pages."""

router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.include_router(module.router)
