"""`jiesu train`: a bundle from a file, with values changed on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.bundle import Manifest, read_manifest
from jiesu.learn.config import TrainConfig
from jiesu.resources import resource

Jiesu = Callable[..., Any]


@pytest.fixture
def config(tiny_config: Callable[..., TrainConfig], tmp_path: Path) -> Path:
    """Return a training file for the samples; JSON is YAML."""
    path = tmp_path / "tiny.yaml"
    path.write_text(json.dumps(tiny_config().model_dump(mode="json")), "utf-8")
    return path


def test_it_writes_a_bundle_that_is_whole(jiesu: Jiesu, config: Path, tmp_path: Path) -> None:
    found = jiesu("train", config, "--data", resource("data", "samples"), "-o", "new")
    assert found.code == 0
    assert all(name in found.text for name in ("type", "unit", "topic", "215"))
    assert jiesu("bundle", "verify", "new").code == 0
    assert read_manifest(tmp_path / "new").metrics == {}


def test_the_file_names_data_and_output(jiesu: Jiesu, config: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(resource("data", "samples"))
    assert jiesu("train", "tiny.yaml").code == 0
    assert read_manifest(tmp_path / "out").name == "tiny"


def test_values_are_changed_and_figures_are_told(
    jiesu: Jiesu, config: Path, tmp_path: Path
) -> None:
    found = jiesu(
        "train",
        config,
        *("--data", resource("data", "samples"), "-o", "new", "--json"),
        *("--set", "heads.type.holdout=0.3", "--set", "name=other", "--set", "seed=3"),
    )
    manifest = Manifest.model_validate_json(found.out)
    assert (manifest.name, manifest.seed) == ("other", 3)
    assert manifest.metrics["type"]["rows"] + manifest.heads[0].rows == 215
    assert manifest == read_manifest(tmp_path / "new")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        pytest.param(["--set", "heads.unit.c=0"], "heads -> unit -> c", id="out of range"),
        pytest.param(["--set", "surprise=1"], "surprise", id="an unknown key"),
        pytest.param(["--set", "seed"], "expected a.b.c=value", id="no value"),
        pytest.param(["--set", "jurisdiction=atlantis"], "atlantis", id="no such jurisdiction"),
        pytest.param(["--data", "nowhere"], "nowhere", id="no such data"),
        pytest.param(
            ["--set", "heads.type.sources=[{path: appeals.jsonl, label: unit}]"],
            "heads -> type -> appeals.jsonl row 1",
            id="labels of another head",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_path(
    args: list[str], expected: str, jiesu: Jiesu, config: Path, tmp_path: Path
) -> None:
    data = [] if "--data" in args else ["--data", resource("data", "samples")]
    found = jiesu("train", config, *data, "-o", "new", *args)
    assert (found.code, found.out) == (1, b"")
    assert expected in found.err
    assert not (tmp_path / "new").exists()
