"""Distillation: what an encoder says of unlabelled appeals becomes rows of a linear machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from jiesu.errors import ConfigError
from jiesu.learn.config import Taught, TrainConfig
from jiesu.learn.encoder.folder import load_encoder
from jiesu.learn.taught import Lesson, teach
from jiesu.learn.train import train
from jiesu.schema import Appeal

KNOWN = "小区门口的路灯坏了三天没人修，请派人处理"
POOL = ["楼道的声控灯不亮了，物业说没有配件", "请问公积金怎么提取，需要带什么材料", KNOWN]


def lesson(chances: list[list[float]], least: float = 0.1, weight: float = 0.5) -> Lesson:
    appeals = [Appeal(id=str(number), text="路灯坏了") for number in range(len(chances))]
    config = Taught(paths=("pool.jsonl",), weight=weight, least=least)
    return Lesson(appeals, np.array(chances, dtype=np.float32), ("a", "rare", "b"), config)


def test_an_appeal_is_a_row_of_every_likely_label() -> None:
    number, label, weight = lesson([[0.7, 0.0, 0.3], [0.95, 0.0, 0.05]]).rows(
        ("a", "b", "rare"), {}
    )
    assert number.tolist() == [0, 0, 1]
    assert label.tolist() == [0, 1, 0]
    assert weight.tolist() == pytest.approx([0.35, 0.15, 0.475])


def test_rare_labels_are_heard_as_the_one_they_pool_in() -> None:
    number, label, weight = lesson([[0.2, 0.5, 0.3]]).rows(("a", "b"), {"rare": "b"})
    assert (number.tolist(), label.tolist()) == ([0, 0], [0, 1])
    assert weight.tolist() == pytest.approx([0.1, 0.4])


def test_a_label_that_the_machine_does_not_know_is_not_heard() -> None:
    number, label, _ = lesson([[0.2, 0.5, 0.3]]).rows(("a", "b"), {})
    assert (number.tolist(), label.tolist()) == ([0, 0], [0, 1])


def test_what_is_known_or_measured_on_is_not_learned_from_hearsay(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in [*POOL, POOL[0]]]
    (tmp_path / "pool.jsonl").write_text("\n".join(lines), "utf-8")
    encoder = load_encoder(tiny_encoder)
    near = [Appeal(id="x", text=KNOWN + "。")]
    found = teach("type", Taught(paths=("pool.jsonl",)), encoder, tmp_path, near)
    assert [appeal.text for appeal in found.appeals] == POOL[:2]
    assert found.labels == dict(encoder.card.labels)["type"]
    assert np.allclose(found.chances.sum(axis=1), 1, atol=1e-5)
    with pytest.raises(ConfigError, match="taught: found heads"):
        teach("colour", Taught(paths=("pool.jsonl",)), encoder, tmp_path, near)


def test_a_training_listens_only_to_an_encoder_that_it_names(tmp_path: Path) -> None:
    rows = [{"text": f"{text}{n}号楼", "l": "ab"[n % 2]} for n, text in enumerate(POOL * 4)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "a.jsonl").write_text("\n".join(lines), "utf-8")
    head = {
        "sources": [{"path": "a.jsonl", "label": "l"}],
        "calibrate": "folds",
        "taught": {"paths": ["a.jsonl"]},
    }
    config = TrainConfig.model_validate(
        {
            "name": "tiny",
            "version": "1",
            "jurisdiction": "haikou-2018",
            "data": "data",
            "output": "out",
            "heads": {"matter": head},
        }
    )
    with pytest.raises(ConfigError, match="taught: expected a `cascade`"):
        train(config, data=tmp_path, output=tmp_path / "out")
