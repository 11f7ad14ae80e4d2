"""What pages build on: the session of a reader, roles, tokens of forms, the way to the login."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import Depends, FastAPI, Form, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from jiesu.serve import browser
from jiesu.serve.app import create_app
from jiesu.serve.auth import CurrentUser, require_role
from jiesu.serve.settings import ServeSettings
from jiesu.store import Session, Store, open_store

HOST = "http://jiesu.test"
HTML = {"Accept": "text/html,application/xhtml+xml"}
Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.users.create("admin-1", None, "admin")
        store.users.create("viewer-1", None, "viewer")
        yield store


@pytest.fixture
def app(store: Store) -> FastAPI:
    """Return an application with a few pages, as the review pages are made."""
    app = create_app(ServeSettings(), store)

    @app.get("/page")
    async def page(session: CurrentUser) -> PlainTextResponse:
        return PlainTextResponse(session.user.name)

    @app.post("/page")
    async def form(session: CurrentUser, word: Annotated[str, Form()]) -> PlainTextResponse:
        return PlainTextResponse(f"{session.user.name} {word}")

    @app.get("/for-admins")
    async def admins(
        session: Annotated[Session, Depends(require_role("admin"))],
    ) -> PlainTextResponse:
        return PlainTextResponse(session.user.role)

    @app.get("/enter")
    async def shown(request: Request) -> Response:
        response = HTMLResponse()
        response.headers["X-Token"] = browser.form_token(request, response)
        return response

    @app.post("/enter")
    async def sent(request: Request) -> Response:
        await browser.check_form_token(request)
        name = str((await request.form())["name"])
        user = store.users.get(name)
        assert user is not None
        response = PlainTextResponse("in")
        await browser.sign_in(request, response, store, user)
        return response

    return app


def asking(app: FastAPI, ask: Ask) -> None:
    async def run() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
            await ask(client)

    asyncio.run(asyncio.wait_for(run(), 30))


async def log_in(client: httpx.AsyncClient, store: Store, name: str) -> dict[str, str]:
    """Log in and return the headers that a script of the page would send."""
    token = store.users.link(name, now=datetime.now(UTC))
    entered = await client.post("/v1/session/link", json={"token": token})
    assert entered.status_code == 200
    return {browser.CSRF_HEADER: entered.json()["csrf"]}


def test_without_a_session_a_page_leads_to_the_login_and_back(app: FastAPI) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        found = await client.get("/page?a=1&b=//x", headers=HTML)
        assert found.status_code == 303
        where = urlsplit(found.headers["location"])
        assert where.path == "/login"
        assert parse_qs(where.query) == {"next": ["/page?a=1&b=//x"]}
        assert (await client.get("/page")).status_code == 401, "a script is told"
        assert (await client.get("/v1/units", headers=HTML)).status_code == 401, "no page"

    asking(app, ask)


def test_a_page_knows_its_reader_and_a_role_may_be_needed(app: FastAPI, store: Store) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        await log_in(client, store, "viewer-1")
        assert (await client.get("/page")).text == "viewer-1"
        refused = await client.get("/for-admins")
        assert (refused.status_code, refused.json()["code"]) == (403, "no_role")
        await log_in(client, store, "admin-1")
        assert (await client.get("/for-admins")).text == "admin"

    asking(app, ask)


def test_a_form_needs_its_token(app: FastAPI, store: Store) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        headers = await log_in(client, store, "admin-1")
        token = headers[browser.CSRF_HEADER]
        for data, sent, status in (
            ({"word": "x"}, {}, 403),
            ({"word": "x", browser.CSRF_FIELD: "wrong"}, {}, 403),
            ({"word": "x", browser.CSRF_FIELD: "错"}, {}, 403),
            ({"word": "x", browser.CSRF_FIELD: token}, {"Origin": "https://other.test"}, 403),
            ({"word": "x", browser.CSRF_FIELD: token}, {"Origin": "null"}, 403),
            ({"word": "x", browser.CSRF_FIELD: token}, {"Origin": HOST}, 200),
            ({"word": "x"}, headers, 200),
        ):
            found = await client.post("/page", data=data, headers=sent)
            assert found.status_code == status, (data, sent)
        assert found.text == "admin-1 x"
        files = {"word": (None, "y"), browser.CSRF_FIELD: (None, token)}
        assert (await client.post("/page", files=files)).text == "admin-1 y", "multipart too"

    asking(app, ask)


def test_a_form_before_the_session_has_a_token_too(app: FastAPI) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        data = {"name": "viewer-1"}
        assert (await client.post("/enter", data=data)).status_code == 403
        shown = await client.get("/enter")
        token = shown.headers["X-Token"]
        assert "httponly" in shown.headers["set-cookie"].lower()
        wrong = await client.post("/enter", data={**data, browser.CSRF_FIELD: "wrong"})
        assert wrong.status_code == 403
        right = {**data, browser.CSRF_FIELD: token}
        elsewhere = {"Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/enter", data=right, headers=elsewhere)).status_code == 403
        assert (await client.post("/enter", data=right)).text == "in"
        assert (await client.get("/page")).text == "viewer-1"

    asking(app, ask)


def test_logging_in_again_ends_the_session_before(app: FastAPI, store: Store) -> None:
    async def ask(client: httpx.AsyncClient) -> None:
        await log_in(client, store, "viewer-1")
        before = dict(client.cookies)
        await log_in(client, store, "admin-1")
        client.cookies.clear()
        client.cookies.update(before)
        assert (await client.get("/page")).status_code == 401

    asking(app, ask)
