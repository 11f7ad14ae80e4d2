"""The service as a whole, in this process: while it loads, without a store, when it stops."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from jiesu.engine import Engine
from jiesu.errors import BundleError, StoreError
from jiesu.serve.app import create_app
from jiesu.serve.auth import Keys
from jiesu.serve.metrics import Metrics
from jiesu.serve.settings import ServeSettings
from jiesu.store import Sampling, open_store

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"
RECORD = {"id": "one", "text": TEXT}


@asynccontextmanager
async def service(
    tmp_path: Path, load: Callable[[Path], Engine], **settings: Any
) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    """Run a service and yield it with a client that may do everything."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}", sampling=Sampling(0, 0))
    key = store.keys.create("tests", ["score", "read", "review", "admin"])
    app = create_app(ServeSettings(watch=0, **settings), store, load=load)
    async with app.router.lifespan_context(app):
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://jiesu.test", headers=headers
        ) as client:
            yield app.state.service, client


async def ready(client: httpx.AsyncClient) -> None:
    while not (await client.get("/readyz")).json()["model"]:
        await asyncio.sleep(0.01)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test(), 60)

    asyncio.run(limited())


def test_while_the_bundle_is_loaded_it_says_so(tmp_path: Path, tiny_engine: Engine) -> None:
    go = threading.Event()

    def slow(_: Path) -> Engine:
        assert go.wait(30)
        return tiny_engine

    async def test() -> None:
        async with service(tmp_path, slow) as (_, client):
            for method, path, body in (
                ("POST", "/v1/appeals", RECORD),
                ("POST", "/v1/appeals:batch", [RECORD]),
                ("GET", "/v1/units", None),
                ("GET", "/v1/model", None),
            ):
                found = await client.request(method, path, json=body)
                assert (found.status_code, found.json()["code"]) == (503, "loading")
                assert found.headers["retry-after"] == "1"
            assert (await client.get("/healthz")).status_code == 200
            waiting = await client.get("/readyz")
            assert waiting.status_code == 503
            assert waiting.json() | {"model": False} == waiting.json()
            go.set()
            await ready(client)
            assert (await client.post("/v1/appeals", json=RECORD)).status_code == 201

    run(test)


def test_a_first_bundle_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    def broken(_: Path) -> Engine:
        raise BundleError("altered_file", "weights.npy was altered")

    async def test() -> None:
        async with service(tmp_path, broken) as (found, client):
            while found.failure is None:
                await asyncio.sleep(0.01)
            assert found.failure.code == "altered_file"
            assert (await client.post("/v1/appeals", json=RECORD)).status_code == 503

    run(test)


def test_without_a_store_scoring_goes_on(tmp_path: Path, tiny_engine: Engine) -> None:
    async def test() -> None:
        async with service(tmp_path, lambda _: tiny_engine, store_retry=0.1) as (found, client):
            await ready(client)
            whole = found.store.appeals.put

            def down(*_: object, **__: object) -> Any:
                raise StoreError("store_down", "it cannot be reached")

            found.writer._put = down
            answer = (await client.post("/v1/appeals", json=RECORD)).json()
            assert (answer["stored"], answer["outcome"]) == (False, None)
            assert answer["verdict"]["error"] is None
            batch = (await client.post("/v1/appeals:batch", json=[RECORD, {"id": "x"}])).json()
            assert [item["status"] for item in batch["items"]] == [200, 422]
            assert [item["stored"] for item in batch["items"]] == [False, False]
            figures = (await client.get("/metrics")).text
            assert 'jiesu_not_stored_total{reason="down"} 2.0' in figures
            found.writer._put = whole
            await asyncio.sleep(0.2)
            again = await client.post("/v1/appeals", json=RECORD)
            assert (again.status_code, again.json()["stored"]) == (201, True)

    run(test)


def test_an_appeal_that_breaks_the_engine_fails_alone(
    tmp_path: Path, tiny_engine: Engine, monkeypatch: Any
) -> None:
    whole = tiny_engine.stream

    def fragile(rows: Any, **options: Any) -> Any:
        rows = list(rows)
        if any(row.id == "breaks" for row in rows):
            raise RuntimeError(TEXT)
        return whole(rows, **options)

    async def test() -> None:
        async with service(tmp_path, lambda _: tiny_engine) as (_, client):
            await ready(client)
            monkeypatch.setattr(tiny_engine, "stream", fragile)
            records = [RECORD, {"id": "breaks", "text": TEXT}, {"id": "two", "text": TEXT}]
            found = await client.post("/v1/appeals:batch", json=records)
            assert [item["status"] for item in found.json()["items"]] == [201, 500, 201]
            alone = await client.post("/v1/appeals", json=records[1])
            assert (alone.status_code, alone.json()["code"]) == (500, "internal")
            assert TEXT not in alone.text

    run(test)


def test_stopping_writes_what_was_scored(tmp_path: Path, tiny_engine: Engine) -> None:
    async def test() -> None:
        async with service(tmp_path, lambda _: tiny_engine, max_wait=30) as (_, client):
            await ready(client)
            asked = [
                asyncio.create_task(
                    client.post("/v1/appeals", json={"id": f"s-{number}", "text": TEXT})
                )
                for number in range(50)
            ]
            found = await asyncio.gather(*asked)
        assert {one.status_code for one in found} == {201}

    run(test)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        assert store.appeals.count() == 50


def test_a_known_key_is_trusted_while_the_store_is_down(tmp_path: Path) -> None:
    async def test() -> None:
        with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
            key = store.keys.create("known", ["score"])
            settings = ServeSettings(key_cache=0.05, key_grace=0.4)
            keys = Keys(store, settings, Metrics())
            assert (await keys.find(key)) is not None

            def down(*_: object) -> None:
                raise StoreError("store_down", "it cannot be reached")

            whole = store.keys.verify
            store.keys.verify = down  # type: ignore[method-assign]
            await asyncio.sleep(0.2)
            known = await keys.find(key)
            assert known is not None
            assert known.scopes == {"score"}
            await asyncio.sleep(0.5)
            # Not for ever, and not a key that nobody knows.
            for other in (key, "jsk_unknown"):
                with pytest.raises(StoreError, match="cannot be reached"):
                    await keys.find(other)
            store.keys.verify = whole  # type: ignore[method-assign]
            assert (await keys.find(key)) is not None

    run(test)


def test_nobody_waits_for_a_store_that_hangs(tmp_path: Path) -> None:
    async def test() -> None:
        with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
            key = store.keys.create("known", ["score"])
            keys = Keys(store, ServeSettings(key_cache=0.05, store_retry=10), Metrics())
            await keys.find(key)
            go = threading.Event()

            def hang(*_: object) -> None:
                go.wait(30)
                raise StoreError("store_down", "it cannot be reached")

            store.keys.verify = hang  # type: ignore[method-assign]
            await asyncio.sleep(0.2)
            started = time.monotonic()
            assert (await keys.find(key)) is not None
            go.set()
            await asyncio.sleep(0.1)
            assert (await keys.find(key)) is not None, "and it is left alone for a while"
            assert time.monotonic() - started < 5

    run(test)
