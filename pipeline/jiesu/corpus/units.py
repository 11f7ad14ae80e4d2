"""A dispatch catalogue as a city keeps it, a table: one row a unit."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import get_args

from jiesu.corpus.columns import accepted_unit_names, unit_field_of
from jiesu.corpus.encoding import text_chunks
from jiesu.errors import InputError
from jiesu.jurisdiction.model import Unit, UnitKind

_LISTED = re.compile(r"[、，,;；|/\n]+")
_KINDS = {
    "街道": "subdistrict",
    "街道办事处": "subdistrict",
    "镇": "town",
    "乡": "town",
    "企业": "company",
    "公司": "company",
    "部门": "department",
    "区政府": "district",
    "外部": "outside",
    "外部单位": "outside",
}


def read_units(path: Path) -> tuple[Unit, ...]:
    """Return the units of a CSV or XLSX table; columns by `unit_fields` of configs/columns.yaml.

    A unit listed in several rows has all their duties. Raises InputError that says what was found:
    no such file or format, no column of names or of duties, a unit without a duty.
    """
    rows = list(_table(path))
    heading = [unit_field_of(str(cell or "")) for cell in rows[0]] if rows else []
    for wanted in ("name", "duty"):
        if wanted not in heading:
            shown = ", ".join(str(cell) for cell in rows[0][:20]) if rows else "nothing"
            raise InputError(
                "no_unit_column",
                f"{path.name}: found the columns {shown}; expected one of "
                f"{', '.join(accepted_unit_names(wanted))}",
            )
    duties: dict[str, list[str]] = {}
    others: dict[str, dict[str, str]] = {}
    for cells in rows[1:]:
        row = {
            field: str(cell).strip()
            for field, cell in zip(heading, cells, strict=False)
            if field is not None and cell is not None and str(cell).strip()
        }
        if "name" not in row:
            continue
        duties.setdefault(row["name"], []).append(row.get("duty", ""))
        others.setdefault(row["name"], {}).update(row)
    bare = [name for name, said in duties.items() if not any(said)]
    if bare:
        raise InputError(
            "no_duty", f"{path.name}: found no duty of {', '.join(bare[:5])}, expected one a unit"
        )
    return tuple(
        _unit(name, "；".join(filter(None, duties[name])), others[name]) for name in duties
    )


def _unit(name: str, duty: str, row: dict[str, str]) -> Unit:
    aliases = [part.strip() for part in _LISTED.split(row.get("aliases", ""))]
    return Unit(
        name=name,
        kind=_kind(row.get("kind", "")),
        aliases=tuple(dict.fromkeys(part for part in aliases if part and part != name)),
        duty=duty,
    )


def _kind(written: str) -> UnitKind:
    for kind in get_args(UnitKind):
        if written == kind or _KINDS.get(written) == kind:
            found: UnitKind = kind
            return found
    if written:
        raise InputError(
            "unknown_kind",
            f"found the kind {written!r}, expected one of "
            f"{', '.join((*get_args(UnitKind), *_KINDS))}",
        )
    return "department"


def _table(path: Path) -> Iterator[Sequence[object]]:
    if not path.is_file():
        raise InputError("missing_file", f"found no file at {path}, expected one")
    if path.suffix.lower() == ".xlsx":
        from openpyxl import load_workbook

        book = load_workbook(path, read_only=True)
        try:
            rows: Iterable[tuple[object, ...]] = book.worksheets[0].iter_rows(values_only=True)
            yield from (row for row in rows if any(row))
        finally:
            book.close()
        return
    if path.suffix.lower() not in (".csv", ".tsv"):
        raise InputError(
            "unknown_format", f"found the suffix {path.suffix!r}, expected .csv, .tsv or .xlsx"
        )
    with path.open("rb") as stream:
        text = "".join(text_chunks(stream)).removeprefix("\ufeff")
    mark = "\t" if "\t" in text.partition("\n")[0] else ","
    cells = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    yield from (row for row in cells if any(row))
