"""Appeals from a file of any kind, one row at a time; a bad row is a row with an error."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from jiesu.corpus.delimited import read_delimited, read_text_lines
from jiesu.corpus.encoding import text_chunks
from jiesu.corpus.json_text import read_json, read_json_lines
from jiesu.corpus.record import Record, Row, appeal_from, row_from, unreadable
from jiesu.corpus.tables import read_parquet, read_xlsx
from jiesu.errors import InputError

__all__ = ["FORMATS", "STDIN", "Row", "appeal_from", "read_appeals", "unreadable"]

STDIN = "-"

_TEXT_READERS: Mapping[str, Callable[[Iterator[str]], Iterator[Record]]] = {
    "csv": read_delimited,
    "tsv": read_delimited,
    "txt": read_text_lines,
    "jsonl": read_json_lines,
    "ndjson": read_json_lines,
    "json": read_json,
}
_BINARY_READERS: Mapping[str, Callable[[BinaryIO], Iterator[Record]]] = {
    "xlsx": read_xlsx,
    "parquet": read_parquet,
}
FORMATS: tuple[str, ...] = (*_TEXT_READERS, *_BINARY_READERS)
"""The formats, each named as its suffix."""


def read_appeals(path: str | Path | BinaryIO, *, format: str | None = None) -> Iterator[Row]:
    """Yield a row for every record of a file, in order, in bounded memory.

    `path` may be `-` (standard input) or an open binary stream. `format` is one of FORMATS; the
    suffix says it where it is left out, and a stream without either is looked into: JSON Lines,
    a JSON list or CSV. A file at fault as a whole raises InputError at once, before the first
    row is asked for: missing_file, unknown_format, unreadable_file, bad_format, no_text_column.
    Error rows carry bad_encoding, bad_json, bad_quoting, bad_type, no_text, ragged_row, too_long.
    """
    if isinstance(path, str | Path) and path != STDIN:
        _check_file(Path(path))
    rows = _rows(path, _format(path, format))
    # The first row is read now, so that a fault of the file shows where the call stands.
    first = next(rows, None)
    return iter(()) if first is None else chain([first], rows)


def _format(path: str | Path | BinaryIO, format: str | None) -> str | None:
    name = format
    if name is None:
        if path == STDIN or not isinstance(path, str | Path):
            return None
        name = Path(path).suffix
    name = name.lower().removeprefix(".")
    if name not in FORMATS:
        raise InputError(
            "unknown_format",
            f"found the format '{name}', expected one of {', '.join(FORMATS)}",
        )
    return name


def _rows(path: str | Path | BinaryIO, format: str | None) -> Iterator[Row]:
    with ExitStack() as stack:
        if path == STDIN:
            stream: BinaryIO = sys.stdin.buffer
        elif isinstance(path, str | Path):
            stream = stack.enter_context(_open(Path(path)))
        else:
            stream = path
        for number, record in enumerate(_records(stream, format, stack), start=1):
            yield row_from(record, number=number)


def _records(stream: BinaryIO, format: str | None, stack: ExitStack) -> Iterator[Record]:
    if format is not None and format in _BINARY_READERS:
        if not stream.seekable():
            # Workbooks and Parquet are read from their end: a pipe goes to disk first.
            # The stack closes it, once the last row was read.
            copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            stream = cast(BinaryIO, copy)
        return _BINARY_READERS[format](stream)
    chunks = text_chunks(stream)
    return _sniffed(chunks) if format is None else _TEXT_READERS[format](chunks)


def _sniffed(chunks: Iterator[str]) -> Iterator[Record]:
    head = ""
    while not head.lstrip(" \t\r\n﻿") and (chunk := next(chunks, None)) is not None:
        head += chunk
    whole = chain([head], chunks)
    start = head.lstrip(" \t\r\n﻿")[:1]
    if start in ("", "{"):
        return read_json_lines(whole)
    return read_json(whole) if start == "[" else read_delimited(whole)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise InputError("missing_file", f"found a directory at {path}, expected a file")
    if not path.exists():
        raise InputError("missing_file", f"found no file at {path}, expected one")


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise InputError(
            "unreadable_file", f"{path}: found a file that cannot be opened ({error})"
        ) from error
