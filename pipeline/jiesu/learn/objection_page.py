"""The report on objections as files: one self-contained HTML page, JSON, and a CSV file a table."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jiesu.engine.files import safe_cell
from jiesu.learn.objection_report import ErrorReport, report_json
from jiesu.learn.objections import PROBLEMS
from jiesu.learn.page import template


class Sheet(NamedTuple):
    """A table of the report: title, note, and the heading of each field."""

    title: str
    note: str
    headings: Mapping[str, str]


SHEETS: Mapping[str, Sheet] = {
    "units": Sheet(
        "各单位",
        "只计本单位提出过异议或接到他单位改派的。两种置信度与“现首选”“现前三”只看应由另一职能单位"
        "承办的件，由所示模型现在研判；模型若用这些件训练过，数字偏乐观。",
        {
            "unit": "单位",
            "objected": "提出异议",
            "upheld": "异议成立",
            "to": "改派去向（前三）",
            "moved": "本单位内换区",
            "received": "由他单位改派来",
            "wrong": "置信度：误派单位",
            "right": "置信度：应派单位",
            "top1": "现首选即对",
            "top3": "现前三有对",
            "reasons": "常见理由",
        },
    ),
    "pairs": Sheet(
        "误派去向",
        "占比的分母是原派单位提出的全部异议。",
        {"dispatched": "原派", "final": "改派", "share": "件数与占比", "top1": "现首选即对"},
    ),
    "wrong": Sheet(
        "逐件误派",
        "异议成立且应由另一职能单位承办的件，现能派对的在前。名次是应派单位现在的名次；模型不认识该单位则无名次。",
        {
            "number": "行",
            "id": "编号",
            "dispatched": "原派",
            "owner": "应派",
            "best": "模型首选",
            "rank": "名次",
            "wrong": "置信度：误派单位",
            "right": "置信度：应派单位",
        },
    ),
    "problems": Sheet(
        "有问题的行",
        "“仍用”为是的行仍计入统计或训练。",
        {"number": "行", "id": "编号", "code": "问题", "detail": "所见", "used": "仍用"},
    ),
}
CARDS: Mapping[str, str] = {
    "upheld": "异议成立",
    "top1": "误派：现首选即对",
    "top3": "误派：现前三有对",
    "kept": "维持：现仍派原单位",
}
"""The shares at the head of the page, those of nothing left out."""

_MOST_ROWS = 200
_PARTS = ("hits", "n", "value", "low", "high")
_SHARES = frozenset(("upheld", "share", "top1", "top3"))
_PERCENT = frozenset(("wrong", "right"))
_ONLY_SCORED = frozenset(("wrong", "right", "top1", "top3", "best", "rank"))
_WORDS = frozenset(
    ("unit", "to", "reasons", "dispatched", "final", "owner", "best", "id", "code", "detail")
)


def write_report(report: ErrorReport, folder: Path) -> Path:
    """Write report.html, report.json and a CSV file a table, and return the page's path.

    Raises ExtraError if jinja2 is not installed; the other files are written all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    body = report_json(report)
    text = json.dumps(body, ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text + "\n", "utf-8")
    for name, sheet in SHEETS.items():
        # The byte order mark is what makes spreadsheets read Chinese as UTF-8.
        with (folder / f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(_csv_rows(sheet, body[name]))
    page = folder / "report.html"
    page.write_text(render_report(report), "utf-8")
    return page


def render_report(report: ErrorReport) -> str:
    """Return the report as one HTML page that loads nothing from elsewhere.

    Raises ExtraError if jinja2 is not installed.
    """
    page = template(
        "objections.html.j2",
        "the report on objections",
        percent="{:.0%}".format,
        count="{:,}".format,
    )
    body = report_json(report)
    scored = any(row.best is not None for row in report.wrong)
    return page.render(
        report=body,
        cards={CARDS[key]: body[key] for key in CARDS if body[key]},
        sheets={name: sheet for name, sheet in SHEETS.items() if body[name]},
        fields={
            name: [field for field in sheet.headings if scored or field not in _ONLY_SCORED]
            for name, sheet in SHEETS.items()
        },
        problems=PROBLEMS,
        percent=_PERCENT,
        words=_WORDS,
        most=_MOST_ROWS,
    )


def _csv_rows(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    """Yield heading and lines; a share takes a column for each of its numbers."""
    yield [
        name
        for field in sheet.headings
        for name in ([f"{field}_{part}" for part in _PARTS] if field in _SHARES else [field])
    ]
    for row in rows:
        line: list[Any] = []
        for field in sheet.headings:
            value = row[field]
            if field in _SHARES:
                line += [value[part] if value else None for part in _PARTS]
            elif isinstance(value, tuple | list):
                line.append("、".join(f"{name} {count}" for name, count in value))
            else:
                line.append(value)
        yield [safe_cell(value) for value in line]
