"""Tables for spreadsheets: csv and xlsx, whole or not at all, and never a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from jiesu.engine.files import fitting_cell, safe_cell
from jiesu.errors import InputError

Cell = str | float | None
Lines = Iterable[Sequence[Cell]]


def write_file(target: Path, write: Callable[[BinaryIO], int]) -> int:
    """Write a file whole or not at all and return what `write` does. Raises InputError."""
    if not target.parent.is_dir():
        raise InputError("no_folder", f"no folder {target.parent} to write {target.name} to")
    if target.is_dir():
        raise InputError("unwritable", f"{target.name}: found a folder, expected a file to write")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            count = write(stream)
        part.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("unwritable", f"{target.name}: cannot be written: {reason}") from None
    finally:
        with suppress(OSError):
            part.unlink()
    return count


def write_table(target: Path, columns: Sequence[str], lines: Lines) -> int:
    """Write a table by the file's suffix and return how many lines. Raises InputError."""
    return write_file(target, lambda stream: WRITERS[target.suffix.lower()](stream, columns, lines))


def write_csv(stream: BinaryIO, columns: Sequence[str], lines: Lines) -> int:
    """Write csv that spreadsheets read as UTF-8, and return how many lines."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    count = 0
    for line in lines:
        writer.writerow([safe_cell(value) for value in line])
        count += 1
    text.flush()
    text.detach()
    return count


def write_xlsx(stream: BinaryIO, columns: Sequence[str], lines: Lines) -> int:
    """Write a workbook of one sheet, and return how many lines."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("reviews")
    sheet.append(list(columns))
    count = 0
    for line in lines:
        cells = (fitting_cell(safe_cell(value)) for value in line)
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", v) if isinstance(v, str) else v for v in cells])
        count += 1
    book.save(stream)
    return count


WRITERS: dict[str, Callable[[BinaryIO, Sequence[str], Lines], int]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
}
"""How each suffix is written."""
