"""The engine with an encoder: who judged what, alike in any batch, and serving without it."""

from __future__ import annotations

import json
import logging
import shutil
import sys
from pathlib import Path
from typing import get_args

import pytest

from jiesu.bundle import ENCODER, GRAPH, MANIFEST
from jiesu.engine import Engine, load
from jiesu.errors import BundleError
from jiesu.schema import Appeal, FlagKind, Tier
from tiny_encoder import said

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(tiny_cascade: Path) -> Engine:
    return load(tiny_cascade)


@pytest.fixture
def copy(tiny_cascade: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_cascade, tmp_path / "copy"))


def test_a_verdict_names_the_tier_that_judged(both: Engine, samples: list[Appeal]) -> None:
    verdicts = both.score(samples)
    tiers = {verdict.model.tier for verdict in verdicts}
    assert both.tier == "cascade"
    assert "cascade" in tiers
    sure = both.bundle.manifest.encoder
    assert sure is not None
    for verdict in verdicts:
        if verdict.model.tier == "linear":
            assert verdict.type.confidence >= sure.sure["type"]
            assert verdict.dispatch.confidence >= sure.sure["unit"] - 1e-6


def test_every_appeal_is_read_by_the_transformer_tier(
    tiny_cascade: Path, samples: list[Appeal]
) -> None:
    verdicts = load(tiny_cascade, tier="transformer").score(samples[:40])
    assert {verdict.model.tier for verdict in verdicts} == {"transformer"}


def test_the_linear_tier_is_what_it_is_without_an_encoder(
    tiny_cascade: Path, copy: Path, samples: list[Appeal]
) -> None:
    shutil.rmtree(copy / ENCODER)
    alone = load(tiny_cascade, tier="linear").score(samples[:60])
    assert {verdict.model.tier for verdict in alone} == {"linear"}
    assert load(copy).score(samples[:60]) == alone


def test_one_by_one_as_in_a_batch(both: Engine, samples: list[Appeal]) -> None:
    together = both.score(samples[:60])
    assert [both.score([appeal])[0] for appeal in samples[:60]] == together
    assert both.score(samples[59::-1])[::-1] == together


def test_nothing_is_lost_and_all_is_accepted(both: Engine) -> None:
    texts = ["", "\x00", "😀😀", "a" * 5000, "路灯坏了", "\ud800", "你" * 4000]
    verdicts = both.score(texts)
    assert len(verdicts) == len(texts)
    assert all(verdict.accepted for verdict in verdicts)


def test_flags_quote_the_text(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_text("utf-8"))
    manifest["encoder"]["flag"] = [0.0] * 6  # flag everything: what matters here are the bounds
    (copy / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    texts = [row["text"] for row in said()][:20]
    for text, verdict in zip(texts, load(copy, tier="transformer").score(texts), strict=True):
        flags = verdict.advisory.flags
        assert {flag.kind for flag in flags} == set(get_args(FlagKind))
        assert all(text[flag.start : flag.end] == flag.text != "" for flag in flags)
        assert verdict.accepted


@pytest.mark.parametrize("tier", ["cascade", "transformer"])
def test_missing_files_leave_the_linear_tier_and_a_warning(
    copy: Path, tier: Tier, caplog: pytest.LogCaptureFixture
) -> None:
    (copy / ENCODER / GRAPH).unlink()
    with caplog.at_level(logging.WARNING, "jiesu"):
        engine = load(copy, tier=tier)
    assert engine.tier == "linear"
    assert "missing" in caplog.text
    assert engine.score(["路灯坏了"])[0].model.tier == "linear"


def test_a_missing_library_leaves_the_linear_tier_and_a_warning(
    tiny_cascade: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with caplog.at_level(logging.WARNING, "jiesu"):
        engine = load(tiny_cascade)
    assert engine.tier == "linear"
    assert "onnxruntime" in caplog.text


def test_an_altered_graph_is_refused(copy: Path) -> None:
    path = copy / ENCODER / GRAPH
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    with pytest.raises(BundleError, match="altered"):
        load(copy)


def test_a_linear_tier_wanted_is_never_asked_twice(tiny: Path) -> None:
    assert load(tiny, tier="cascade").tier == "linear"
