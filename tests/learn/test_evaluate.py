"""Evaluation: the figures are those of the engine, and no text gets into a report."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jiesu.corpus.read import read_appeals
from jiesu.engine import Engine
from jiesu.errors import ConfigError, ExtraError, InputError
from jiesu.learn.evaluate import (
    UNKNOWN,
    UNLABELLED,
    Evaluation,
    evaluate,
    head_scores,
    write_report,
)
from jiesu.learn.metrics import HeadReport
from jiesu.learn.rows import words_only
from jiesu.resources import resource
from jiesu.schema import Appeal

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def _write(*records: dict[str, Any] | str) -> Path:
        path = tmp_path / "labelled.jsonl"
        lines = [r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) for r in records]
        path.write_text("\n".join(lines), "utf-8")
        return path

    return _write


@pytest.fixture(scope="module")
def on_samples(tiny_engine: Engine) -> Evaluation:
    return evaluate(tiny_engine, resource("data", "samples", "appeals.jsonl"), bootstrap=100)


def report_of(found: Evaluation, head: str) -> HeadReport:
    return next(report for report in found.reports if report.head == head)


def test_accuracy_is_the_engine_s(tiny_engine: Engine, on_samples: Evaluation) -> None:
    rows = list(read_appeals(resource("data", "samples", "appeals.jsonl")))
    asked = [words_only(row.appeal) for row in rows if row.appeal]
    scores = tiny_engine.probabilities(asked)
    assert [report.head for report in on_samples.reports] == ["type", "unit", "topic"]
    for head in tiny_engine.bundle.linear.heads:
        best = [head.labels[column] for column in scores[head.name].argmax(axis=1)]
        report = report_of(on_samples, head.name)
        truth = [row.extra[head.name] for row in rows]
        aliases = {
            alias: topic.name
            for topic in tiny_engine.jurisdiction.topics
            for alias in topic.aliases
        }
        right = [aliases.get(a, a) == b for a, b in zip(truth, best, strict=True)]
        assert report.n == len(rows)
        assert report.headline.accuracy.value == pytest.approx(np.mean(right))
        wrong = {mistake.id for mistake in on_samples.mistakes if mistake.head == head.name}
        assert wrong <= {row.id for row, ok in zip(rows, right, strict=True) if not ok}


def test_facts_say_what_was_measured_on_what(on_samples: Evaluation) -> None:
    facts = on_samples.facts
    assert facts["bundle"].startswith("tiny 1 (")
    assert facts["data"].startswith("appeals.jsonl (sha256 ")
    assert facts["rows"] == "215, of which 0 could not be read"


def test_slices_add_up(on_samples: Evaluation) -> None:
    report = report_of(on_samples, "type")
    groups: dict[str, int] = {}
    for part in report.slices:
        groups[part.group] = groups.get(part.group, 0) + part.n
    assert groups["form"] == groups["length"] == report.n


def test_labels_may_stand_in_any_column_under_any_name(write: Write, tiny_engine: Engine) -> None:
    path = write(
        {"text": "路灯坏了没人修", "类别": "求助"},
        {"text": "请问社保怎么办", "类别": "consultation"},
        {"text": "没有标签的一件"},
    )
    found = evaluate(tiny_engine, path, columns={"type": "类别"}, bootstrap=100)
    (report,) = found.reports
    assert (report.head, report.n, report.left_out, report.unknown) == ("type", 2, 1, 0)


def test_a_label_that_the_head_lacks_counts_as_an_error(write: Write, tiny_engine: Engine) -> None:
    path = write(
        {"text": "路灯坏了", "type": "表扬"}, {"text": "请问社保怎么办", "type": "consultation"}
    )
    (report,) = evaluate(tiny_engine, path, bootstrap=100).reports
    assert (report.n, report.unknown) == (2, 1)
    assert report.headline.accuracy.value <= 0.5


def test_only_the_heads_asked_for(tiny_engine: Engine) -> None:
    data = resource("data", "samples", "appeals.jsonl")
    found = evaluate(tiny_engine, data, heads=["unit"], bootstrap=100)
    assert [report.head for report in found.reports] == ["unit"]
    assert {mistake.head for mistake in found.mistakes} <= {"unit"}


def test_a_second_label_that_is_right_counts_where_it_says_so(
    write: Write, tiny_engine: Engine
) -> None:
    texts = ["路灯坏了没人修", "楼上噪音扰民"]
    best = [verdict.type.code for verdict in tiny_engine.score(texts)]
    wrong = ["suggestion" if code != "suggestion" else "other" for code in best]
    path = write(
        *(
            {"text": text, "type": no, "alt": yes}
            for text, no, yes in zip(texts, wrong, best, strict=True)
        )
    )
    (report,) = evaluate(tiny_engine, path, bootstrap=100).reports
    assert report.headline.accuracy.value == 0.0
    assert report.headline.either is not None
    assert report.headline.either.value == 1.0


def test_the_place_fields_are_read_only_if_asked(write: Write, tiny_engine: Engine) -> None:
    area = tiny_engine.jurisdiction.areas[0]
    sub = next(sub for sub in area.subdistricts if sub.kind == "subdistrict")
    record = {"text": "没人管的事都不管", "辖区": area.name, "镇街": sub.name}
    path = write({**record, "unit": "街道办事处"})
    without, having = (
        report_of(
            evaluate(tiny_engine, path, with_fields=wanted, bootstrap=100), "unit"
        ).headline.log_loss.value
        for wanted in (False, True)
    )
    # Known to lie in a street's district, it can be no town's: the street gains what that had.
    assert having < without


def test_rows_that_cannot_be_read_are_counted_not_scored(write: Write, tiny_engine: Engine) -> None:
    path = write({"text": "路灯坏了", "type": "help"}, {"text": "", "type": "help"}, "{broken")
    found = evaluate(tiny_engine, path, bootstrap=100)
    assert found.facts["rows"] == "3, of which 2 could not be read"
    assert report_of(found, "type").n == 1


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([{"text": "路灯坏了"}], id="no label column"),
        pytest.param([{"text": "", "type": "help"}], id="no row that can be read"),
    ],
)
def test_nothing_to_measure_is_an_error(
    records: list[dict[str, Any]], write: Write, tiny_engine: Engine
) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(tiny_engine, write(*records), bootstrap=100)
    assert caught.value.code == "no_labels"


def test_a_head_that_the_bundle_lacks_is_an_error(tiny_engine: Engine) -> None:
    data = resource("data", "samples", "appeals.jsonl")
    for wanted in ({"columns": {"mood": "traits"}}, {"heads": ["mood"]}):
        with pytest.raises(ConfigError) as caught:
            evaluate(tiny_engine, data, bootstrap=100, **wanted)
        assert caught.value.code == "unknown_head"


def test_labels_become_numbers() -> None:
    scores = head_scores(
        "type",
        ("a", "b"),
        np.full((5, 2), 0.5, dtype=np.float32),
        ["a", "乙", "c", None, ""],
        alternatives=[None, "a", "c", 7, ""],
        names={"乙": "b", "a": "a"},
    )
    assert scores.truth.tolist() == [0, 1, UNKNOWN, UNLABELLED, UNLABELLED]
    assert scores.alt is not None
    assert scores.alt.tolist() == [UNLABELLED, 0, UNLABELLED, UNLABELLED, UNLABELLED]


def test_a_report_is_a_page_and_its_figures_without_any_text(
    on_samples: Evaluation, samples: list[Appeal], tmp_path: Path
) -> None:
    page = write_report(on_samples, tmp_path / "new" / "folder", title="标题 <b>")
    assert page.name == "report.html"
    body = json.loads((page.parent / "report.json").read_text("utf-8"))
    assert [head["head"] for head in body["heads"]] == ["type", "unit", "topic"]
    html = page.read_text("utf-8")
    assert "标题 &lt;b&gt;" in html
    assert "<svg" in html
    for name in ("http://", "https://"):
        # The page works without a network; only names of XML may look like addresses.
        assert not [part for part in html.split(name)[1:] if not part.startswith("www.w3.org")]
    whole = html + (page.parent / "report.json").read_text("utf-8")
    assert not [
        appeal.id for appeal in samples if len(appeal.text) > 20 and appeal.text[:16] in whole
    ]


def test_the_same_seed_gives_the_same_report(tiny_engine: Engine, on_samples: Evaluation) -> None:
    data = resource("data", "samples", "appeals.jsonl")
    assert evaluate(tiny_engine, data, bootstrap=100) == on_samples


def test_a_report_without_its_extra_says_which(
    on_samples: Evaluation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ExtraError) as caught:
        write_report(on_samples, tmp_path, title="x")
    assert "jiesu[report]" in caught.value.message
