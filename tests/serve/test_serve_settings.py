"""Settings of the service: file < environment < flag; the example file says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from jiesu.errors import ConfigError
from jiesu.resources import resource
from jiesu.serve.settings import DEFAULT_FILE, ServeSettings, load_serve_settings


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("file", "environment", "flag", "expected", "reason"),
    [
        (None, None, None, 8000, "nobody says: the default"),
        ("1", None, None, 1, "the file beats the default"),
        ("1", "2", None, 2, "the environment beats the file"),
        ("1", "2", 3, 3, "a flag beats both"),
    ],
)
def test_order(
    monkeypatch: pytest.MonkeyPatch,
    file: str | None,
    environment: str | None,
    flag: int | None,
    expected: int,
    reason: str,
) -> None:
    if file:
        Path(DEFAULT_FILE).write_text(f"port: {file}\n", "utf-8")
    if environment:
        monkeypatch.setenv("JIESU_SERVE_PORT", environment)
    assert load_serve_settings(port=flag).port == expected, reason


def test_a_file_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(DEFAULT_FILE).write_text("port: 1\n", "utf-8")
    Path("named.yaml").write_text("port: 2\n", "utf-8")
    Path("given.yaml").write_text("port: 3\n", "utf-8")
    monkeypatch.setenv("JIESU_SERVE_SETTINGS", "named.yaml")
    assert load_serve_settings().port == 2
    assert load_serve_settings(Path("given.yaml")).port == 3
    assert load_serve_settings().port == 2, "for that one call alone"


def test_what_serves_is_what_scores_unless_said_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("jiesu.yaml").write_text("bundle: ours\ntier: linear\n", "utf-8")
    assert (load_serve_settings().bundle, load_serve_settings().tier) == ("ours", "linear")
    monkeypatch.setenv("JIESU_SERVE_TIER", "transformer")
    assert load_serve_settings(bundle="mine").bundle == "mine"
    assert load_serve_settings().tier == "transformer"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot: 1\n", r"serve settings -> prot: "),
        ("port: many\n", r"serve settings -> port: .*valid integer"),
        ("workers: 0\n", r"serve settings -> workers: .*greater than or equal to 1"),
        ("bulk_queue: 10\n", r"serve settings -> bulk_queue: "),
        ("- port\n", "no readable mapping"),
        ("port: {\n", "no readable mapping"),
    ],
)
def test_a_wrong_file_is_one_clear_error(content: str, message: str) -> None:
    Path(DEFAULT_FILE).write_text(content, "utf-8")
    with pytest.raises(ConfigError, match=message):
        load_serve_settings()


def test_a_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_serve_settings(Path("nowhere.yaml"))
    monkeypatch.setenv("JIESU_SERVE_SETTINGS", "nowhere.yaml")
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_serve_settings()


def test_the_example_shows_every_setting_with_its_default() -> None:
    written = resource("configs", "serve.yaml").read_text("utf-8")
    assert ServeSettings(**yaml.safe_load(written)) == ServeSettings()
    named = set(re.findall(r"^(?:# )?(\w+):", written, re.M))
    assert named == set(ServeSettings.model_fields)
