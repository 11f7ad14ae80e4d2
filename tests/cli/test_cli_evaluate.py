"""`jiesu evaluate`: figures on the terminal, as JSON, and as a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.resources import resource

Jiesu = Callable[..., Any]
FEW = ["--bootstrap", "100"]


def test_the_page_and_its_figures(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    data = resource("data", "samples", "appeals.csv")
    found = jiesu("evaluate", tiny, data, "-o", "report", *FEW)
    assert found.code == 0
    for name in ("type (n=215)", "unit (n=215)", "accuracy", "macro_f1", "ece", "aurc"):
        assert name in found.text
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["report.html", "report.json"]
    page = (tmp_path / "report" / "report.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert page.count("<svg") >= 3


def test_json_is_what_the_file_says(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    data = resource("data", "samples", "appeals.jsonl")
    found = jiesu("evaluate", tiny, data, "-o", "report", "--json", *FEW)
    body = json.loads(found.out)
    assert body == json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    heads = {head["head"]: head for head in body["heads"]}
    assert set(heads) == {"type", "unit", "topic"}
    headline = heads["type"]["headline"]
    for name in ("accuracy", "macro_f1", "top3", "top5", "ece", "aurc"):
        assert headline[name]["low"] <= headline[name]["value"] + 1e-9
        assert headline[name]["value"] <= headline[name]["high"] + 1e-9
    assert {part["group"] for part in heads["type"]["slices"]} >= {"form", "length"}


def test_labels_and_slices_are_named(jiesu: Jiesu, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(
        "内容,类别,来路\n路灯坏了没人修,求助,甲\n请问社保怎么办,咨询,乙\n", "utf-8"
    )
    found = jiesu(
        "evaluate", tiny, "in.csv", "--label", "type=类别", "--by", "来路", "--json", *FEW
    )
    (head,) = json.loads(found.out)["heads"]
    assert head["n"] == 2
    parts = {(part["group"], part["value"]) for part in head["slices"]}
    assert parts >= {("来路", "甲"), ("来路", "乙")}


def test_columns_that_are_fields_of_an_appeal_can_be_labels_and_slices(
    jiesu: Jiesu, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text(
        "内容,诉求类型,诉求来源\n路灯坏了没人修,求助,电话\n请问社保怎么办,咨询,网站\n", "utf-8"
    )
    given = ["--label", "type=诉求类型", "--by", "诉求来源"]
    found = jiesu("evaluate", tiny, "in.csv", *given, "--json", *FEW)
    (head,) = json.loads(found.out)["heads"]
    assert (head["head"], head["n"]) == ("type", 2)
    parts = {(part["group"], part["value"]) for part in head["slices"]}
    assert parts >= {("诉求来源", "电话"), ("诉求来源", "网站")}


def test_labels_of_another_scheme_are_left_out_and_it_is_said(
    jiesu: Jiesu, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("内容,type,topic\n路灯坏了没人修,求助,一团乱麻\n", "utf-8")
    body = json.loads(jiesu("evaluate", tiny, "in.csv", "--label", "topic=b", "--json", *FEW).out)
    assert [head["head"] for head in body["heads"]] == ["type"]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        pytest.param(["none.csv"], "missing_file", id="no such file"),
        pytest.param(["in.csv"], "no_labels", id="no labels"),
        pytest.param(["in.csv", "--label", "mood=b"], "unknown_head", id="no such head"),
        pytest.param(["in.csv", "--by", "nope"], "no_column", id="no such column to split by"),
    ],
)
def test_nothing_to_measure_is_an_error(
    args: list[str], code: str, jiesu: Jiesu, tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("内容,b\n路灯坏了,c\n", "utf-8")
    found = jiesu("evaluate", tiny, *args, *FEW)
    assert (found.code, found.out) == (1, b"")
    assert found.err.strip().startswith(f"error {code} ")
