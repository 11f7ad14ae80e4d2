"""CSV and its kin, line by line: the delimiter is found out and broken quoting stays where it is.

A quoted cell may run over lines, as RFC 4180 allows. Where the quotes do not add up (the closing
one is followed by more text, never comes, or swallowed lines that are records themselves) the
first line becomes an error row and reading goes on with the next line, so that every physical
record gives a row.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from jiesu.corpus.columns import field_of, has_text_column, no_text_column
from jiesu.corpus.encoding import LINE_LIMIT, is_damaged, lines
from jiesu.corpus.record import BAD_ENCODING, Record
from jiesu.schema import ErrorInfo

DELIMITERS = (",", "\t", ";", "|")

_HEADING_WITHIN = 5
_PREVIEW_LINES = 50
_RECORD_LINES = 20_000
_RECORD_CHARACTERS = 2_000_000
_DIGITS = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]")

_BAD_QUOTING = ErrorInfo(
    code="bad_quoting", message="found a quotation mark that is not closed, expected pairs"
)
_TOO_LONG = ErrorInfo(
    code="too_long", message=f"found a line over {LINE_LIMIT} characters, expected a shorter one"
)


class _Cells(NamedTuple):
    values: list[str]
    error: ErrorInfo | None = None


class _Lines:
    """Lines that can be put back."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._returned: deque[str] = deque()

    def take(self) -> str | None:
        return self._returned.popleft() if self._returned else next(self._source, None)

    def put_back(self, taken: Sequence[str]) -> None:
        self._returned.extendleft(reversed(taken))


def read_delimited(chunks: Iterator[str]) -> Iterator[Record]:
    """Yield the data rows of a delimited file with a heading within its first five records.

    Blank lines and rows of blank cells are skipped. Cells too many are joined to the text if
    that is the last column (an unquoted delimiter in it), else the row is an error `ragged_row`.
    Raises InputError `no_text_column` if no heading names a text.
    """
    source = _Lines(lines(chunks))
    heading = _find_heading(source)
    if isinstance(heading, list):
        raise no_text_column(heading)
    yield from _data_rows(source, heading)


def read_text_lines(chunks: Iterator[str]) -> Iterator[Record]:
    """Yield the rows of a .txt file: a delimited file if a heading says so, else a text a line."""
    source = _Lines(lines(chunks))
    heading = _find_heading(source)
    if not isinstance(heading, list):
        yield from _data_rows(source, heading)
        return
    while (line := source.take()) is not None:
        line = line.removeprefix("﻿")
        if line.strip():
            yield Record([("text", line)], _line_error(line))


class _Heading(NamedTuple):
    columns: list[str]
    delimiter: str


def _find_heading(source: _Lines) -> _Heading | list[str]:
    """Find heading and delimiter and leave the data; or put all back and return the columns."""
    _raise_cell_limit()
    preview: list[str] = []
    while len(preview) < _PREVIEW_LINES and (line := source.take()) is not None:
        preview.append(line)
    if preview:
        preview[0] = preview[0].removeprefix("﻿")
    best: tuple[int, int, _Heading, int] | None = None
    first: list[str] = []
    for delimiter in DELIMITERS:
        trial = _Lines(iter(preview))
        seen = 0
        while seen < _HEADING_WITHIN and (cells := _next_record(trial, delimiter, 0)):
            columns = [name.strip() for name in cells.values]
            if not any(columns):
                continue
            seen += 1
            if seen == 1 and len(columns) > len(first):
                first = columns
            if has_text_column(columns):
                known = sum(field_of(name) is not None for name in columns)
                left = _count(trial)
                if best is None or (known, len(columns)) > best[:2]:
                    best = (known, len(columns), _Heading(columns, delimiter), left)
                break
    if best is None:
        source.put_back(preview)
        return first
    _, _, heading, left = best
    source.put_back(preview[len(preview) - left :])
    return heading


def _count(source: _Lines) -> int:
    left = 0
    while source.take() is not None:
        left += 1
    return left


def _data_rows(source: _Lines, heading: _Heading) -> Iterator[Record]:
    columns, delimiter = heading
    width = len(columns)
    while cells := _next_record(source, delimiter, width):
        values, error = cells
        if len(values) > width:
            values, error = _without_surplus(values, columns, delimiter, error)
        named = [
            (name, value)
            for name, value in zip(columns, values, strict=False)
            if value and not value.isspace()
        ]
        if named or error:
            yield Record(named, error)


def _without_surplus(
    values: list[str], columns: list[str], delimiter: str, error: ErrorInfo | None
) -> tuple[list[str], ErrorInfo | None]:
    width = len(columns)
    if not any(value.strip() for value in values[width:]):
        return values[:width], error
    if field_of(columns[-1]) == "text":
        return [*values[: width - 1], delimiter.join(values[width - 1 :])], error
    message = f"found {len(values)} cells, expected {width}"
    return values[:1], error or ErrorInfo(code="ragged_row", message=message)


def _next_record(source: _Lines, delimiter: str, width: int) -> _Cells | None:
    """Return the cells of the next record that is not blank; `width` 0: not known yet."""
    while (line := source.take()) is not None:
        if not line or line.isspace():
            continue
        if len(line) > LINE_LIMIT:
            return _Cells(line.split(delimiter, 1)[:1], _TOO_LONG)
        if '"' not in line:
            return _Cells(line.split(delimiter), _line_error(line))
        return _quoted_record(line, source, delimiter, width)
    return None


def _quoted_record(first: str, source: _Lines, delimiter: str, width: int) -> _Cells:
    taken = [first]
    wanted_more = False

    def supply() -> Iterator[str]:
        nonlocal wanted_more
        yield first + "\n"
        size = len(first)
        while len(taken) < _RECORD_LINES and size < _RECORD_CHARACTERS:
            line = source.take()
            if line is None:
                break
            taken.append(line)
            size += len(line)
            yield line + "\n"
        wanted_more = True

    try:
        values = next(csv.reader(supply(), delimiter=delimiter, strict=True))
    except csv.Error:
        source.put_back(taken[1:])
        return _broken_line(first, delimiter, closed=len(taken) == 1 and not wanted_more)
    if len(taken) > 1 and _swallowed(taken, delimiter, width, len(values)):
        source.put_back(taken[1:])
        return _broken_line(first, delimiter, closed=False)
    return _Cells(values, next(filter(None, map(_line_error, taken)), None))


def _broken_line(line: str, delimiter: str, *, closed: bool) -> _Cells:
    """Read one line whose quoting breaks the rules; `closed`: it does at least end unquoted."""
    asked = False

    def supply() -> Iterator[str]:
        nonlocal asked
        yield line
        asked = True

    try:
        values = next(csv.reader(supply(), delimiter=delimiter))
    except csv.Error:  # a carriage return outside quotes
        return _Cells(line.split(delimiter)[:1], _BAD_QUOTING)
    if closed and not asked:
        return _Cells(values, _line_error(line))
    return _Cells(values[:-1], _BAD_QUOTING)


def _swallowed(taken: list[str], delimiter: str, width: int, found: int) -> bool:
    """Say whether a record over several lines is more likely records with a lost quote.

    A line counts as a record if it has the heading's number of cells and its first cell is of
    the same make as the first line's (`20240117` and `20240118`). Where the whole has the right
    number of cells all of its lines must be records; otherwise one is enough.
    """
    if width < 2:
        return False
    make = _make(taken[0].split(delimiter, 1)[0])
    if "0" not in make:
        return False
    alike = [
        line.count(delimiter) == width - 1 and _make(line.split(delimiter, 1)[0]) == make
        for line in taken
    ]
    return all(alike) if found == width else any(alike[1:])


def _make(cell: str) -> str:
    return _LETTERS.sub("a", _DIGITS.sub("0", cell.strip(' "')))


def _line_error(line: str) -> ErrorInfo | None:
    if len(line) > LINE_LIMIT:
        return _TOO_LONG
    return BAD_ENCODING if is_damaged(line) else None


def _raise_cell_limit() -> None:
    # The limit is the csv module's own, for the whole process: only ever raised.
    if csv.field_size_limit() < LINE_LIMIT:
        csv.field_size_limit(LINE_LIMIT)
