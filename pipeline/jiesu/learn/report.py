"""The evaluation report: one self-contained HTML page, and the same figures as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jiesu.learn import plots
from jiesu.learn.decisions import Decision
from jiesu.learn.metrics import SMALL_SLICE, HeadReport, Metric
from jiesu.learn.page import template

SCHEMA = "jiesu-evaluation/1"


@dataclass(frozen=True)
class Mistake:
    """One wrong prediction. Holds ids and labels, never text of an appeal."""

    id: str
    head: str
    truth: str
    predicted: str
    confidence: float


@dataclass(frozen=True)
class Definition:
    """A figure of `Headline`: what it is called, how it prints, which way is better, what it is."""

    key: str
    name: str
    english: str
    percent: bool
    better: str
    meaning: str


DEFINITIONS = (
    Definition("accuracy", "准确率", "Accuracy", True, "高", "首选标签与真实标签一致的件数占比。"),
    Definition(
        "macro_f1",
        "宏平均 F1",
        "Macro-F1",
        False,
        "高",
        "对真实标签中出现过的各类 F1 取算术平均，只被预测、从未真实出现的类不计入；"
        "标签为模型所不认识的件没有自己的类，但算作所预测之类的误报。",
    ),
    Definition(
        "weighted_f1",
        "加权 F1",
        "Weighted F1",
        False,
        "高",
        "各类 F1 按真实件数加权平均；模型不认识的真实标签按 F1 = 0 计入。",
    ),
    Definition("top3", "前三命中率", "Top-3 accuracy", True, "高", "真实标签在前三个候选之内。"),
    Definition("top5", "前五命中率", "Top-5 accuracy", True, "高", "真实标签在前五个候选之内。"),
    Definition(
        "either",
        "任一标签正确率",
        "Truth or alt",
        True,
        "高",
        "首选标签等于真实标签，或等于标注者认可的第二标签。",
    ),
    Definition(
        "ece",
        "校准误差（等宽）",
        "ECE, equal width",
        False,
        "低",
        "主指标。按首选标签的置信度分 15 个等宽区间，"
        "区间内平均置信度与准确率之差的绝对值按件数加权；件数少时偏大，重抽样使其区间再偏大。",
    ),
    Definition(
        "ece_equal_mass",
        "校准误差（等量）",
        "ECE, equal mass",
        False,
        "低",
        "同上，但分为 15 个件数相等的区间。",
    ),
    Definition(
        "brier",
        "Brier 分数",
        "Brier score",
        False,
        "低",
        "各标签概率与 0/1 真值之差的平方和，取平均，范围 0 至 2。",
    ),
    Definition(
        "log_loss",
        "对数损失",
        "Log loss",
        False,
        "低",
        "真实标签概率的负自然对数的平均；不含模型不认识的标签。",
    ),
    Definition(
        "aurc",
        "风险–覆盖面积",
        "AURC",
        False,
        "低",
        "按置信度从高到低逐件放行，各覆盖率下错误率的平均。",
    ),
    Definition(
        "augrc",
        "广义风险–覆盖面积",
        "AUGRC",
        False,
        "低",
        "各覆盖率下“既放行又错误”的件数占全部件数之比的平均，"
        "即未被发现的错误的平均风险（arXiv 2407.01032）。",
    ),
    Definition(
        "coverage_at_5",
        "错误 ≤ 5% 时的覆盖率",
        "Coverage at 5 % risk",
        True,
        "高",
        "在本数据上事后选阈值，放行部分错误率不超过 5% 的最大覆盖率。"
        "未经认证：换一批数据不保证成立。",
    ),
)
CARDS = ("accuracy", "macro_f1", "top3", "ece", "coverage_at_5")
SLICE_COLUMNS = ("accuracy", "macro_f1", "top3", "either", "ece", "coverage_at_5")


def report_json(
    reports: Sequence[HeadReport],
    *,
    title: str,
    facts: Mapping[str, str],
    errors: Iterable[Mistake] = (),
    decisions: Sequence[Decision] = (),
) -> dict[str, Any]:
    """Return everything the page shows as a JSON-ready dict; undefined figures are null."""
    return {
        "schema": SCHEMA,
        "title": title,
        "facts": dict(facts),
        "interval": "percentile bootstrap over rows, 2.5 % to 97.5 %",
        "definitions": {d.key: {"name": d.english, "meaning": d.meaning} for d in DEFINITIONS},
        "decisions": [decision._asdict() for decision in decisions],
        "heads": [report.model_dump(mode="json") for report in reports],
        "errors": [asdict(mistake) for mistake in errors],
    }


def render_report(
    reports: Sequence[HeadReport],
    *,
    title: str,
    facts: Mapping[str, str],
    errors: Iterable[Mistake] = (),
    decisions: Sequence[Decision] = (),
) -> str:
    """Return the report as one HTML page that loads nothing from elsewhere.

    Raises ExtraError if matplotlib or jinja2 is not installed.
    """
    page = template(
        "report.html.j2",
        "the evaluation report",
        figure=_figure,
        value=_value,
        interval=_interval,
        share=_percent,
    )
    mistakes = list(errors)
    return page.render(
        title=title,
        facts=facts,
        heads=[_section(report, place, mistakes) for place, report in enumerate(reports)],
        mistakes=mistakes,
        decisions=decisions,
        definitions=DEFINITIONS,
        cards=CARDS,
        slice_columns=SLICE_COLUMNS,
        by_key={d.key: d for d in DEFINITIONS},
        small=SMALL_SLICE,
    )


def _section(report: HeadReport, place: int, mistakes: Sequence[Mistake]) -> dict[str, Any]:
    from markupsafe import Markup

    key = f"h{place}"
    drawings = {
        "risk": plots.risk_coverage_svg(report, f"{key}r"),
        "reliability": plots.reliability_svg(report, f"{key}c"),
        "classes": plots.class_f1_svg(report, f"{key}f"),
        "confusion": plots.confusion_svg(report, f"{key}m"),
    }
    groups: dict[str, list[Any]] = {}
    for part in report.slices:
        groups.setdefault(part.group, []).append(part)
    return {
        "key": key,
        "report": report,
        # The drawings escape their own texts.
        "plots": {name: Markup(svg) for name, svg in drawings.items()},
        "classes": sorted(report.classes, key=lambda c: (-c.support, -c.predicted)),
        "curve": [point for point in report.curve if round(point.coverage * 100) % 10 == 0],
        "groups": groups,
        "mistakes": [mistake for mistake in mistakes if mistake.head == report.head],
    }


def _value(metric: Metric | None, percent: bool = False) -> str:
    if metric is None:
        return "–"
    return _percent(metric.value) if percent else f"{metric.value:.3f}"


def _interval(metric: Metric | None, percent: bool = False) -> str:
    if metric is None:
        return ""
    if percent:
        return f"{metric.low * 100:.1f}–{metric.high * 100:.1f}"
    return f"{metric.low:.3f}–{metric.high:.3f}"


def _figure(metric: Metric | None, percent: bool = False) -> str:
    if metric is None:
        return "–"
    return f"{_value(metric, percent)} [{_interval(metric, percent)}]"


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"
