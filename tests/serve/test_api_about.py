"""What the service says of itself: units, model, health, figures, Open311, OpenAPI."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import httpx
import pytest

from jiesu.engine import Engine
from serve_process import ServeProcess

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"


def test_units_are_the_catalogue(api: httpx.Client, tiny_engine: Engine) -> None:
    found = api.get("/v1/units").json()
    jurisdiction = tiny_engine.jurisdiction
    assert found["catalogue"] == jurisdiction.catalogue
    assert [unit["name"] for unit in found["units"]] == [u.name for u in jurisdiction.units]
    assert [area["name"] for area in found["areas"]] == [a.name for a in jurisdiction.areas]


def test_the_model_says_what_it_certifies(api: httpx.Client, tiny_engine: Engine) -> None:
    found = api.get("/v1/model").json()
    assert (found["info"]["bundle"], found["info"]["tier"]) == ("tiny", "linear")
    thresholds = tiny_engine.bundle.manifest.thresholds
    assert set(found["thresholds"]) == set(thresholds)
    assert {"confidence", "target_risk", "delta", "in_force"} <= set(found["thresholds"]["type"])
    verdict = api.post("/v1/appeals", json={"id": "of the model", "text": TEXT}).json()["verdict"]
    assert verdict["model"]["version"] == found["info"]["version"]


def test_the_jurisdiction(api: httpx.Client, tiny_engine: Engine) -> None:
    found = api.get("/v1/jurisdiction").json()
    assert found["content_hash"] == tiny_engine.jurisdiction.content_hash
    assert len(found["types"]) == len(tiny_engine.jurisdiction.types)
    assert found["dispositions"][0]["basis"]["law"]


def test_health_needs_no_credentials(serving: ServeProcess) -> None:
    with serving.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "model": True, "store": True, "stopping": False}


def test_figures(api: httpx.Client) -> None:
    def figure(name: str) -> float:
        line = re.search(rf"^{re.escape(name)} (\S+)$", api.get("/metrics").text, re.M)
        return float(line[1]) if line else 0.0

    name = 'jiesu_store_writes_total{outcome="new"}'
    before = figure(name)
    api.post("/v1/appeals", json={"id": "counted", "text": TEXT})
    assert figure(name) == before + 1
    assert figure("jiesu_store_up") == 1
    page = api.get("/metrics").text
    assert 'route="/v1/appeals"' in page
    assert 'tier="linear"' in page
    assert "路灯" not in page
    assert "counted" not in page


def open311(api: httpx.Client, **options: Any) -> list[dict[str, Any]]:
    found = api.get("/open311/v2/requests.json", params=options)
    assert found.status_code == 200
    result: list[dict[str, Any]] = found.json()
    return result


def test_open311(api: httpx.Client) -> None:
    for day in (1, 2, 3):
        record = {"id": f"o-{day}", "text": TEXT, "received_at": f"1999-01-0{day}T09:00:00"}
        verdict = api.post("/v1/appeals", json=record).json()["verdict"]
    period = {"start_date": "1999-01-01T00:00:00+08:00", "end_date": "1999-01-04T00:00:00+08:00"}
    found = open311(api, **period)
    assert [one["service_request_id"] for one in found] == ["o-3", "o-2", "o-1"]
    one = found[0]
    assert one["description"] == TEXT
    assert one["service_code"] == verdict["type"]["code"]
    assert one["agency_responsible"] == verdict["dispatch"]["unit"]
    assert one["jurisdiction_id"] == verdict["dispatch"]["catalogue"]
    assert one["status"] == "open"
    received, due = (
        datetime.fromisoformat(one[name]) for name in ("requested_datetime", "expected_datetime")
    )
    assert received == datetime.fromisoformat("1999-01-03T09:00:00+08:00")
    assert due > received
    assert [len(open311(api, page_size=2, page=page, **period)) for page in (1, 2, 3)] == [2, 1, 0]
    api.post("/v1/appeals/o-1/feedback", json={"action": "accept"})
    closed = open311(api, status="closed", **period)
    assert [one["service_request_id"] for one in closed] == ["o-1"]
    assert open311(api, jurisdiction_id="elsewhere") == []
    by_id = open311(api, service_request_id="o-1, o-3, nobody-knows")
    assert {one["service_request_id"] for one in by_id} == {"o-1", "o-3"}
    (alone,) = api.get("/open311/v2/requests/o-2.json").json()
    assert alone == found[1]
    assert api.get("/open311/v2/requests/nobody-knows.json").status_code == 404


@pytest.mark.parametrize(
    "options",
    [
        {"start_date": "yesterday"},
        {"start_date": "1999-01-01T00:00:00"},
        {"status": "perhaps"},
        {"page_size": 501},
        {"service_request_id": ",".join(map(str, range(101)))},
    ],
)
def test_open311_refuses_what_it_cannot_read(api: httpx.Client, options: dict[str, Any]) -> None:
    found = api.get("/open311/v2/requests.json", params=options)
    assert found.status_code == 422
    assert found.headers["content-type"] == "application/problem+json"


def test_the_openapi_page(api: httpx.Client) -> None:
    page = api.get("/openapi.json").json()
    assert set(page["paths"]) >= {
        "/v1/appeals",
        "/v1/appeals:batch",
        "/v1/appeals/{id}",
        "/v1/appeals/{id}/history",
        "/v1/appeals/{id}/feedback",
        "/v1/units",
        "/v1/model",
        "/v1/jurisdiction",
        "/healthz",
        "/readyz",
        "/metrics",
        "/open311/v2/requests.json",
        "/open311/v2/requests/{id}.json",
    }
    body = page["paths"]["/v1/appeals"]["post"]["requestBody"]["content"]["application/json"]
    assert {"english", "chinese", "turns"} == set(body["examples"])
    for name, example in body["examples"].items():
        found = api.post("/v1/appeals", json={**example["value"], "id": f"example-{name}"})
        assert found.status_code == 201, "an example is good"
    open_paths = {
        path
        for path, operations in page["paths"].items()
        if any(operation["security"] == [] for operation in operations.values())
    }
    assert open_paths == {"/healthz", "/readyz", "/v1/session/link"}


def test_unknown_paths_and_methods(api: httpx.Client) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/units", 405),
        ("POST", "/v1/appeals/", 405),
    ):
        found = api.request(method, path)
        assert found.status_code == status
        assert found.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large(api: httpx.Client) -> None:
    found = api.post("/v1/appeals", content=b" " * (2 << 20) + b"{}")
    assert (found.status_code, found.json()["code"]) == (413, "too_large")

    def endless() -> Any:
        for _ in range(64):
            yield b" " * (1 << 16)

    sent = api.post("/v1/appeals", content=endless())
    assert (sent.status_code, sent.json()["code"]) == (413, "too_large")


def test_every_answer_has_safe_headers_and_an_id(api: httpx.Client) -> None:
    for path in ("/healthz", "/v1/units", "/nowhere", "/v1/appeals/nobody-knows"):
        headers = api.get(path, headers={"X-Request-Id": "mine-1"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"] == "mine-1"
        assert "server" not in headers
    unsafe = api.get("/healthz", headers={"X-Request-Id": "a b\tc"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", unsafe)
