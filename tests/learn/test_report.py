"""The page and the JSON: what a reader finds in them, and what must never be there."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from jiesu.errors import ExtraError
from jiesu.learn import plots
from jiesu.learn.metrics import Headline, HeadReport, HeadScores, evaluate_head
from jiesu.learn.report import DEFINITIONS, Mistake, render_report, report_json

TYPES = ("咨询", "求助", "投诉", "举报", "建议", "其他")
UNITS = (*tuple(f"第{i}测试管理与综合服务局" for i in range(45)), "<b>局 & 科</b>")
FACTS = {"模型 Bundle": "demo@1", "数据 Data": "<script>alert(1)</script>"}
MISTAKES = [Mistake("A-1", "类型", "咨询", "求助", 0.987)]


def head(name: str, labels: tuple[str, ...], seed: int = 0, **more: Any) -> HeadReport:
    rng = np.random.default_rng(seed)
    n, k = 300, len(labels)
    truth = rng.choice(k, n)
    truth[:3] = -2
    proba = rng.dirichlet(np.full(k, 0.3), n)
    proba[np.arange(n), truth] += 1
    groups = {"来源": np.array(["坐席"] * 280 + ["<i>网民</i>"] * 20, dtype=object)}
    proba /= proba.sum(axis=1, keepdims=True)
    scores = HeadScores(name, labels, proba, truth, groups=groups, **more)
    return evaluate_head(scores, bootstrap=100)


@pytest.fixture(scope="module")
def reports() -> list[HeadReport]:
    return [head("类型", TYPES, alt=np.full(300, 1)), head("单位", UNITS)]


@pytest.fixture(scope="module")
def page(reports: list[HeadReport]) -> str:
    return render_report(reports, title="评估报告", facts=FACTS, errors=MISTAKES)


class Outline(HTMLParser):
    """Collects identifiers and addresses, and checks that tags close in order."""

    VOID = frozenset({"meta", "br", "path", "use", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self._note(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [v for k, v in attrs if k == "id" and v]
        self.links += [v for k, v in attrs if k in {"href", "src", "xlink:href"} and v]


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_page_loads_nothing_from_elsewhere(page: str, outline: Outline) -> None:
    assert all(link.startswith("#") for link in outline.links)
    assert not re.search(r"@import|<script|<link|url\((?!#)", page)


def test_identifiers_are_unique_and_references_resolve(page: str, outline: Outline) -> None:
    assert len(outline.ids) == len(set(outline.ids))
    wanted = {link[1:] for link in outline.links} | set(re.findall(r"url\(#([^)]+)\)", page))
    assert wanted <= set(outline.ids)


def test_what_others_wrote_is_escaped(page: str) -> None:
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;局 &amp; 科&lt;/b&gt;" in page
    assert "<b>局" not in page
    assert "<i>网民" not in page


def test_every_plot_says_what_it_shows_and_has_a_table(page: str, outline: Outline) -> None:
    plotted = [attrs for tag, attrs in outline.tags if tag == "svg"]
    assert len(plotted) == 8
    assert all(a.get("role") == "img" and len(a.get("aria-label") or "") > 10 for a in plotted)
    assert page.count("<details>") == 8


def test_texts_in_plots_are_real_text_in_theme_colours(page: str) -> None:
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert ">投诉</text>" in drawn
    assert not re.search(r"T\d{4}T", page), "a placeholder was left"
    assert not re.search(r"#010a0\d", page), "a sentinel colour was left"
    assert set(re.findall(r"var\(--([a-z-]+)\)", drawn)) <= set(re.findall(r"--([a-z-]+):", page))
    assert "@media (prefers-color-scheme: dark)" in page


def test_page_shows_the_figures_it_was_given(reports: list[HeadReport], page: str) -> None:
    for report in reports:
        accuracy = report.headline.accuracy
        assert f"{accuracy.value * 100:.1f}%" in page
        assert f"{accuracy.low * 100:.1f}–{accuracy.high * 100:.1f}" in page
    assert "未认证" in page
    assert "样本少" in page
    assert "A-1" in page
    assert "98.7%" in page


def test_same_input_same_bytes(reports: list[HeadReport], page: str) -> None:
    again = render_report(reports, title="评估报告", facts=FACTS, errors=MISTAKES)
    assert again == page


def test_json_is_plain_and_complete(reports: list[HeadReport]) -> None:
    found = report_json(reports, title="评估报告", facts=FACTS, errors=MISTAKES)
    text = json.dumps(found, allow_nan=False, ensure_ascii=False)
    assert [HeadReport.model_validate(h) for h in json.loads(text)["heads"]] == reports
    assert found["errors"] == [
        {"id": "A-1", "head": "类型", "truth": "咨询", "predicted": "求助", "confidence": 0.987}
    ]


def test_every_figure_is_defined() -> None:
    defined = {d.key for d in DEFINITIONS}
    assert defined | {"top1"} == set(Headline.model_fields), "top1 is accuracy"


EDGES = [
    (("甲", "乙"), [-2, -2], "no label known: no F1 to draw"),
    (("甲", "乙"), [0], "one row, nothing wrong"),
    (("甲", "乙"), [1, 1], "nothing right"),
]


@pytest.mark.parametrize(("labels", "truth", "why"), EDGES)
def test_degenerate_heads_still_render(labels: tuple[str, ...], truth: list[int], why: str) -> None:
    proba = np.tile([0.9, 0.1], (len(truth), 1))
    report = evaluate_head(HeadScores("t", labels, proba, np.array(truth)), bootstrap=100)
    assert "</html>" in render_report([report], title="t", facts={}), why


def test_plots_leave_matplotlib_settings_alone(reports: list[HeadReport]) -> None:
    import matplotlib as mpl

    settings: Any = mpl.rcParams
    names = ("svg.fonttype", "svg.hashsalt", "font.size", "text.color", "axes.linewidth")
    before = [settings[name] for name in names]
    plots.risk_coverage_svg(reports[0], "x")
    assert [settings[name] for name in names] == before


@pytest.mark.parametrize("module", ["jinja2", "matplotlib"])
def test_missing_extra_is_named(
    module: str, reports: list[HeadReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraError, match=r"pip install 'jiesu\[report\]'"):
        render_report(reports, title="t", facts={})
