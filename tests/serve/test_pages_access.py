"""Who may open which page and send which form: every role against every route of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from jiesu.engine import Engine
from jiesu.serve import pages
from page_site import APPEALS, PageClient, Site

READERS = ("viewer", "supervisor", "admin")
REVIEWERS = ("supervisor", "admin")
ADMINS = ("admin",)

# Method, route, an address, fields of its form, and who may; None: anybody.
PAGES: list[tuple[str, str, str, dict[str, Any], tuple[str, ...] | None]] = [
    ("GET", "/login", "/login", {}, None),
    ("POST", "/login", "/login", {}, None),
    ("POST", "/look", "/look", {"theme": "dark"}, None),
    ("GET", "/", "/", {}, READERS),
    ("GET", "/queue", "/queue", {}, READERS),
    ("GET", "/cases/{case_id}", "/cases/1", {}, READERS),
    ("GET", "/appeal", "/appeal?id=lamp", {}, READERS),
    ("GET", "/dashboard", "/dashboard", {}, READERS),
    ("POST", "/next", "/next", {}, REVIEWERS),
    ("POST", "/cases/{case_id}/claim", "/cases/1/claim", {}, REVIEWERS),
    ("POST", "/cases/{case_id}/release", "/cases/1/release", {}, REVIEWERS),
    ("POST", "/cases/{case_id}/decision", "/cases/999/decision", {}, REVIEWERS),
    ("POST", "/reviews/{review_id}/undo", "/reviews/999/undo", {}, REVIEWERS),
    ("GET", "/export", "/export", {}, REVIEWERS),
    ("POST", "/export", "/export", {"format": "csv", "only": "all"}, REVIEWERS),
    ("GET", "/admin", "/admin", {}, ADMINS),
    ("GET", "/admin/model", "/admin/model", {}, ADMINS),
    ("GET", "/admin/users", "/admin/users", {}, ADMINS),
    ("POST", "/admin/users", "/admin/users", {"name": ""}, ADMINS),
    ("POST", "/admin/users/{user_id}/link", "/admin/users/999/link", {}, ADMINS),
    ("POST", "/admin/users/{user_id}/role", "/admin/users/999/role", {"role": "viewer"}, ADMINS),
    ("POST", "/admin/users/{user_id}/password", "/admin/users/999/password", {}, ADMINS),
    ("POST", "/admin/users/{user_id}/disable", "/admin/users/999/disable", {}, ADMINS),
    ("POST", "/admin/users/{user_id}/enable", "/admin/users/999/enable", {}, ADMINS),
    ("GET", "/admin/keys", "/admin/keys", {}, ADMINS),
    ("POST", "/admin/keys", "/admin/keys", {"name": ""}, ADMINS),
    ("POST", "/admin/keys/{key_id}/rotate", "/admin/keys/999/rotate", {}, ADMINS),
    ("POST", "/admin/keys/{key_id}/revoke", "/admin/keys/999/revoke", {}, ADMINS),
    ("GET", "/admin/quality", "/admin/quality", {}, ADMINS),
    ("POST", "/admin/quality/draw", "/admin/quality/draw", {}, ADMINS),
    ("POST", "/admin/quality/check", "/admin/quality/check", {"id": "no"}, ADMINS),
    ("GET", "/admin/log", "/admin/log", {}, ADMINS),
    # The last: it ends the session.
    ("POST", "/logout", "/logout", {}, READERS),
]
FORMS = [entry for entry in PAGES if entry[0] == "POST" and entry[1] not in ("/login", "/look")]


def name_of(entry: tuple[str, str, str, dict[str, Any], Any]) -> str:
    return f"{entry[0]} {entry[1]}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, tiny_engine: Engine) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"), tiny_engine)
    try:
        made.start()
        for role in READERS:
            made.user(role, role)  # type: ignore[arg-type]
        made.add(*APPEALS)
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def browsers(site: Site) -> Iterator[dict[str, PageClient]]:
    """Return a browser for each role; one that only logs out is another's."""
    found = {role: site.client(role) for role in READERS}
    yield found
    for client in found.values():
        client.close()


def send(client: PageClient, entry: tuple[str, str, str, dict[str, Any], Any]) -> httpx.Response:
    method, _, path, fields, _ = entry
    return client.get(path) if method == "GET" else client.form(path, **fields)


def test_every_route_is_in_the_matrix() -> None:
    routes = {
        (method, route.path)
        for module in pages.MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert routes == {(entry[0], entry[1]) for entry in PAGES}


@pytest.mark.parametrize("entry", PAGES[3:-1], ids=name_of)
@pytest.mark.parametrize("role", READERS)
def test_roles(
    role: str,
    entry: tuple[str, str, str, dict[str, Any], tuple[str, ...]],
    browsers: dict[str, PageClient],
) -> None:
    found = send(browsers[role], entry)
    if role in entry[4]:
        # Allowed: whatever is wrong now is the form's own content.
        assert found.status_code in (200, 204, 303, 404, 409, 422)
        return
    assert found.status_code == 403
    assert "您没有权限做这件事" in found.text


@pytest.mark.parametrize("entry", PAGES[3:], ids=name_of)
def test_without_a_session_everything_leads_to_the_login(
    entry: tuple[str, str, str, dict[str, Any], Any], site: Site
) -> None:
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}) as nobody:
        method, _, path, fields, _ = entry
        found = nobody.get(path) if method == "GET" else nobody.post(path, data=fields)
    assert found.status_code == 303
    assert found.headers["location"].startswith("/login?next=")


@pytest.mark.parametrize("entry", FORMS, ids=name_of)
def test_no_form_goes_without_its_token(
    entry: tuple[str, str, str, dict[str, Any], Any], browsers: dict[str, PageClient]
) -> None:
    client = browsers["admin"]
    for token in ({}, {"csrf_token": "wrong"}):
        found = client.post(entry[2], data={**entry[3], **token})
        assert found.status_code == 403
        assert "页面已过时" in found.text
    elsewhere = client.post(
        entry[2],
        data={**entry[3], "csrf_token": client.csrf},
        headers={"Origin": "https://other.test"},
    )
    assert elsewhere.status_code == 403


@pytest.mark.parametrize("path", ["/login", "/look"])
def test_forms_before_the_session_have_a_token_too(path: str, site: Site) -> None:
    with httpx.Client(base_url=site.url, headers={"Accept": "text/html"}) as nobody:
        found = nobody.post(path, data={"name": "viewer", "password": "x" * 12, "theme": "dark"})
    assert found.status_code == 403
    assert "jiesu_theme" not in found.cookies


def test_logging_out_ends_the_session(site: Site) -> None:
    with site.client("viewer") as client:
        assert client.form("/logout").headers["location"] == "/login?out=1"
        assert client.get("/queue").status_code == 303


def test_a_key_opens_no_page(site: Site) -> None:
    key = site.store.keys.create("program", ["admin", "read", "review", "score"])
    headers = {"Accept": "text/html", "Authorization": f"Bearer {key}"}
    assert httpx.get(f"{site.url}/queue", headers=headers).status_code == 303
