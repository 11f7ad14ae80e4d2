"""XLSX and Parquet, row by row. Formulas are text, whole numbers keep their digits."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import Any, BinaryIO

from jiesu.corpus.columns import has_text_column, no_text_column
from jiesu.corpus.encoding import is_damaged
from jiesu.corpus.record import BAD_ENCODING, Record
from jiesu.errors import InputError

_HEADING_WITHIN = 5
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how XLSX writes control characters
_BATCH_ROWS = 1024
# What openpyxl raises for files that are no workbook, or cut, or altered.
_BROKEN_WORKBOOK = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    EOFError,
    OSError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
)


def read_xlsx(stream: BinaryIO) -> Iterator[Record]:
    """Yield the data rows of the first sheet that has a text column in its first five rows.

    Rows of blank cells are skipped. Raises InputError `no_text_column`, or `unreadable_file` if
    this is no workbook.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # About styles and validation rules, which are not read.
            warnings.simplefilter("ignore", UserWarning)
            book = load_workbook(stream, read_only=True)
        sheets = list(book.worksheets)
    except _BROKEN_WORKBOOK as error:
        raise _unreadable("an xlsx workbook (a zip file)", error) from error
    try:
        columns: list[str] = []
        for sheet in sheets:
            # Some programs write a wrong extent, which would cut the sheet.
            sheet.reset_dimensions()
            rows = _sheet_rows(sheet.iter_rows(values_only=True))
            heading, first = _heading(rows)
            if heading is not None:
                yield from _sheet_records(heading, rows)
                return
            columns = columns or first
        raise no_text_column(columns)
    finally:
        book.close()


def read_parquet(stream: BinaryIO) -> Iterator[Record]:
    """Yield the rows of a Parquet file, a small batch at a time.

    Raises InputError `no_text_column`, or `unreadable_file` if the file is no Parquet or cut.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(stream)
        columns = [str(name) for name in table.schema_arrow.names]
        batches = table.iter_batches(batch_size=_BATCH_ROWS)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable("a whole Parquet file", error) from error
    if not has_text_column(columns):
        raise no_text_column(columns)
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                return
            values = [_arrow_values(column) for column in batch.columns]
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise _unreadable("a whole Parquet file", error) from error
        for row in zip(*values, strict=True):
            damaged = any(isinstance(value, str) and is_damaged(value) for value in row)
            cells = [c for c in zip(columns, row, strict=True) if c[1] is not None]
            yield Record(cells, BAD_ENCODING if damaged else None)


def _arrow_values(column: Any) -> list[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Nanoseconds have no Python type of their own.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    try:
        values: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        values = [
            value if value is None else value.decode("utf-8", "surrogateescape")
            for value in column.cast(pa.large_binary()).to_pylist()
        ]
    return values


def _sheet_rows(rows: Iterator[Sequence[Any]]) -> Iterator[list[Any]]:
    while True:
        try:
            row = next(rows, None)
        except _BROKEN_WORKBOOK as error:
            raise _unreadable("a whole worksheet", error) from error
        if row is None:
            return
        cells = [_cell(value) for value in row]
        if any(value is not None for value in cells):
            yield cells


def _heading(rows: Iterator[list[Any]]) -> tuple[list[str] | None, list[str]]:
    """Return the heading if one comes soon, and the first row as columns."""
    first: list[str] = []
    for _ in range(_HEADING_WITHIN):
        row = next(rows, None)
        if row is None:
            break
        names = ["" if value is None else str(value).strip() for value in row]
        first = first or names
        if has_text_column(names):
            return names, first
    return None, first


def _sheet_records(heading: list[str], rows: Iterator[list[Any]]) -> Iterator[Record]:
    for row in rows:
        yield Record([c for c in zip(heading, row, strict=False) if c[1] is not None])


def _cell(value: Any) -> str | None:
    """Return a cell as the text that stands for it, None if it is blank."""
    if value is None:
        return None
    if isinstance(value, str):
        text = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), value) if "_x" in value else value
        return text if text.strip() else None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    # An array formula is an object that holds its text.
    return str(getattr(value, "text", value))


def _unreadable(expected: str, error: Exception) -> InputError:
    return InputError(
        "unreadable_file",
        f"found a file that cannot be read ({type(error).__name__}), expected {expected}",
    )
