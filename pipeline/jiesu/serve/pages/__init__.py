"""The supervisors' pages, as HTML. Each module of pages adds its routes to `router`.

Templates lie in `jiesu/serve/templates`, what they link to in `jiesu/serve/static` (served under
`/static`, the one thing besides health and the login that needs no credentials).
"""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
