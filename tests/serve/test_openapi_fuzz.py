"""Schemathesis on the OpenAPI page: whatever is sent, no 5xx, and answers are as described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jiesu.serve.routes import about, appeals, feedback, health, open311, session
from jiesu.store import SCOPES, open_store
from serve_process import ServeProcess

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    (method, route.path_format)
    for module in (health, appeals, feedback, about, session, open311)
    for route in module.router.routes
    if route.include_in_schema
    for method in sorted(route.methods)
]


@pytest.fixture(scope="module")
def own_key(own_serving: ServeProcess) -> str:
    """Return a key that may do everything there."""
    with open_store(own_serving.store) as store:
        return store.keys.create("fuzz", SCOPES)


@pytest.fixture(scope="module")
def schema(own_serving: ServeProcess, own_key: str) -> Any:
    """Return the OpenAPI page of a service that nobody else asks."""
    with own_serving.client(own_key) as client:
        page = client.get("/openapi.json").json()
    loaded = schemathesis.openapi.from_dict(page)
    loaded.config.update(base_url=own_serving.url)
    return loaded


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nothing_breaks_the_service(
    method: str,
    path: str,
    mode: GenerationMode,
    schema: Any,
    own_key: str,
    own_serving: ServeProcess,
) -> None:
    operation = schema[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {own_key}"}, checks=CHECKS)

    try:
        ask()
    except Unsatisfiable:
        # It takes nothing that could be wrong.
        assert mode is GenerationMode.NEGATIVE
        assert path in ("/healthz", "/readyz")
    assert "unforeseen" not in own_serving.log()
