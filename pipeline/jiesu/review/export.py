"""Training rows to a file: jsonl for training, csv and xlsx for people."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from jiesu.errors import InputError
from jiesu.review.table import WRITERS, Cell, write_file, write_table
from jiesu.review.training import COLUMNS, ONLY, Only, training_rows
from jiesu.store import Store


def export(
    store: Store,
    target: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Only = "all",
    without: Container[str] = (),
    actor: str = "cli",
    now: datetime | None = None,
) -> int:
    """Write training rows to a jsonl, csv or xlsx file, note it in the log, return how many.

    without: ids of appeals to leave out. The file is written whole or not at all; csv and xlsx
    hold no formula. Raises InputError for a file that cannot be written, StoreError.
    """
    if only not in ONLY:
        raise InputError("bad_only", f"found {only!r}, expected one of {', '.join(ONLY)}")
    found = training_rows(store, since=since, until=until, only=only)
    rows = (row for row in found if row["id"] not in without)
    suffix = target.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        count = write_file(target, lambda stream: _jsonl(rows, stream))
    elif suffix in WRITERS:
        lines = ([_cell(row[name]) for name in COLUMNS] for row in rows)
        count = write_table(target, COLUMNS, lines)
    else:
        raise InputError(
            "unknown_format",
            f"found the suffix {target.suffix or 'none'!r}, expected one of .jsonl, .ndjson, "
            f"{', '.join(sorted(WRITERS))}",
        )
    store.log.append("export", actor, "reviews", {"rows": count, "only": only}, now=now)
    return count


def _jsonl(rows: Iterable[dict[str, Any]], stream: BinaryIO) -> int:
    count = 0
    for row in rows:
        stream.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        count += 1
    return count


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value).lower()
    return "、".join(value) if isinstance(value, list) else value
