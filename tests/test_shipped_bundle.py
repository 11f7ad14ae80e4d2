"""The shipped bundle is what the shipped config, corpora and card say that it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiesu.bundle import Bundle, file_hash, load_bundle, verify_keys
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.config import SHIPPED, load_config
from jiesu.learn.encoder.folder import load_encoder
from jiesu.resources import resource

_MOST = 80_000_000
"""Bytes that a bundle with an encoder may have."""
_MOST_LINEAR = 40_000_000


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return load_bundle()


@pytest.fixture(scope="module")
def card() -> str:
    return (resource("models", "default") / "README.md").read_text("utf-8")


def test_it_was_trained_by_the_shipped_config(shipped: Bundle) -> None:
    config = load_config(resource("configs", "train", "default.yaml"))
    assert shipped.manifest.config == config.model_dump(mode="json", exclude={"data", "output"})


def test_it_was_trained_for_the_shipped_jurisdiction(shipped: Bundle) -> None:
    jurisdiction = load_jurisdiction("haikou-2018")
    assert shipped.manifest.jurisdiction_hash == jurisdiction.content_hash
    assert shipped.manifest.jurisdiction == jurisdiction.catalogue


def test_it_was_trained_on_the_authored_corpora_as_they_are(shipped: Bundle) -> None:
    authored = {
        path: digest for path, digest in shipped.manifest.data.items() if path.startswith(SHIPPED)
    }
    assert len(authored) > 10
    for path, digest in authored.items():
        assert file_hash(resource("data", *path.removeprefix(SHIPPED).split("/"))) == digest, path


def test_its_files_are_whole_and_small_enough(shipped: Bundle) -> None:
    verify_keys(shipped)
    sizes = {path: path.stat().st_size for path in shipped.path.rglob("*") if path.is_file()}
    assert sum(sizes.values()) <= _MOST
    assert sum(size for path, size in sizes.items() if path.parent == shipped.path) <= _MOST_LINEAR


def test_its_encoder_is_the_one_that_its_card_describes(shipped: Bundle) -> None:
    entry = shipped.manifest.encoder
    assert entry is not None
    found = load_encoder(shipped.path / "encoder").card
    assert found.labels == entry.labels
    assert found.trained == entry.trained


def test_the_card_is_of_this_bundle(shipped: Bundle, card: str) -> None:
    assert f"`{shipped.content_hash[:12]}`" in card
    features = len(shipped.linear.vocabulary.entries)
    assert f"{features:,} features" in card.replace("\n", " ")
    for head, figures in shipped.manifest.metrics.items():
        rows = [line for line in card.splitlines() if line.startswith(f"| {head} |")]
        value = figures["macro_f1"]["value"]  # rounded once already, which may tip the last digit
        shown = {f"{value:.3f}", f"{value - 5e-5:.3f}"}
        assert any(form in line for line in rows for form in shown), (head, value)


def test_readme_names_this_bundle(shipped: Bundle) -> None:
    readme = Path(__file__).parents[1] / "README.md"
    assert shipped.content_hash[:12] in readme.read_text("utf-8")
