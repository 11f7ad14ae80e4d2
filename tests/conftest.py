"""What many rooms test with: a bundle trained here in seconds, the samples, a home of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jiesu
from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine, load
from jiesu.learn.config import TrainConfig
from jiesu.learn.encoder.build import train_encoder
from jiesu.learn.train import train
from jiesu.resources import resource
from jiesu.schema import Appeal
from postgres_server import PostgresServer
from tiny_encoder import encoder_config, write_base, write_data

ConfigOf = Callable[..., TrainConfig]


def _head(label: str, **values: Any) -> dict[str, Any]:
    source = {"path": "appeals.jsonl", "label": label}
    return {"sources": [source], "calibrate": "folds", "folds": 2, "c": 1.0, **values}


@pytest.fixture(scope="session", autouse=True)
def _user_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Send whatever a library keeps for its user elsewhere, and forget the user's settings."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("JIESU_")]:
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "MPLCONFIGDIR"):
            patch.setenv(name, str(home / name.lower()))
        # Help and tables look the same on every terminal.
        patch.setenv("COLUMNS", "100")
        patch.setenv("TERM", "dumb")
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def tiny_config() -> ConfigOf:
    """Return a function that makes a config which trains in a second or two on the samples."""

    def make(**changes: Any) -> TrainConfig:
        values: dict[str, Any] = {
            "name": "tiny",
            "version": "1",
            "jurisdiction": "haikou-2018",
            "data": "data",
            "output": "out",
            "bootstrap": 100,
            "vocabulary": {"char": 2, "word": 1, "skip": 0, "max_features": 5000},
            "heads": {
                "type": _head("type"),
                "unit": _head("unit", pool_below=2),
                "topic": _head("topic"),
            },
        }
        return TrainConfig.model_validate(values | changes)

    return make


@pytest.fixture(scope="session")
def tiny(tiny_config: ConfigOf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a bundle trained on the shipped samples. Read it, never write to it."""
    folder = tmp_path_factory.mktemp("bundles") / "tiny"
    train(tiny_config(), data=resource("data", "samples"), output=folder)
    return folder


@pytest.fixture(scope="session")
def tiny_engine(tiny: Path) -> Engine:
    """Return an engine with the tiny bundle."""
    return load(tiny)


@pytest.fixture(scope="session")
def encoder_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the samples and invented abuse, as the tiny encoder's config names."""
    samples = resource("data", "samples", "appeals.jsonl").read_text("utf-8")
    return write_data(tmp_path_factory.mktemp("encoder") / "data", samples)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory, samples: list[Appeal]) -> Path:
    """Return a Hugging Face folder with a random encoder of two layers."""
    return write_base(tmp_path_factory.mktemp("base") / "base", samples)


@pytest.fixture(scope="session")
def tiny_encoder(
    tiny_base: Path, encoder_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of an encoder fine-tuned here in seconds. Read it, never write to it."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny"
    train_encoder(encoder_config(tiny_base), data=encoder_data, output=folder)
    return folder


@pytest.fixture(scope="session")
def tiny_cascade(
    tiny_encoder: Path,
    tiny_config: ConfigOf,
    encoder_data: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return the folder of a bundle with both tiers. Read it, never write to it."""
    folder = tmp_path_factory.mktemp("bundles") / "cascade"
    config = tiny_config(
        name="both",
        conduct={
            "authored": ["said.jsonl"],
            "lines": ["lines.tsv"],
            "negatives": ["appeals.jsonl"],
            "folds": 2,
            "real_share": 0.05,
        },
        cascade={"encoder": str(tiny_encoder), "precision": 0.8, "real_share": 0.05},
    )
    train(config, data=encoder_data, output=folder)
    return folder


@pytest.fixture(scope="session")
def default_engine() -> Engine:
    """Return an engine with the shipped bundle."""
    return load()


@pytest.fixture(scope="session")
def samples() -> list[Appeal]:
    """Return the shipped sample appeals, in file order."""
    rows = read_appeals(resource("data", "samples", "appeals.jsonl"))
    return [row.appeal for row in rows if row.appeal is not None]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Return a running PostgreSQL server. Who stops it starts it again."""
    try:
        server = PostgresServer()
    except FileNotFoundError as error:
        pytest.fail(str(error))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def child_env() -> dict[str, str]:
    """Return an environment in which another Python finds the package under test."""
    source = Path(jiesu.__file__).parents[1]
    rest = os.environ.get("PYTHONPATH")
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join([str(source), *([rest] if rest else [])]),
        "PYTHONUTF8": "1",
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the browser's tests last: Playwright leaves an event loop running, and asyncio.run, which
    other tests call, refuses to be called beside one."""
    items.sort(key=lambda item: "browser" in item.path.parts)
