"""Who may do what: every role and scope against every endpoint; sessions, forms, cookies."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from jiesu.serve.auth import ROLE_SCOPES
from jiesu.store import Store, open_store
from serve_process import ServeProcess

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"
PASSWORD = "correct horse battery"

# Method, path, body, the scope that it needs; None: anybody, "session": any browser's own.
ENDPOINTS: list[tuple[str, str, Any, str | None]] = [
    ("GET", "/healthz", None, None),
    ("GET", "/readyz", None, None),
    ("POST", "/v1/appeals", {"id": "matrix", "text": TEXT}, "score"),
    ("POST", "/v1/appeals:batch", [{"id": "matrix", "text": TEXT}], "score"),
    ("GET", "/v1/appeals/matrix", None, "read"),
    ("GET", "/v1/appeals/matrix/history", None, "read"),
    ("POST", "/v1/appeals/matrix/feedback", {"action": "accept"}, "review"),
    ("GET", "/v1/units", None, "read"),
    ("GET", "/v1/model", None, "read"),
    ("GET", "/v1/jurisdiction", None, "read"),
    ("POST", "/v1/admin/reload", None, "admin"),
    ("GET", "/open311/v2/requests.json", None, "read"),
    ("GET", "/open311/v2/requests/matrix.json", None, "read"),
    ("GET", "/metrics", None, "read"),
    ("GET", "/openapi.json", None, "read"),
    ("GET", "/v1/session", None, "session"),
]
KEYS = {"only_score": ["score"], "only_read": ["read"], "only_review": ["review"]} | {
    "only_admin": ["admin"],
    "all": ["score", "read", "review", "admin"],
}
ROLES = tuple(ROLE_SCOPES)
NOBODIES = ("nobody", "wrong_key", "revoked_key", "wrong_scheme", "wrong_cookie")


@pytest.fixture(scope="module")
def keys(serving_store: Store) -> dict[str, str]:
    """Return an API key for each entry of KEYS."""
    return {name: serving_store.keys.create(name, scopes) for name, scopes in KEYS.items()}


@pytest.fixture(scope="module")
def revoked(serving_store: Store) -> str:
    key = serving_store.keys.create("revoked", ["score", "read", "review", "admin"])
    serving_store.keys.revoke("revoked")
    return key


@pytest.fixture(scope="module")
def users(serving_store: Store) -> tuple[str, ...]:
    for role in ROLES:
        serving_store.users.create(f"{role}-1", PASSWORD, role)
    return ROLES


def link(store: Store, name: str) -> str:
    return store.users.link(name, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def browsers(
    serving: ServeProcess, serving_store: Store, users: tuple[str, ...]
) -> Iterator[dict[str, httpx.Client]]:
    """Return a logged-in browser for each role; it sends the token of forms by itself."""
    found = {}
    for role in users:
        client = serving.client()
        token = link(serving_store, f"{role}-1")
        entered = client.post("/v1/session/link", json={"token": token})
        assert entered.status_code == 200
        client.headers["X-CSRF-Token"] = entered.json()["csrf"]
        found[role] = client
    yield found
    for client in found.values():
        client.close()


@pytest.fixture(scope="module", autouse=True)
def _matrix(serving: ServeProcess, keys: dict[str, str]) -> None:
    with serving.client(keys["all"]) as client:
        client.post("/v1/appeals", json={"id": "matrix", "text": TEXT})


def ask(client: httpx.Client, endpoint: tuple[str, str, Any, str | None]) -> httpx.Response:
    method, path, body, _ = endpoint
    return client.request(method, path, json=body) if body else client.request(method, path)


def name_of(endpoint: tuple[str, str, Any, str | None]) -> str:
    return f"{endpoint[0]} {endpoint[1]}"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
@pytest.mark.parametrize("who", [*KEYS, *ROLES, *NOBODIES])
def test_matrix(
    who: str,
    endpoint: tuple[str, str, Any, str | None],
    serving: ServeProcess,
    keys: dict[str, str],
    revoked: str,
    browsers: dict[str, httpx.Client],
) -> None:
    scope = endpoint[3]
    if who in ROLES:
        found = ask(browsers[who], endpoint)
        held = {*ROLE_SCOPES[who], "session"}  # type: ignore[index]
        # Supervisors decide on the page; feedback is for other systems.
        good = scope is None or (scope in held and scope != "review")
        refused = 403
    else:
        headers = {
            "wrong_key": {"Authorization": "Bearer jsk_nobody"},
            "revoked_key": {"Authorization": f"Bearer {revoked}"},
            "wrong_scheme": {"Authorization": f"Basic {keys['all']}"},
            "wrong_cookie": {"Cookie": "jiesu_session=jss_nobody"},
        }.get(who, {})
        with serving.client(keys.get(who)) as client:
            client.headers.update(headers)
            found = ask(client, endpoint)
        good = scope is None or scope in KEYS.get(who, [])
        # A key is no browser: it has no session to ask for.
        refused = 403 if who in KEYS and scope != "session" else 401
    if good:
        assert found.status_code in (200, 201), found.text
    else:
        assert found.status_code == refused, found.text
        assert found.json()["code"]
        assert TEXT not in found.text
        assert ("www-authenticate" in found.headers) == (refused == 401)


def test_the_matrix_names_every_endpoint(api: httpx.Client) -> None:
    tested = {(method, path.replace("matrix", "{id}")) for method, path, _, _ in ENDPOINTS}
    paths = api.get("/openapi.json").json()["paths"]
    there = {(method.upper(), path) for path, found in paths.items() for method in found}
    # Logging in and out have tests of their own.
    ways = {("POST", "/v1/session"), ("POST", "/v1/session/link"), ("DELETE", "/v1/session")}
    assert there - ways == tested - {("GET", "/openapi.json")}


def test_credentials_come_before_the_body(serving: ServeProcess) -> None:
    with serving.client() as client:
        for path in ("/v1/appeals", "/v1/appeals:batch", "/v1/appeals/matrix/feedback"):
            assert client.post(path, content=b"{").status_code == 401


def test_a_session_from_password_to_end(
    serving: ServeProcess, serving_store: Store, users: tuple[str, ...]
) -> None:
    with serving.client() as client:
        entered = client.post("/v1/session", json={"name": "admin-1", "password": PASSWORD})
        assert entered.status_code == 200
        assert (entered.json()["name"], entered.json()["role"]) == ("admin-1", "admin")
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "path=/" in cookie
        csrf = {"X-CSRF-Token": entered.json()["csrf"]}
        assert client.get("/v1/session").json() == entered.json()
        for headers, status in (
            ({}, 403),
            ({"X-CSRF-Token": "wrong"}, 403),
            ({**csrf, "Origin": "https://elsewhere.example"}, 403),
            ({**csrf, "Sec-Fetch-Site": "cross-site"}, 403),
            ({**csrf, "Origin": serving.url}, 200),
        ):
            found = client.post("/v1/admin/reload", headers=headers)
            assert found.status_code == status, headers
        stolen = dict(client.cookies)
        assert client.delete("/v1/session", headers=csrf).status_code == 204
        assert not client.cookies
    with serving.client(cookies=stolen) as thief:
        assert thief.get("/v1/session").status_code == 401


def test_behind_https_cookies_travel_encrypted_alone(
    serving: ServeProcess, serving_store: Store, users: tuple[str, ...]
) -> None:
    with serving.client(headers={"X-Forwarded-Proto": "https"}) as client:
        entered = client.post("/v1/session/link", json={"token": link(serving_store, "viewer-1")})
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith("__Host-jiesu_session=")
    assert "secure" in cookie.lower()
    assert "max-age=31536000" in entered.headers["strict-transport-security"]


def test_a_link_lets_in_once(
    serving: ServeProcess, serving_store: Store, users: tuple[str, ...]
) -> None:
    token = link(serving_store, "viewer-1")
    with serving.client() as client:
        statuses = [
            client.post("/v1/session/link", json={"token": token}).status_code for _ in range(2)
        ]
    assert statuses == [200, 401]


def test_passwords_are_not_guessed(start: Any) -> None:
    process = start()
    with open_store(process.store) as store:
        store.users.create("supervisor-1", PASSWORD, "supervisor")
    with process.client() as client:
        wrong = [
            client.post("/v1/session", json={"name": "supervisor-1", "password": "wrong"})
            for _ in range(5)
        ]
        assert {found.status_code for found in wrong} == {401}
        locked = client.post("/v1/session", json={"name": "supervisor-1", "password": PASSWORD})
        assert locked.status_code == 401, "locked, whatever the password"
        assert locked.text.replace(locked.headers["x-request-id"], "") == wrong[0].text
        more = [
            client.post("/v1/session", json={"name": "anybody", "password": "wrong"}).status_code
            for _ in range(10)
        ]
    assert more[-1] == 429, "too many attempts from one address"
    log = process.log()
    assert PASSWORD not in log


def test_logins_from_elsewhere_are_refused(serving: ServeProcess) -> None:
    with serving.client(headers={"Origin": "https://elsewhere.example"}) as client:
        found = client.post("/v1/session", json={"name": "admin-1", "password": PASSWORD})
    assert (found.status_code, found.json()["code"]) == (403, "other_origin")


def test_a_key_may_call_so_often(start: Any, key_of: Any) -> None:
    process = start(rate=1, burst=5)
    with process.client(key_of(process)) as client:
        statuses = [client.get("/v1/model").status_code for _ in range(8)]
        assert statuses[:5] == [200] * 5
        assert statuses[-1] == 429
        refused = client.get("/v1/model")
        assert refused.json()["code"] == "rate_limited"
        assert int(refused.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200
    with process.client(key_of(process, "another")) as other:
        assert other.get("/v1/model").status_code == 200


def test_a_revoked_key_opens_nothing_soon(start: Any, key_of: Any) -> None:
    process = start(key_cache=0.2)
    with process.client(key_of(process)) as client, open_store(process.store) as store:
        assert client.get("/v1/model").status_code == 200
        store.keys.revoke("tests")
        time.sleep(0.5)
        assert client.get("/v1/model").status_code == 401
