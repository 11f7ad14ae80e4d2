"""Bytes to text with the encoding found out: UTF-8, GB18030, or what a byte order mark says.

The whole file has one encoding, judged from the first bytes that are not ASCII, wherever they
come. From then on a byte that does not decode is carried through as a lone surrogate
(`surrogateescape`), so that its row, and no other, can be refused: a stray GB18030 line in a
UTF-8 file is an error row rather than a guess, since most byte strings decode as GB18030 to
something. UTF-16 and UTF-32 are known by their mark alone; there a bad unit becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from jiesu.errors import InputError

CHUNK = 1 << 18
"""Bytes read at a time."""

LINE_LIMIT = 1 << 23
"""Characters that are kept of one line; a longer one comes out one character over the limit."""

_WIDE_BOMS = (  # the UTF-32 mark begins with the UTF-16 one
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = {
    b"PK\x03\x04": "a zip or xlsx",
    b"PAR1": "a parquet",
    b"\xd0\xcf\x11\xe0": "an old Excel (xls) or encrypted xlsx",
    b"\x1f\x8b": "a gzip",
}
_RUN = re.compile(rb"[\x80-\xff]+")
_ESCAPED = re.compile("[\udc80-\udcff]")
_MOST_GARBLED = 0.1


def text_chunks(stream: BinaryIO) -> Iterator[str]:
    """Yield the text of a stream piece by piece; undecodable bytes become U+DC80..U+DCFF.

    Raises InputError if the stream is a known binary format or cannot be read.
    """
    chunk = _read(stream)
    for magic, kind in _MAGIC.items():
        if chunk.startswith(magic):
            raise InputError("bad_format", f"found {kind} file, expected text (csv, jsonl, json)")
    decoder: codecs.IncrementalDecoder | None = None
    if wide := next((name for bom, name in _WIDE_BOMS if chunk.startswith(bom)), None):
        decoder = codecs.getincrementaldecoder(wide)("replace")
    elif chunk.startswith(codecs.BOM_UTF8):
        decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        chunk = chunk[len(codecs.BOM_UTF8) :]
    while chunk:
        if decoder is None and not chunk.isascii():
            # The odd byte may be the chunk's last: judge by what follows it too.
            more = _read(stream)
            name = judge_encoding(chunk + more, complete=not more)
            decoder = codecs.getincrementaldecoder(name)("surrogateescape")
            chunk += more
        yield decoder.decode(chunk) if decoder else chunk.decode("ascii")
        chunk = _read(stream)
    if decoder and (rest := decoder.decode(b"", True)):
        yield rest


def judge_encoding(window: bytes, *, complete: bool = True) -> str:
    """Return "utf-8" or "gb18030" for bytes without a mark; `complete`: nothing follows them.

    GB18030 text of any length is hardly ever valid UTF-8, so UTF-8 needs only half of the
    non-ASCII bytes on its side; that leaves room for damaged rows.
    """
    runs = _RUN.findall(window)
    total = sum(map(len, runs))
    valid = sum(len(run) for run in runs[:-1] if _is_utf8(run, final=True))
    if runs:
        cut = not complete and window.endswith(runs[-1])
        valid += len(runs[-1]) if _is_utf8(runs[-1], final=not cut) else 0
    if valid * 2 >= total:
        return "utf-8"
    garbled = window.decode("gb18030", "replace").count("\ufffd")
    return "gb18030" if garbled <= max(1, _MOST_GARBLED * total) else "utf-8"


def is_damaged(text: str) -> bool:
    """Say whether a stretch that came from `text_chunks` holds bytes that did not decode."""
    return not text.isascii() and _ESCAPED.search(text) is not None


def lines(chunks: Iterator[str]) -> Iterator[str]:
    """Yield physical lines without their ends (LF or CR LF; CR in a file that has no LF).

    A line over LINE_LIMIT is cut to LINE_LIMIT + 1 characters, so that memory stays bounded.
    """
    end: str | None = None
    carry = ""
    skipping = False
    for chunk in chunks:
        if end is None and ("\n" in chunk or "\r" in chunk[:-1]):
            end = "\n" if "\n" in chunk else "\r"
        first, *rest = (carry + chunk).split(end or "\n")
        if rest:
            if not skipping:
                yield _cut(first)
            skipping = False
            yield from map(_cut, rest[:-1])
            carry = rest[-1]
        else:
            carry = first
        if skipping or len(carry) > LINE_LIMIT + 1:
            if not skipping:
                yield carry[: LINE_LIMIT + 1]
            skipping, carry = True, ""
    if carry and not skipping:
        yield _cut(carry)


def _cut(line: str) -> str:
    return line.removesuffix("\r")[: LINE_LIMIT + 1]


def _is_utf8(run: bytes, *, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(run, final)
    except UnicodeDecodeError:
        return False
    return True


def _read(stream: BinaryIO) -> bytes:
    try:
        return stream.read(CHUNK)
    except OSError as error:
        raise InputError(
            "unreadable_file", f"found a file that cannot be read ({error.strerror or error})"
        ) from error
