"""The conduct head: learned from marked stretches, only the caller's, with honest thresholds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiesu.bundle import CONDUCT, load_bundle
from jiesu.engine import Engine, load
from jiesu.errors import BundleError, InputError
from jiesu.learn.conduct import ConductRows, read_authored, read_lines
from jiesu.learn.config import TrainConfig
from jiesu.learn.train import train
from jiesu.resources import resource
from jiesu.schema import Verdict

WHO = ["你们物业", "供热站的", "那个科长", "窗口那女的", "你们这帮人", "坐席你", "修梯的", "居委会"]
INSULTS = ["就是一群废物", "都是饭桶", "真是蠢猪", "简直是畜生", "不过是条狗"]
MATTERS = ["路灯坏了没人修", "暖气不热", "公交车不来", "垃圾没人清", "停水三天了", "电梯停了"]
SAID = ["保安骂我", "邻居冲我喊", "司机当众说我", "老板骂工人"]


def rows() -> list[dict[str, Any]]:
    """Appeals, invented: half with an insult of the caller's own, half with another's."""
    found = []
    for number in range(120):
        who, insult = WHO[number % 8], INSULTS[number % 5]
        matter, tail = MATTERS[number % 6], f"已经{number + 2}天了"
        if number % 2:
            text = f"{matter}，{who}{insult}，{tail}，请派人处理"
            flags = [{"kind": "abuse", "text": f"{who}{insult}"}]
        else:
            text = f"{matter}，{SAID[number % 4]}“{insult}”，{tail}，请派人处理"
            flags = []
        found.append({"id": str(number), "text": text, "flags": flags})
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("conduct")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows()]
    (made / "a.jsonl").write_text("\n".join(lines), "utf-8")
    (made / "l.tsv").write_text(
        "".join(f"abuse\t{who}⟦{insult}⟧\n" for who in WHO for insult in INSULTS)
        + "".join(f"none\t{matter}{n}天\n" for n, matter in enumerate(MATTERS)),
        "utf-8",
    )
    samples = resource("data", "samples", "appeals.jsonl").read_text("utf-8")
    (made / "appeals.jsonl").write_text(samples, "utf-8")
    return made


@pytest.fixture(scope="module")
def bundle(tiny_config: Callable[..., TrainConfig], folder: Path) -> Path:
    conduct = {
        "authored": ["a.jsonl"],
        "lines": ["l.tsv"],
        "negatives": ["appeals.jsonl"],
        "folds": 2,
        "precision": 0.9,
        "real_share": 0.02,
        "spec": {"bits": 14},
    }
    train(tiny_config(conduct=conduct), data=folder, output=folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def engine(bundle: Path) -> Engine:
    return load(bundle)


def one(engine: Engine, text: str, **more: Any) -> Verdict:
    return engine.score([{"id": "1", "text": text, **more}])[0]


def test_an_insult_of_the_caller_s_own_is_flagged_and_the_appeal_accepted(engine: Engine) -> None:
    text = "地铁口的路灯坏了，你们这帮人就是一群废物，快来修"
    verdict = one(engine, text)
    assert verdict.accepted is True
    (flag,) = verdict.advisory.flags
    assert (flag.kind, flag.actor) == ("abuse", "caller")
    assert text[flag.start : flag.end] == flag.text
    assert "废物" in flag.text
    assert "路灯" not in flag.text
    assert verdict.advisory.script_id == "advise-language"
    assert verdict.advisory.basis
    assert "advisory" in verdict.decision.reasons
    assert verdict.decision.action == "review"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("电梯停了，保安骂我“就是一群废物”，请派人处理", "another said so"),
        ("楼道里堆着一堆废旧家具，请派人处理", "nothing of the kind"),
        ("", "no words"),
    ],
)
def test_nothing_else_is_flagged(engine: Engine, text: str, reason: str) -> None:
    assert not one(engine, text).advisory.flagged, reason


def test_the_operator_s_words_never_flag(engine: Engine) -> None:
    insult = "你们这帮人就是一群废物"
    said = [
        {"speaker": "caller", "text": "路灯坏了"},
        {"speaker": "operator", "text": insult},
    ]
    assert not one(engine, "", turns=said).advisory.flagged
    said[0]["text"], said[1]["text"] = insult, "好的"
    verdict = engine.score([{"id": "1", "turns": said}])[0]
    assert [flag.text for flag in verdict.advisory.flags]


def test_a_batch_flags_as_one_by_one(engine: Engine) -> None:
    texts = [row["text"] for row in rows()[:40]]
    together = engine.score(texts)
    alone = [engine.score([text])[0] for text in texts]
    assert [v.advisory for v in together] == [v.advisory for v in alone]


@given(
    texts=st.lists(
        st.one_of(
            st.text(max_size=80),
            st.text(alphabet="你们物业就是一群废物着火了救命炸死*“”，。 \n1、另外", max_size=80),
        ),
        max_size=6,
    )
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_input_whatsoever_is_refused_or_dropped(engine: Engine, texts: list[str]) -> None:
    verdicts = engine.score([{"id": str(n), "text": text} for n, text in enumerate(texts)])
    assert [verdict.id for verdict in verdicts] == [str(n) for n in range(len(texts))]
    for verdict, text in zip(verdicts, texts, strict=True):
        assert verdict.accepted is True
        assert verdict.error is not None or verdict.dispatch.unit is not None
        assert Verdict.model_validate(verdict.model_dump()) == verdict
        for flag in verdict.advisory.flags:
            assert text[flag.start : flag.end] == flag.text != ""


def test_the_same_data_give_the_same_bytes(
    bundle: Path, folder: Path, tiny_config: Callable[..., TrainConfig]
) -> None:
    config = TrainConfig.model_validate(
        {**tiny_config().model_dump(), "conduct": load_bundle(bundle).manifest.config["conduct"]}
    )
    train(config, data=folder, output=folder / "again")
    for name in (CONDUCT, "syllables.npy", "manifest.json"):
        assert (folder / "again" / name).read_bytes() == (bundle / name).read_bytes()


def test_other_patterns_than_trained_with_are_refused(bundle: Path, tmp_path: Path) -> None:
    for file in bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    manifest["conduct"]["patterns_hash"] = "0" * 64
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(BundleError) as caught:
        load(tmp_path)
    assert caught.value.code == "other_patterns"


def test_an_altered_conduct_file_is_refused(bundle: Path, tmp_path: Path) -> None:
    for file in bundle.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    steps = np.load(tmp_path / CONDUCT)
    np.save(tmp_path / CONDUCT, steps + 1)
    with pytest.raises(BundleError) as caught:
        load_bundle(tmp_path)
    assert caught.value.code == "altered_file"


def test_marks_are_read_where_they_stand(folder: Path) -> None:
    found = ConductRows()
    read_authored(folder / "a.jsonl", found)
    read_lines(folder / "l.tsv", found)
    assert len(found.appeals) == 120 + 40 + 6
    for appeal, marks, origin in zip(found.appeals, found.marks, found.origin, strict=True):
        for kind, start, end in marks:
            assert kind == "abuse"
            assert any(insult in appeal.text[start:end] for insult in INSULTS), origin
    assert sum(bool(marks) for marks in found.marks) == 60 + 40


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.tsv", "rude\t⟦废物⟧\n", "bad_line"),
        ("x.tsv", "abuse 废物\n", "bad_line"),
        ("x.jsonl", '{"text": "路灯", "flags": [{"kind": "abuse", "text": "废物"}]}', "bad_flag"),
        ("x.jsonl", '{"text": "路灯", "flags": [{"kind": "rude", "text": "路灯"}]}', "bad_flag"),
    ],
)
def test_bad_material_is_refused(name: str, content: str, code: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    read = read_lines if name.endswith("tsv") else read_authored
    with pytest.raises(InputError) as caught:
        read(tmp_path / name, ConductRows())
    assert caught.value.code == code
    assert "废物" not in caught.value.message
