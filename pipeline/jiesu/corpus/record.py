"""One record of any source, under whatever column names, as an appeal or as an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from jiesu.corpus.columns import accepted_names, field_of
from jiesu.corpus.dialogue import bad_type, read_turns, type_name
from jiesu.corpus.times import iso_time
from jiesu.errors import InputError
from jiesu.schema import Appeal, ErrorInfo, Turn
from jiesu.text.turns import transcript

TEXT_LIMIT = 1_000_000
"""Characters of the longest text that is scored."""

_SURROGATES = re.compile("[\ud800-\udfff]")
_SEPARATORS = re.compile(r"[\s,，;；、|]+")
_PLAIN_FIELDS = ("channel", "address", "area", "subdistrict", "registered_type", "caller")
_WRITABLE = (int, float, Decimal, date)
_LONGEST_NUMBER = 512


BAD_ENCODING = ErrorInfo(
    code="bad_encoding",
    message="found bytes that do not decode in the file's encoding, expected UTF-8 or GB18030",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: an appeal, or why there is none; `number` counts from 1.

    `extra` holds the columns that are no field of the contract (labels for training), and
    `received_at_raw` where the time could not be read.
    """

    number: int
    appeal: Appeal | None
    error: ErrorInfo | None
    id: str
    extra: dict[str, Any] = field(default_factory=dict)


class Record(NamedTuple):
    """What a format's reader found: named cells in column order, and what is wrong with them.

    With an error, the cells serve only to find the id.
    """

    cells: Iterable[tuple[str, Any]] = ()
    error: ErrorInfo | None = None


def appeal_from(record: Mapping[str, Any], *, number: int) -> Row:
    """Return a record, under canonical names or aliases, as a row; never raises for its content.

    The first column that is not empty wins where two mean the same field; the others go to
    `extra`. The title is put before the text unless the text begins with it; without text, the
    turns are the text; a title alone is none. Error codes: no_text, bad_type, too_long.
    """
    if not isinstance(record, Mapping):
        return error_row(number, "bad_type", f"found {type_name(record)}, expected an object")
    return row_from(Record(record.items()), number=number)


def error_row(number: int, code: str, message: str) -> Row:
    """Return the row of a record of which nothing could be read."""
    return Row(number, None, ErrorInfo(code=code, message=message), f"row-{number}")


def row_from(record: Record, *, number: int) -> Row:
    """Return what a reader found as a row."""
    fields, extra = _sorted_out(record.cells)
    row_id, error = f"row-{number}", record.error
    try:
        row_id = _plain_text("id", fields.get("id")) or row_id
        if error is None:
            appeal = _appeal(row_id, fields, extra)
            return Row(number, appeal, None, row_id, extra)
    except InputError as fault:
        error = error or ErrorInfo(code=fault.code, message=fault.message)
    return Row(number, None, error, row_id, extra)


def clean(text: str) -> str:
    """Replace lone surrogates, which no encoding can write, by U+FFFD, one for one."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def _sorted_out(cells: Iterable[tuple[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in cells:
        found = field_of(name) if isinstance(name, str) else None
        if found is None:
            extra.setdefault(clean(str(name)), clean(value) if isinstance(value, str) else value)
        elif found not in fields or _is_blank(fields[found]):
            # A null after an empty text must not turn "no text" into "wrong type".
            if found not in fields or not _is_blank(value):
                fields[found] = value
        elif not _is_blank(value):
            extra.setdefault(clean(name), clean(value) if isinstance(value, str) else value)
    return fields, extra


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _appeal(row_id: str, fields: Mapping[str, Any], extra: dict[str, Any]) -> Appeal:
    turns: tuple[Turn, ...] = ()
    if not _is_blank(spoken := fields.get("turns")):
        turns = tuple(
            Turn(speaker=turn.speaker, text=clean(turn.text)) for turn in read_turns(spoken)
        )
    title = _plain_text("title", fields.get("title"))
    text = _whole_text(fields, turns, title)
    if error := unreadable(text):
        raise InputError(error.code, error.message)
    return Appeal(
        id=row_id,
        text=text,
        turns=turns,
        received_at=_received_at(fields.get("received_at"), extra),
        title=title,
        related_ids=_related_ids(fields.get("related_ids")),
        **{name: _plain_text(name, fields.get(name)) for name in _PLAIN_FIELDS},
    )


def _whole_text(fields: Mapping[str, Any], turns: tuple[Turn, ...], title: str | None) -> str:
    text = fields.get("text", "")
    if _is_blank(text):
        spoken = fields.get("turns")
        if turns:
            text = transcript(turns)
        elif isinstance(spoken, str) and spoken.strip():
            text = spoken
        elif text is None and "text" in fields and spoken is None:
            raise bad_type("text", None, "a text")
        else:
            text = ""
    if not isinstance(text, str):
        raise bad_type("text", text, "a text")
    text = clean(text)
    if not text.strip():
        return text
    if title and not text.lstrip().startswith(title):
        text = f"{title}\n{text}"
    return text


def unreadable(text: str) -> ErrorInfo | None:
    """Return why a text cannot be scored, None if it can: there is none, or it is too long."""
    if not text.strip():
        return ErrorInfo(
            code="no_text",
            message=f"found no text, expected it in {accepted_names('text')[1]} (text), "
            f"or in {accepted_names('turns')[1]} (turns)",
        )
    if len(text) > TEXT_LIMIT:
        return ErrorInfo(
            code="too_long",
            message=f"found a text of {len(text)} characters, expected at most {TEXT_LIMIT}",
        )
    return None


def _plain_text(name: str, value: Any) -> str | None:
    """Return a short field as text, None if blank; whole numbers lose a decimal point."""
    if isinstance(value, str):
        return clean(value.strip()) or None
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, _WRITABLE):
        raise bad_type(name, value, "a text")
    if isinstance(value, float):
        # pandas makes whole numbers floats and a missing one NaN.
        if value != value:
            return None
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        raise InputError("bad_type", f"{name}: found a number of over 150 digits, expected a text")
    return value.isoformat() if isinstance(value, date) else str(value)


def _received_at(value: Any, extra: dict[str, Any]) -> str | None:
    written = _plain_text("received_at", value)
    if written is None or isinstance(value, datetime):
        return written
    iso = iso_time(written)
    if iso is None:
        extra["received_at_raw"] = written
    return iso


def _related_ids(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = _SEPARATORS.split(value)
    elif not isinstance(value, list | tuple):
        value = [value]
    ids = (_plain_text("related_ids", item) for item in value)
    return tuple(item for item in ids if item)
