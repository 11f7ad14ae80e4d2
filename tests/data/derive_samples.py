"""The other forms of `data/samples/appeals.jsonl`, which alone is edited by hand.

`PYTHONPATH=pipeline python tests/data/derive_samples.py` writes them anew; test_samples.py holds
them equal.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from jiesu.resources import resource

HEADINGS = {
    "id": "诉求编号",
    "received_at": "来电时间",
    "channel": "诉求来源",
    "title": "标题",
    "text": "诉求内容",
    "turns": "通话转写",
    "address": "事发地址",
    "area": "诉求区域",
    "subdistrict": "镇街",
    # Labels keep their names: no field of an appeal may be read from them.
    "type": "type",
    "alt": "alt",
    "unit": "unit",
    "topic": "topic",
    "disposition": "disposition",
    "form": "form",
    "traits": "traits",
}
SPEAKERS = {"caller": "市民", "operator": "坐席"}


def folder() -> Path:
    """Return where the samples lie."""
    return resource("data", "samples")


def appeals() -> list[dict[str, Any]]:
    """Return the records of the master file, in its order."""
    lines = (folder() / "appeals.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def table() -> list[list[str]]:
    """Return heading and rows of the table form, every cell a text."""
    rows = [[_cell(record, field) for field in HEADINGS] for record in appeals()]
    return [list(HEADINGS.values()), *rows]


def turn_records() -> list[dict[str, Any]]:
    """Return the calls alone, with Chinese keys and their turns as a list."""
    return [_chinese(record) for record in appeals() if "turns" in record]


def csv_bytes() -> bytes:
    """Return the table as CSV, UTF-8 with BOM, as spreadsheet programs write it."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(table())
    return out.getvalue().encode("utf-8-sig")


def turns_text() -> str:
    """Return the calls as JSON lines."""
    return "".join(json.dumps(call, ensure_ascii=False) + "\n" for call in turn_records())


def write_all() -> None:
    """Write every derived file."""
    (folder() / "appeals.csv").write_bytes(csv_bytes())
    (folder() / "turns.jsonl").write_text(turns_text(), "utf-8", newline="\n")
    book = openpyxl.Workbook()
    sheet = book.active
    heading, *rows = table()
    sheet.title = "诉求"
    sheet.append(heading)
    when = heading.index(HEADINGS["received_at"])
    for row in rows:
        cells: list[Any] = [cell or None for cell in row]
        cells[when] = datetime.fromisoformat(row[when])
        sheet.append(cells)
    sheet.freeze_panes = "A2"
    book.save(folder() / "appeals.xlsx")


def _cell(record: dict[str, Any], field: str) -> str:
    value = record.get(field, "")
    if field == "turns":
        return "\n".join(f"{SPEAKERS[turn['speaker']]}：{turn['text']}" for turn in value)
    if field == "traits":
        return ";".join(value)
    return value.replace("T", " ") if field == "received_at" else value


def _chinese(record: dict[str, Any]) -> dict[str, Any]:
    call = {HEADINGS[field]: value for field, value in record.items()}
    call[HEADINGS["turns"]] = [
        {"说话人": SPEAKERS[turn["speaker"]], "内容": turn["text"]} for turn in record["turns"]
    ]
    return call


if __name__ == "__main__":
    write_all()
