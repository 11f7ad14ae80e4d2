"""Which problems a route may answer, for its OpenAPI page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jiesu.serve.problems import MEDIA_TYPE


def faults(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route: a problem document for each status."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
