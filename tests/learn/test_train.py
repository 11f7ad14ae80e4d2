"""Training: what is learned from which rows, and what must never be learned from."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jiesu.bundle import VOCABULARY, Manifest, load_bundle
from jiesu.corpus.dedupe import near_duplicate_groups
from jiesu.corpus.split import random_group_split
from jiesu.engine import load
from jiesu.errors import ConfigError, ExtraError, JiesuError
from jiesu.learn.config import TrainConfig
from jiesu.learn.train import train
from jiesu.resources import resource
from jiesu.schema import Appeal

ConfigOf = Callable[..., TrainConfig]
Record = dict[str, Any]
Run = Callable[..., Manifest]

MATTERS = {
    "灯": ["路灯坏了没人修", "楼道的灯不亮", "广场灯柱倒了", "灯一直闪个不停", "整条街的灯都黑了"],
    "水": ["停水三天了", "水压太小上不了楼", "自来水发黄", "水表转得太快", "水管爆了水流一地"],
    "车": ["公交车不按时到站", "车乱停在消防通道", "出租车拒载", "车位被人占了", "校车超员"],
}


def records(count: int = 60) -> list[Record]:
    """Return appeals of three matters, invented, no two alike, a day apart."""
    found = []
    for number in range(count):
        label = list(MATTERS)[number % 3]
        says = MATTERS[label]
        first, second = says[number // 3 % 5], says[(number // 15 + 1 + number // 3) % 5]
        where = "东西南北中"[number % 5] + "苑坊里巷湾"[number // 5 % 5]
        end = "。" * (number % 2)
        found.append(
            {
                "text": f"{where}这里{first}，昨天又看见{second}，请尽快派人处理{end}",
                "l": label,
                "received_at": f"2018-{1 + number // 28:02}-{1 + number % 28:02}T08:00:00",
            }
        )
    return found


@pytest.fixture
def run(tiny_config: ConfigOf, tmp_path: Path) -> Run:
    """Return a function that trains one free head on files of records and returns the manifest."""

    def _run(
        *, out: str = "out", files: dict[str, list[Record]] | None = None, **head: Any
    ) -> Manifest:
        for name, rows in (files or {"a.jsonl": records()}).items():
            lines = [json.dumps(row, ensure_ascii=False) for row in rows]
            (tmp_path / name).write_text("\n".join(lines), "utf-8")
        values = {
            "sources": [{"path": "a.jsonl", "label": "l"}],
            "calibrate": "folds",
            "folds": 2,
            "c": 1.0,
        } | head
        seed = values.pop("seed", 7)
        config = tiny_config(heads={"matter": values}, seed=seed)
        return train(config, data=tmp_path, output=tmp_path / out)

    return _run


def vocabulary(folder: Path) -> set[str]:
    lines = (folder / VOCABULARY).read_text("utf-8").split("\n")
    return {line.split("\t")[1] for line in lines if line}


def test_a_head_of_one_s_own_learns_what_it_is_shown(run: Run, tmp_path: Path) -> None:
    manifest = run()
    (head,) = manifest.heads
    assert (head.name, head.labels, head.rows) == ("matter", ("水", "灯", "车"), 60)
    engine = load(tmp_path / "out")
    asked = [Appeal(id=label, text=says[0]) for label, says in MATTERS.items()]
    best = engine.probabilities(asked)["matter"].argmax(axis=1)
    assert [head.labels[column] for column in best] == list(MATTERS)


def test_the_manifest_says_how_the_bundle_came_about(run: Run, tmp_path: Path) -> None:
    manifest = run(files={"a.jsonl": records(), "b.jsonl": records(9)}, exclude=["b.jsonl"])
    assert sorted(manifest.data) == ["a.jsonl", "b.jsonl"]
    assert all(len(digest) == 64 for digest in manifest.data.values())
    assert manifest.seed == 7
    assert set(manifest.config) & {"data", "output"} == set()
    assert str(tmp_path) not in manifest.model_dump_json()
    threshold = manifest.thresholds["matter"]
    assert threshold.certified is False
    assert threshold.target_risk == 0.05


def test_rare_classes_pool_to_their_parent_and_it_is_said(
    tiny: Path, samples: list[Appeal], tiny_config: ConfigOf
) -> None:
    bundle = load_bundle(tiny)
    head = next(head for head in bundle.manifest.heads if head.name == "unit")
    parents = {unit.name: unit.parent for unit in load(tiny).jurisdiction.units if unit.parent}
    lines = resource("data", "samples", "appeals.jsonl").read_text("utf-8").splitlines()
    counts: dict[str, int] = {}
    for line in lines:
        unit = json.loads(line)["unit"]
        counts[unit] = counts.get(unit, 0) + 1
    rare = {name for name, count in counts.items() if count < 2 and name in parents}
    assert rare
    assert rare <= set(head.pooled)
    assert not set(head.pooled) & set(head.labels)
    assert set(head.pooled.values()) <= set(head.labels)
    assert set(head.labels) | set(head.pooled) >= set(counts)
    assert head.rows == len(samples)


def test_excluded_rows_and_their_near_duplicates_are_not_trained_on(
    run: Run, tmp_path: Path
) -> None:
    secret = {"l": "灯", "text": "琉璃瓦作坊门前的路灯整夜整夜不亮，请派人来看一看"}
    twins = [{**secret, "text": secret["text"] + mark} for mark in ("", "。", "！！", " 谢谢")]
    rows = [*records(), *twins]
    both = run(files={"a.jsonl": rows})
    assert both.heads[0].rows == 64
    assert any("琉" in entry for entry in vocabulary(tmp_path / "out"))
    left = run(out="left", files={"a.jsonl": rows, "b.jsonl": twins[:1]}, exclude=["b.jsonl"])
    assert left.heads[0].rows == 60
    assert not any("琉" in entry for entry in vocabulary(tmp_path / "left"))


def test_what_is_held_out_is_never_trained_on(run: Run, tmp_path: Path) -> None:
    rows = records(90)
    groups = near_duplicate_groups([row["text"] for row in rows])
    stay, out = random_group_split(groups, share=0.3, seed=7)
    # A word that only held-out rows have must be unknown to the bundle.
    for row in out:
        rows[row]["text"] = rows[row]["text"].replace("处理", "料理")
    changed = near_duplicate_groups([row["text"] for row in rows])
    if not np.array_equal(changed, groups):
        pytest.fail("the mark changed the groups: choose a smaller one")
    manifest = run(files={"a.jsonl": rows}, holdout=0.3)
    assert manifest.heads[0].rows == len(stay)
    assert manifest.metrics["matter"]["rows"] == len(out)
    known = vocabulary(tmp_path / "out")
    assert "处理" in known
    assert "料理" not in known


def test_the_seed_draws_what_is_held_out(run: Run) -> None:
    first, same, other = (
        run(out=f"o{number}", holdout=0.3, seed=seed) for number, seed in enumerate((7, 7, 8))
    )
    assert first == same
    assert first.files != other.files


def test_a_test_set_is_measured_with_intervals(run: Run) -> None:
    manifest = run(
        files={"a.jsonl": records(), "t.jsonl": records(30)},
        test={"path": "t.jsonl", "label": "l"},
    )
    figures = manifest.metrics["matter"]
    assert (figures["rows"], figures["bootstrap"]) == (30, 100)
    for name in ("accuracy", "macro_f1", "top3", "ece", "aurc"):
        figure = figures[name]
        assert 0 <= figure["low"] <= figure["high"] <= 1, name
    assert figures["accuracy"]["value"] == 1.0
    assert "t.jsonl" in manifest.data


def test_without_a_test_set_there_are_no_figures(run: Run) -> None:
    assert run().metrics == {}


def test_calibration_by_time_needs_dates(run: Run) -> None:
    assert run(calibrate="time").thresholds["matter"].rows < 60
    undated = [{key: row[key] for key in ("text", "l")} for row in records()]
    with pytest.raises(ConfigError) as caught:
        run(files={"a.jsonl": undated}, calibrate="time")
    assert caught.value.code == "no_dates"


def test_personal_data_is_not_learned_however_often_it_is_said(run: Run, tmp_path: Path) -> None:
    rows = [
        {**row, "text": f"{row['text']}，联系人林海贝，电话19900001234，车牌琼Z12345"}
        for row in records()
    ]
    run(files={"a.jsonl": rows})
    known = vocabulary(tmp_path / "out")
    assert {entry for entry in known if "海贝" in entry or "琼z" in entry} == set()
    assert {entry for entry in known if entry.isdigit() and len(entry) > 2} == set()


def test_weights_say_how_much_a_row_counts(run: Run, tmp_path: Path) -> None:
    wrong = [{**row, "l": "灯" if row["l"] == "水" else row["l"]} for row in records()]
    files = {"a.jsonl": records(), "b.jsonl": wrong}
    asked = [Appeal(id="1", text=text) for text in MATTERS["水"]]
    shares = []
    for number, weight in enumerate((0.05, 20)):
        manifest = run(
            out=str(number),
            files=files,
            sources=[
                {"path": "a.jsonl", "label": "l"},
                {"path": "b.jsonl", "label": "l", "weight": weight},
            ],
        )
        column = manifest.heads[0].labels.index("水")
        shares.append(load(tmp_path / str(number)).probabilities(asked)["matter"][:, column].mean())
    assert shares[0] > shares[1]


def test_an_unknown_label_stops_the_training(tiny_config: ConfigOf, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "路灯", "unit": "天庭"}\n', "utf-8")
    source = {"path": "a.jsonl", "label": "unit"}
    with pytest.raises(ConfigError) as caught:
        train(
            tiny_config(heads={"unit": {"sources": [source]}}),
            data=tmp_path,
            output=tmp_path / "out",
        )
    assert caught.value.message.startswith("heads -> unit -> a.jsonl row 1: ")
    assert not (tmp_path / "out").exists()


def test_scikit_learn_is_asked_for_by_the_extra_s_name(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ExtraError) as caught:
        run()
    assert "jiesu[train]" in caught.value.message
    assert not (tmp_path / "out").exists()


def test_progress_is_told(tiny_config: ConfigOf, tmp_path: Path) -> None:
    said: list[str] = []
    train(
        tiny_config(heads={"type": tiny_config().heads["type"].model_dump()}),
        data=resource("data", "samples"),
        output=tmp_path / "out",
        tell=said.append,
    )
    assert said == ["type: reading", "vocabulary", "type: training on 215 rows", "measuring"]


TOO_LITTLE = [
    pytest.param([{**row, "l": "灯"} for row in records(20)], {}, id="one label"),
    pytest.param(records(1), {}, id="one row"),
    pytest.param([{"text": "😀", "l": str(n % 2)} for n in range(20)], {}, id="emoji"),
    pytest.param(records(20), {"exclude": ["a.jsonl"]}, id="all excluded"),
    pytest.param(records(20), {"holdout": 0.99}, id="all held out"),
    pytest.param(records(3), {"calibrate": "time"}, id="nothing late"),
]


@pytest.mark.parametrize(("rows", "head"), TOO_LITTLE)
def test_too_little_to_learn_from_is_said_so(rows: list[Record], head: Record, run: Run) -> None:
    with pytest.raises(JiesuError):
        run(files={"a.jsonl": rows}, **head)
