"""Settings: file < environment < flag, and errors that name the setting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from jiesu.errors import ConfigError
from jiesu.settings import DEFAULT_FILE, load_settings

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder, and no setting of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("SETTINGS", "BUNDLE", "JURISDICTION", "BATCH"):
        monkeypatch.delenv(f"JIESU_{name}", raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(content: str | bytes, name: str = DEFAULT_FILE) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


def test_defaults() -> None:
    settings = load_settings()
    assert (settings.bundle, settings.jurisdiction, settings.batch) == ("default", None, 512)


@pytest.mark.parametrize(
    ("file", "environment", "flag", "expected", "reason"),
    [
        (None, None, None, 512, "nobody says: the default"),
        ("64", None, None, 64, "the file beats the default"),
        (None, "128", None, 128, "so does the environment"),
        ("64", "128", None, 128, "the environment beats the file"),
        ("64", None, 256, 256, "a flag beats the file"),
        ("64", "128", 256, 256, "and both"),
    ],
)
def test_order(
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    file: str | None,
    environment: str | None,
    flag: int | None,
    expected: int,
    reason: str,
) -> None:
    if file:
        write(f"batch: {file}\n")
    if environment:
        monkeypatch.setenv("JIESU_BATCH", environment)
    assert load_settings(batch=flag).batch == expected, reason


def test_sources_complete_one_another(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("bundle: mine\nbatch: 64\n")
    monkeypatch.setenv("JIESU_JURISDICTION", "beijing")
    settings = load_settings(batch=2, bundle=None)
    assert (settings.bundle, settings.jurisdiction, settings.batch) == ("mine", "beijing", 2)


def test_a_named_file_takes_the_place_of_the_default_one(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("batch: 64\n")
    monkeypatch.setenv("JIESU_SETTINGS", str(write("bundle: 北京\n", "other.yaml")))
    settings = load_settings()
    assert (settings.bundle, settings.batch) == ("北京", 512)


def test_a_named_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_SETTINGS", "nowhere.yaml")
    with pytest.raises(ConfigError, match=r"nowhere\.yaml, which is no file") as caught:
        load_settings()
    assert caught.value.code == "no_settings"


@pytest.mark.parametrize("content", ["", "# nothing set\n", "---\n"])
def test_an_empty_file_sets_nothing(write: Write, content: str) -> None:
    write(content)
    assert load_settings().batch == 512


@pytest.mark.parametrize(
    ("content", "message", "reason"),
    [
        ("bundel: mine\n", "settings -> bundel: ", "an unknown key"),
        ("batch: 0\n", "settings -> batch: .*greater than or equal to 1", "too small"),
        ("batch: 65537\n", "settings -> batch: .*less than or equal to 65536", "too large"),
        ("batch: many\n", "settings -> batch: .*valid integer", "no number"),
        ("bundle: [a, b]\n", "settings -> bundle: .*valid string", "a list for a name"),
        ("batch: {\n", "settings file is no readable mapping", "no YAML"),
        (b"bundle: \xff\xfe\n", "settings file is no readable mapping", "no UTF-8"),
        ("- batch\n", "settings file is no readable mapping", "a list"),
        ("batch\n", "settings file is no readable mapping", "a word"),
        ("7\n", "settings file is no readable mapping", "a number"),
    ],
)
def test_a_wrong_file_is_one_clear_error(
    write: Write, content: str | bytes, message: str, reason: str
) -> None:
    write(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_settings()
    assert caught.value.code == "bad_settings", reason


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIESU_BATCH", "many")
    with pytest.raises(ConfigError, match=r"settings -> batch: .*valid integer"):
        load_settings()


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(ConfigError, match="settings -> bundel: "):
        load_settings(bundel="mine")


def test_settings_do_not_change() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.batch = 3
