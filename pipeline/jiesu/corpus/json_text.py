"""JSON Lines, and a JSON list read value by value, so that neither is ever whole in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jiesu.corpus.dialogue import type_name
from jiesu.corpus.encoding import LINE_LIMIT, is_damaged, lines
from jiesu.corpus.record import BAD_ENCODING, Record
from jiesu.schema import ErrorInfo

# Exporters leave tabs and NULs raw inside strings: strict=False lets them be.
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)
_NEXT_OBJECT = re.compile(r'\}\s{0,99},\s{0,99}\{\s{0,99}"')
_FIRST_FILL = 1 << 16
_NEAR_END = 16
_BROKEN_LIMIT = 1 << 20


def read_json_lines(chunks: Iterator[str]) -> Iterator[Record]:
    """Yield a record for every line that is not blank."""
    for line in lines(chunks):
        plain = line.strip(" \t\r\n\ufeff")
        if plain:
            yield _record(plain)


def read_json(chunks: Iterator[str]) -> Iterator[Record]:
    """Yield a record for every value of a list, or of values one after another.

    A value that is not JSON gives an error record; reading goes on where its brackets show its
    end, else with the next object behind a comma, else the rest of the file is that one error.
    """
    source = _Source(chunks)
    source.skip_space()
    in_list = source.peek() == "["
    source.position += in_list
    while True:
        source.skip_space()
        if not source.peek():
            if in_list:
                yield _bad_json("found the end of the file, expected ] at the end of the list")
            return
        if in_list and source.peek() == "]":
            source.position += 1
            in_list = False
            continue
        yield _record(source.value())


class _Source:
    """Text that arrives in pieces, and a place in it."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self.text = ""
        self.position = 0

    def peek(self) -> str:
        """Return the next character, "" at the end."""
        if self.position >= len(self.text):
            self.fill(1)
        return self.text[self.position : self.position + 1]

    def fill(self, size: int) -> bool:
        """Read until `size` characters are ahead; False, and nothing moved, if none came."""
        parts = [self.text[self.position :]]
        ahead = len(parts[0])
        before = ahead
        while ahead < size and (chunk := next(self._chunks, None)) is not None:
            parts.append(chunk)
            ahead += len(chunk)
        if ahead == before:
            return False
        self.text, self.position = "".join(parts), 0
        return True

    def skip_space(self) -> None:
        """Go past white space and commas."""
        while self.peek():
            match = _BETWEEN.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.text):
                return

    def value(self) -> str:
        """Return the text of the next value, or of what stands in its place, and go past it."""
        size = _FIRST_FILL
        while True:
            try:
                _, end = _DECODER.raw_decode(self.text, self.position)
                # A number at the end of the buffer may go on.
                if end < len(self.text) or not self.fill(end - self.position + 1):
                    break
            except json.JSONDecodeError as error:
                ahead = len(self.text) - self.position
                cut = "Unterminated" in error.msg or error.pos + _NEAR_END >= len(self.text)
                size = max(size, ahead) * 2
                if not cut or ahead > LINE_LIMIT or not self.fill(size):
                    end = self._end_of_broken()
                    break
            except (ValueError, RecursionError):
                end = self._end_of_broken()
                break
        start, self.position = self.position, end
        return self.text[start:end]

    def _end_of_broken(self) -> int:
        """Return where a value that is not JSON ends: by its brackets, else before `},{`."""
        while (end := self._balanced_end()) is None:
            ahead = len(self.text) - self.position
            if ahead > _BROKEN_LIMIT or not self.fill(ahead * 2):
                break
        if end is not None:
            return end
        if match := _NEXT_OBJECT.search(self.text, self.position):
            return match.start() + 1
        for _ in self._chunks:
            pass
        return len(self.text)

    def _balanced_end(self) -> int | None:
        depth = 0
        for token in _TOKEN.finditer(self.text, self.position):
            mark = token.group()
            if mark == '"':  # a string that goes on behind the buffer, or was never closed
                return None
            if mark in "[{":
                depth += 1
            elif mark in "]}":
                depth -= 1
                if depth == 0:
                    return token.end()
            if depth < 0 or (depth == 0 and mark == ","):
                return max(token.start(), self.position + 1)
        return None


def _record(text: str) -> Record:
    if len(text) > LINE_LIMIT:
        return Record(
            (),
            ErrorInfo(
                code="too_long",
                message=f"found a value over {LINE_LIMIT} characters, expected a shorter one",
            ),
        )
    try:
        value: Any = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        return _bad_json(f"found text that is not JSON{where}, expected an object")
    if not isinstance(value, dict):
        message = f"found {type_name(value)}, expected an object"
        return Record((), ErrorInfo(code="bad_type", message=message))
    if is_damaged(text):
        return Record(value.items(), BAD_ENCODING)
    return Record(value.items())


def _bad_json(message: str) -> Record:
    return Record((), ErrorInfo(code="bad_json", message=message))
