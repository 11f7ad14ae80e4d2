"""Verdicts to files: jsonl in full, csv, xlsx and parquet as one flat line an appeal."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from jiesu.decide.route import ROUTE_REASONS
from jiesu.decide.triage import REASONS
from jiesu.errors import InputError
from jiesu.schema import Verdict

Flat = dict[str, str | float | None]

COLUMNS = (
    "id",
    "accepted",
    "error",
    "type",
    "type_name",
    "type_confidence",
    "route",
    "route_reason",
    "unit",
    "function",
    "area",
    "subdistrict",
    "unit_confidence",
    "candidates",
    "co_units",
    "topic",
    "disposition",
    "flags",
    "risk",
    "due_hours",
    "due_at",
    "action",
    "reasons",
    "reasons_text",
    "evidence",
    "priority",
    "redacted_text",
    "words",
    "jurisdiction",
    "bundle",
)
"""The columns of a flat file, as `flat` gives them."""

_NUMBERS = frozenset(("type_confidence", "unit_confidence", "due_hours", "priority"))
_BATCH = 1000
_CANDIDATES = 3
_LONGEST_CELL = 32_767
_CUT = "……（过长，已截断，全文见 jsonl）"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def flat(verdict: Verdict) -> Flat:
    """Return the parts of a verdict that a spreadsheet shows."""
    dispatch, decision = verdict.dispatch, verdict.decision
    return {
        "id": verdict.id,
        "accepted": "true",
        "error": f"{verdict.error.code}: {verdict.error.message}" if verdict.error else None,
        "type": verdict.type.code,
        "type_name": verdict.type.name,
        "type_confidence": verdict.type.confidence,
        "route": dispatch.route,
        "route_reason": ROUTE_REASONS.get(dispatch.reason, dispatch.reason),
        "unit": dispatch.unit,
        "function": dispatch.function,
        "area": dispatch.area,
        "subdistrict": dispatch.subdistrict,
        "unit_confidence": dispatch.confidence,
        "candidates": "、".join(
            f"{item.unit} {item.confidence:.0%}" for item in dispatch.candidates[:_CANDIDATES]
        ),
        "co_units": "、".join(dispatch.co_units),
        "topic": verdict.topic.name if verdict.topic else None,
        "disposition": verdict.disposition.code,
        "flags": "、".join(f"{flag.kind}：{flag.text}" for flag in verdict.advisory.flags),
        "risk": verdict.risk.level,
        "due_hours": verdict.due.hours,
        "due_at": verdict.due.at,
        "action": decision.action,
        "reasons": " ".join(decision.reasons),
        "reasons_text": "、".join(REASONS.get(reason, reason) for reason in decision.reasons),
        "evidence": _evidence(verdict),
        "priority": decision.priority,
        "redacted_text": verdict.redacted_text,
        "words": " ".join(verdict.words) if verdict.words is not None else None,
        "jurisdiction": verdict.model.jurisdiction,
        "bundle": f"{verdict.model.bundle} {verdict.model.version}",
    }


def _evidence(verdict: Verdict) -> str:
    """Return the words that decided, head by head, for a reader without the whole verdict."""
    parts = (
        ("类型", verdict.explanation.type),
        ("单位", verdict.explanation.unit),
        ("处置", verdict.disposition.evidence),
    )
    return "；".join(
        f"{name}：{'、'.join(item.text for item in items)}" for name, items in parts if items
    )


def write_verdicts(verdicts: Iterable[Verdict], target: Path | BinaryIO) -> int:
    """Write verdicts and return how many. A path is written whole or not at all.

    Raises InputError for a suffix that is none of jsonl, ndjson, csv, xlsx, parquet.
    """
    if not isinstance(target, Path):
        return _jsonl(verdicts, target)
    writer = WRITERS.get(target.suffix.lower())
    if writer is None:
        raise InputError(
            "unknown_format",
            f"found the suffix {target.suffix or 'none'!r}, expected one of "
            f"{', '.join(sorted(WRITERS))}",
        )
    if not target.parent.is_dir():
        raise InputError("no_folder", f"no folder {target.parent} to write {target.name} to")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    if target.is_dir():
        raise InputError("unwritable", f"{target.name}: found a folder, expected a file to write")
    try:
        with part.open("wb") as stream:
            count = writer(verdicts, stream)
        part.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("unwritable", f"{target.name}: cannot be written: {reason}") from None
    finally:
        with suppress(OSError):
            part.unlink()
    return count


def _jsonl(verdicts: Iterable[Verdict], stream: BinaryIO) -> int:
    count = 0
    for verdict in verdicts:
        count += 1
        stream.write(verdict.model_dump_json().encode("utf-8", "replace") + b"\n")
    stream.flush()
    return count


def safe_cell(value: str | float | None) -> str | float | None:
    """Keep a spreadsheet from running a cell as a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def fitting_cell(value: str | float | None) -> str | float | None:
    """Cut a text that no cell of a workbook can hold, and say so in it."""
    if isinstance(value, str) and len(value) > _LONGEST_CELL:
        return value[: _LONGEST_CELL - len(_CUT)] + _CUT
    return value


def _csv(verdicts: Iterable[Verdict], stream: BinaryIO) -> int:
    # The byte order mark is what makes spreadsheets read Chinese as UTF-8.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    count = 0
    for verdict in verdicts:
        writer.writerow([safe_cell(value) for value in flat(verdict).values()])
        count += 1
    text.flush()
    text.detach()
    return count


def _xlsx(verdicts: Iterable[Verdict], stream: BinaryIO) -> int:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("verdicts")
    sheet.append(list(COLUMNS))
    count = 0
    for verdict in verdicts:
        cells = (fitting_cell(safe_cell(value)) for value in flat(verdict).values())
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", v) if isinstance(v, str) else v for v in cells])
        count += 1
    book.save(stream)
    return count


def _parquet(verdicts: Iterable[Verdict], stream: BinaryIO) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in COLUMNS]
    )
    count, rows = 0, iter(verdicts)
    with pq.ParquetWriter(stream, schema) as writer:
        while part := [flat(verdict) for verdict in islice(rows, _BATCH)]:
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
            count += len(part)
    return count


WRITERS: dict[str, Callable[[Iterable[Verdict], BinaryIO], int]] = {
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
}
"""How each suffix is written; artefacts and docs name exactly these."""
