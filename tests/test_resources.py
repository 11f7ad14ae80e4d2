"""Shipped files: found in a checkout and inside an installed package, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiesu import resources
from jiesu.errors import ConfigError
from jiesu.resources import resource, resource_names


@pytest.mark.parametrize(
    "parts",
    [
        ("configs", "columns.yaml"),
        ("configs", "jurisdictions", "haikou-2018", "units.yaml"),
        ("configs", "jurisdictions", "beijing", "units.yaml"),
        ("models", "default", "manifest.json"),
        ("data", "samples", "appeals.csv"),
    ],
)
def test_what_ships_is_there(parts: tuple[str, ...]) -> None:
    assert resource(*parts).is_file()


def test_names_inside_a_folder() -> None:
    assert resource_names("configs", "jurisdictions") == ["beijing", "haikou-2018"]


def test_what_does_not_ship_is_named() -> None:
    with pytest.raises(ConfigError, match=r"does not carry models/nowhere/x\.json") as caught:
        resource("models", "nowhere", "x.json")
    assert caught.value.code == "missing_resource"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder as a wheel lays it out, beside what others installed."""
    package = tmp_path / "site-packages" / "jiesu"
    package.mkdir(parents=True)
    monkeypatch.setattr(resources, "files", lambda name: package.parent / name)
    return package


def test_an_installed_package_carries_its_own(installed: Path) -> None:
    folder = installed / "_resources" / "configs"
    folder.mkdir(parents=True)
    for name in ("b.yaml", "a.yaml", ".hidden", "_private"):
        (folder / name).touch()
    stranger = installed.parents[1] / "configs"
    stranger.mkdir()
    (stranger / "a.yaml").touch()
    assert resource("configs", "a.yaml") == folder / "a.yaml", "its own before what lies around"
    assert resource_names("configs") == ["a.yaml", "b.yaml"]


def test_an_installed_package_without_a_resource(installed: Path) -> None:
    with pytest.raises(ConfigError, match="does not carry configs"):
        resource("configs")
