"""Objections as training rows of the unit head: one JSON line an appeal."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from jiesu.errors import InputError
from jiesu.jurisdiction import Jurisdiction, exact_unit
from jiesu.jurisdiction.lookup import MUNICIPAL
from jiesu.learn.objections import Objection, Reading


def training_row(objection: Objection, jurisdiction: Jurisdiction) -> dict[str, Any]:
    """Return an objection as a training row: `unit` is the function unit that owns the appeal."""
    appeal, owner = objection.appeal, objection.owner
    area = None if owner.area == MUNICIPAL else owner.area
    row: dict[str, Any] = {
        "id": appeal.id,
        "received_at": appeal.received_at,
        "title": appeal.title,
        "text": appeal.text,
        "unit": owner.function,
        "unit_name": exact_unit(jurisdiction, owner.function, area, owner.subdistrict),
        "area": appeal.area or area,
        "subdistrict": appeal.subdistrict or owner.subdistrict,
        "source": "objection",
        "outcome": {True: "upheld", False: "rejected", None: None}[objection.upheld],
        "dispatched": objection.unit,
    }
    if appeal.turns:
        row["turns"] = [turn.model_dump() for turn in appeal.turns]
    return row


def write_training(reading: Reading, target: Path, jurisdiction: Jurisdiction) -> int:
    """Write one JSON line an appeal and return how many. The file is written whole or not at all.

    Raises InputError for a suffix that is not jsonl, or a folder that is not there.
    """
    check_target(target)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    labels = [item for item in reading.objections if item.latest]
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            for item in labels:
                line = json.dumps(training_row(item, jurisdiction), ensure_ascii=False)
                stream.write(line + "\n")
        part.replace(target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return len(labels)


def check_target(target: Path) -> None:
    """Raise InputError if training rows cannot be written there."""
    if target.suffix.lower() not in (".jsonl", ".ndjson"):
        raise InputError(
            "unknown_format",
            f"found the suffix {target.suffix or 'none'!r}, expected .jsonl or .ndjson",
        )
    if not target.parent.is_dir():
        raise InputError("no_folder", f"no folder {target.parent} to write {target.name} to")
