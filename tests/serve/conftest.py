"""Services of the tiny bundle: one process for all that only asks, others for what breaks them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from jiesu.store import Sampling, Store, open_store
from serve_process import ServeProcess

Serve = Callable[..., ServeProcess]

SCOPES = ("score", "read", "review", "admin")


@contextmanager
def running(
    folder: Path, tiny: Path, env: dict[str, str], **settings: Any
) -> Iterator[ServeProcess]:
    """Run a service that must end well."""
    store = f"sqlite:///{folder / 'store.db'}"
    process = ServeProcess(
        folder, bundle=tiny, store=store, env=env, rate=0, audit_share=0, **settings
    )
    try:
        process.wait_until_ready()
        yield process
        assert process.stop() == 0
    finally:
        process.kill()


@pytest.fixture(scope="session")
def serving(
    tiny: Path, child_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    """Return a service for tests that leave it as it is. Use ids of your own."""
    with running(tmp_path_factory.mktemp("serving"), tiny, child_env) as process:
        yield process


@pytest.fixture(scope="module")
def own_serving(
    tiny: Path, child_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServeProcess]:
    """Return a service of the module's own, which may be left in any state."""
    with running(tmp_path_factory.mktemp("serving"), tiny, child_env) as process:
        yield process


@pytest.fixture(scope="session")
def serving_store(serving: ServeProcess) -> Iterator[Store]:
    """Return the store of that service, to look into."""
    with open_store(serving.store, sampling=Sampling(0, 0)) as store:
        yield store


@pytest.fixture(scope="session")
def key(serving_store: Store) -> str:
    """Return an API key that may do everything."""
    return serving_store.keys.create("tests", SCOPES)


@pytest.fixture
def api(serving: ServeProcess, key: str) -> Iterator[httpx.Client]:
    """Return a client of that service that may do everything."""
    with serving.client(key) as client:
        yield client


@pytest.fixture
def start(tiny: Path, child_env: dict[str, str], tmp_path: Path) -> Iterator[Serve]:
    """Return a function that starts a service of one's own, and what key opens everything.

    Options are settings; `bundle`, `store` and `env` stand in for the usual.
    """
    started: list[ServeProcess] = []

    def begin(*, wait: bool = True, env: dict[str, str] | None = None, **options: Any) -> Any:
        bundle = options.pop("bundle", tiny)
        store = options.pop("store", f"sqlite:///{tmp_path / 'store.db'}")
        process = ServeProcess(
            tmp_path, bundle=bundle, store=store, env={**child_env, **(env or {})}, **options
        )
        started.append(process)
        if wait:
            process.wait_until_ready()
        return process

    yield begin
    for process in started:
        process.kill()


@pytest.fixture
def key_of() -> Callable[[ServeProcess], str]:
    """Return a function that makes a key for a service, which opens everything."""

    def make(process: ServeProcess, name: str = "tests") -> str:
        with open_store(process.store) as store:
            return store.keys.create(name, SCOPES)

    return make
