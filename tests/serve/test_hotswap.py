"""Bundles change while the service runs: no request fails, and a broken one changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jiesu.bundle import MANIFEST, WEIGHTS, WORDS
from jiesu.engine import load
from jiesu.errors import BundleError, JiesuError
from jiesu.serve.hotswap import Engines, bundle_folder, signature
from jiesu.serve.metrics import Metrics
from jiesu.serve.settings import ServeSettings

TEXT = "龙华区海垦路的路灯坏了三天，晚上很黑，希望尽快维修"


def another(tiny: Path, folder: Path, version: str) -> Path:
    """Return a copy of the tiny bundle with another version."""
    shutil.copytree(tiny, folder)
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["version"] = version
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    return folder


def point(link: Path, target: Path) -> None:
    """Make a link point elsewhere, in one step."""
    fresh = link.with_suffix(".new")
    fresh.symlink_to(target)
    fresh.replace(link)


def spoil(folder: Path, name: str) -> None:
    """Alter one byte of a bundle's file."""
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(bytes(content))


@pytest.fixture
def current(tiny: Path, tmp_path: Path) -> Path:
    """Return a link to a first version of the bundle."""
    link = tmp_path / "current"
    link.symlink_to(another(tiny, tmp_path / "first", "first"))
    return link


def engines(current: Path, **settings: Any) -> Engines:
    values = ServeSettings(bundle=str(current), tier="linear", **settings)
    return Engines(values, Metrics())


def version(engines: Engines) -> str:
    assert engines.current is not None
    return engines.current.info.version.partition("+")[0]


def test_a_bundle_is_taken_up_once(current: Path, tiny: Path, tmp_path: Path) -> None:
    found = engines(current)
    assert found.current is None
    assert found.reload() is True
    assert version(found) == "first"
    assert found.reload() is False, "nothing has changed"
    before = found.current
    point(current, another(tiny, tmp_path / "second", "second"))
    assert found.reload() is True
    assert version(found) == "second"
    assert before is not None
    assert before.engine.score([TEXT])[0].model.version.startswith("first+"), "it still can"


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda folder: spoil(folder, WEIGHTS), "altered_file"),
        (lambda folder: (folder / WORDS).unlink(), "missing_file"),
        (lambda folder: (folder / MANIFEST).write_text("{"), "bad_manifest"),
        (lambda folder: (folder / MANIFEST).unlink(), "no_manifest"),
        (shutil.rmtree, "no_bundle"),
    ],
)
def test_a_broken_bundle_leaves_the_old_one_serving(
    harm: Callable[[Path], None], code: str, current: Path, tiny: Path, tmp_path: Path
) -> None:
    found = engines(current)
    found.reload()
    second = another(tiny, tmp_path / "second", "second")
    harm(second)
    point(current, second)
    with pytest.raises(BundleError) as caught:
        found.reload()
    assert caught.value.code == code
    assert version(found) == "first"
    shutil.rmtree(second, ignore_errors=True)
    another(tiny, second, "mended")
    assert found.reload() is True
    assert version(found) == "mended"


def test_a_broken_bundle_is_tried_once_unless_asked_for(
    current: Path, tiny: Path, tmp_path: Path
) -> None:
    tries = []

    def counted(folder: Path) -> Any:
        tries.append(folder.name)
        return load(folder, tier="linear")

    found = Engines(ServeSettings(bundle=str(current), tier="linear"), Metrics(), load=counted)
    found.reload()
    second = another(tiny, tmp_path / "second", "second")
    spoil(second, WEIGHTS)
    point(current, second)
    with pytest.raises(BundleError):
        found.reload()
    assert found.reload() is False
    with pytest.raises(BundleError):
        found.reload(again=True)
    assert tries == ["first", "second", "second"]


def test_files_that_change_while_they_are_read_are_not_taken(
    current: Path, tiny: Path, tmp_path: Path
) -> None:
    def slow(folder: Path) -> Any:
        engine = load(folder, tier="linear")
        (folder / WORDS).touch()
        return engine

    found = Engines(ServeSettings(bundle=str(current), tier="linear"), Metrics(), load=slow)
    with pytest.raises(BundleError) as caught:
        found.reload()
    assert caught.value.code == "changing_bundle"
    assert found.current is None


def test_the_first_bundle_must_be_good(tmp_path: Path) -> None:
    told: list[JiesuError] = []
    found = engines(tmp_path / "nowhere")
    found.follow(told.append)
    end = time.monotonic() + 10
    while not told and time.monotonic() < end:
        time.sleep(0.01)
    assert [error.code for error in told] == ["no_bundle"]


def test_what_names_a_bundle(current: Path, tmp_path: Path) -> None:
    assert bundle_folder(str(current)) == tmp_path / "first"
    assert bundle_folder("default").name == "default"
    before = signature(tmp_path / "first")
    assert signature(tmp_path / "first") == before
    (tmp_path / "first" / WORDS).touch()
    assert signature(tmp_path / "first") != before


class Load:
    """Sends appeals one after another until told to stop, and keeps what came back."""

    def __init__(self, url: str, key: str, threads: int = 3) -> None:
        self.answers: list[tuple[int, str]] = []
        self.errors: list[Exception] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(url, key, number))
            for number in range(threads)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _send(self, url: str, key: str, stream: int) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=30) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                record = {"id": f"{stream}-{number}", "text": TEXT}
                try:
                    found = client.post("/v1/appeals", json=record)
                except httpx.TransportError as error:
                    self.errors.append(error)
                    continue
                name = found.json().get("verdict", {}).get("model", {}).get("version", "")
                self.answers.append((found.status_code, name.partition("+")[0]))


@pytest.fixture
def under_load(start: Any, key_of: Any, current: Path) -> Iterator[tuple[Any, httpx.Client, Load]]:
    process = start(bundle=current, watch=0.1, deadline=10, max_wait=10)
    key = key_of(process)
    with process.client(key) as client, Load(process.url, key) as load_:
        yield process, client, load_


def served(client: httpx.Client) -> str:
    name: str = client.get("/v1/model").json()["info"]["version"]
    return name.partition("+")[0]


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.05)


def test_promoting_a_bundle_fails_no_request(
    under_load: tuple[Any, httpx.Client, Load], current: Path, tiny: Path, tmp_path: Path
) -> None:
    _, client, load_ = under_load
    for name in ("second", "third"):
        point(current, another(tiny, tmp_path / name, name))
        wait_for(lambda name=name: served(client) == name)  # type: ignore[misc]
        count = len(load_.answers)
        wait_for(lambda count=count: len(load_.answers) > count + 20)  # type: ignore[misc]
    load_.__exit__()
    assert load_.errors == []
    assert {status for status, _ in load_.answers} == {201}
    assert {name for _, name in load_.answers} == {"first", "second", "third"}


def test_a_corrupted_bundle_at_a_swap_fails_no_request(
    under_load: tuple[Any, httpx.Client, Load], current: Path, tiny: Path, tmp_path: Path
) -> None:
    process, client, load_ = under_load
    second = another(tiny, tmp_path / "second", "second")
    spoil(second, WEIGHTS)
    point(current, second)
    wait_for(lambda: "bundle refused, the old one serves on: altered_file" in process.log())
    asked = client.post("/v1/admin/reload")
    assert (asked.status_code, asked.json()["code"]) == (409, "altered_file")
    count = len(load_.answers)
    wait_for(lambda: len(load_.answers) > count + 20)
    load_.__exit__()
    assert load_.errors == []
    assert {(status, name) for status, name in load_.answers} == {(201, "first")}
    assert 'jiesu_bundle_swaps_total{result="refused"}' in client.get("/metrics").text


def test_a_signal_or_a_call_looks_at_once(
    start: Any, key_of: Any, current: Path, tiny: Path, tmp_path: Path
) -> None:
    process = start(bundle=current, watch=0)
    with process.client(key_of(process)) as client:
        point(current, another(tiny, tmp_path / "second", "second"))
        time.sleep(0.5)
        assert served(client) == "first", "nobody looks by itself"
        os.kill(process.process.pid, signal.SIGHUP)
        wait_for(lambda: served(client) == "second")
        point(current, tmp_path / "first")
        swapped = client.post("/v1/admin/reload").json()
        assert swapped["swapped"] is True
        assert served(client) == "first"
