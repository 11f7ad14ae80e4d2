"""How verdicts look on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, JustifyMethod
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from jiesu.decide.route import ROUTE_REASONS
from jiesu.decide.triage import REASONS
from jiesu.schema import Evidence, Verdict

ROUTES = {
    "direct": "直接派单",
    "district": "派区协调",
    "consult": "派前会商",
    "answer": "即时答复",
    "transfer": "转接转办",
    "none": "不派单",
}
ACTIONS = {"auto": ("自动", "green"), "review": ("复核", "yellow")}
_COLUMNS: tuple[tuple[str, JustifyMethod], ...] = (
    ("编号", "left"),
    ("类型", "left"),
    ("把握", "right"),
    ("承办单位", "left"),
    ("把握", "right"),
    ("派单方式", "left"),
    ("决定", "left"),
    ("复核缘由", "left"),
)
_BAR = 24
# Control characters and bidirectional marks could rewrite what a reader believes to see.
_CONTROLS = dict.fromkeys(
    (*range(10), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)),
    "\ufffd",
)


def verdict_table(verdicts: Iterable[Verdict], *, title: str | None = None) -> Table:
    """Return verdicts as a table, one line an appeal."""
    table = Table(title=title, title_justify="left", header_style="bold", pad_edge=False)
    for name, justify in _COLUMNS:
        table.add_column(name, justify=justify, overflow="fold")
    for item in verdicts:
        if item.error:
            reason = Text(f"{item.error.code}: {item.error.message}", style="red")
            table.add_row(Text(_visible(item.id)), "—", "", "—", "", "", "", reason)
            continue
        word, colour = ACTIONS[item.decision.action]
        table.add_row(
            Text(_visible(item.id)),
            item.type.name or "—",
            f"{item.type.confidence:.0%}",
            item.dispatch.unit or "—",
            f"{item.dispatch.confidence:.0%}",
            ROUTES[item.dispatch.route],
            Text(word, style=colour),
            Text("、".join(REASONS.get(r, r) for r in item.decision.reasons), style="dim"),
        )
    return table


def verdict_panel(text: str, verdict: Verdict) -> Panel:
    """Return one appeal with its evidence marked, and the verdict below it."""
    shown = Text(_visible(text))
    for style, items in (
        ("bold cyan underline", verdict.explanation.type),
        ("bold magenta", verdict.explanation.unit),
        ("bold white on red", verdict.disposition.evidence),
        ("bold black on yellow", verdict.advisory.flags),
    ):
        for item in items:
            shown.stylize(style, item.start, item.end)
    legend = Text.assemble(
        ("类型依据", "bold cyan underline"),
        "  ",
        ("单位依据", "bold magenta"),
        "  ",
        ("处置用语", "bold white on red"),
        "  ",
        ("劝导用语", "bold black on yellow"),
    )
    kind = Table.grid(padding=(0, 2))
    for code, value in sorted(verdict.type.scores.items(), key=lambda item: -item[1]):
        kind.add_row(code, Text(_bar(value), style="cyan"), f"{value:6.1%}")
    units = Table.grid(padding=(0, 2))
    for candidate in verdict.dispatch.candidates:
        bar = Text(_bar(candidate.confidence), style="magenta")
        units.add_row(candidate.unit, bar, f"{candidate.confidence:6.1%}")
    facts = Table.grid(padding=(0, 2))
    facts.add_column()
    facts.add_column(overflow="fold")
    for name, fact in _facts(verdict):
        facts.add_row(Text(name, style="bold"), fact)
    return Panel(
        Group(shown, "", legend, "", facts, "", kind, "", units), title=_visible(verdict.id)
    )


def _facts(verdict: Verdict) -> Sequence[tuple[str, str]]:
    dispatch, decision = verdict.dispatch, verdict.decision
    place = " ".join(filter(None, (dispatch.area, dispatch.subdistrict))) or "未提及"
    reasons = "、".join(REASONS.get(reason, reason) for reason in decision.reasons)
    due = f"{verdict.due.hours} 小时（{verdict.due.rule}）" if verdict.due.rule else "—"
    disposition = verdict.disposition
    facts = [
        ("类型", f"{verdict.type.name}  {_words(verdict.explanation.type)}"),
        ("派单", f"{ROUTES[dispatch.route]} → {dispatch.unit}  {_words(verdict.explanation.unit)}"),
        ("缘由", ROUTE_REASONS.get(dispatch.reason, dispatch.reason)),
        ("地点", place),
        ("主题", verdict.topic.name if verdict.topic else "—"),
        ("处置", f"{disposition.code}  {disposition.basis}"),
        ("时限", f"{due}  {verdict.due.at or ''}"),
        ("决定", f"{ACTIONS[decision.action][0]}  {reasons}"),
    ]
    if dispatch.co_units:
        facts.insert(3, ("协办", "、".join(dispatch.co_units)))
    if disposition.script:
        facts.append(("答复", disposition.script))
    if verdict.advisory.flagged:
        kinds = "、".join(dict.fromkeys(flag.kind for flag in verdict.advisory.flags))
        facts.append(("劝导", f"{kinds}（照常受理）  {'；'.join(verdict.advisory.basis)}"))
    if verdict.risk.level != "none":
        facts.append(("风险", f"{verdict.risk.level}  {'、'.join(verdict.risk.reasons)}"))
    return facts


def _words(items: Sequence[Evidence]) -> str:
    if not items:
        return ""
    said = "，".join(f"{_visible(item.text)} +{item.weight:.2f}" for item in items)
    return f"（{said}）"


def _visible(text: str) -> str:
    """Return a text of the same length in which nothing steers the terminal."""
    return text.translate(_CONTROLS)


def _bar(share: float) -> str:
    return "█" * round(share * _BAR) or "▏"
