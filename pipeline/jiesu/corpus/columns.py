"""Which column of a file is which field of the contract: the aliases of `configs/columns.yaml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from jiesu.errors import ConfigError, InputError
from jiesu.jurisdiction.strict_yaml import parse_yaml
from jiesu.resources import resource
from jiesu.schema import Appeal

_FILE = "columns.yaml"
_MARKS = re.compile(r"[\s_\-*:'\"`.﻿]+")
BRACKETS = re.compile(r"[(\[【〔<][^()\[\]【】〔〕<>]*[)\]】〕>]$")
_LONGEST_NAME = 64
_SHOWN_COLUMNS = 30
_SAID = re.compile(r"[0-9０-９，。！？；,!?;]")
_SHOWN_LENGTH = 20
_LONG_NUMBER = re.compile(r"\d{5}")


def field_of(column: str) -> str | None:
    """Return the field of the contract that a column name means, None if it means none."""
    return _lookup("fields", column) if len(column) <= _LONGEST_NAME else None


def turn_field_of(key: str) -> str | None:
    """Return `speaker` or `text` for a key of one turn, None for any other key."""
    return _lookup("turn_fields", key) if len(key) <= _LONGEST_NAME else None


def unit_field_of(column: str) -> str | None:
    """Return `name`, `duty`, `aliases` or `kind` for a column of a catalogue, None for another."""
    return _lookup("unit_fields", column) if len(column) <= _LONGEST_NAME else None


def accepted_unit_names(field: str) -> Sequence[str]:
    """Return every name of a catalogue's column, the field's own name first."""
    return _names("unit_fields")[field]


def accepted_names(field: str) -> Sequence[str]:
    """Return every name of a field as the table writes it, the field's own name first."""
    return _names("fields")[field]


def has_text_column(columns: Iterable[str]) -> bool:
    """Say whether any of the columns holds what an appeal says."""
    return any(field_of(column) in ("text", "turns") for column in columns)


def no_text_column(columns: Sequence[str]) -> InputError:
    """Return the error for a table in which no column holds the text.

    A file without a heading has data in its place, which no error may quote: unless a name is
    known, or all look like names, they are shown by their lengths alone.
    """
    heading = any(field_of(name) for name in columns) or all(map(_like_a_name, columns))
    shown = [
        _shown(name) if heading else f"({len(name)} characters)"
        for name in columns[:_SHOWN_COLUMNS]
    ]
    if len(columns) > _SHOWN_COLUMNS:
        shown.append(f"and {len(columns) - _SHOWN_COLUMNS} more")
    found = f"found the columns {', '.join(shown)}" if shown else "found no columns"
    return InputError(
        "no_text_column",
        f"{found}; expected one of {', '.join(accepted_names('text'))} for the text, "
        f"or one of {', '.join(accepted_names('turns'))} for a transcript",
    )


def _like_a_name(name: str) -> bool:
    return len(name) <= _SHOWN_LENGTH and not _SAID.search(name)


def _shown(name: str) -> str:
    if len(name) > _SHOWN_LENGTH or _LONG_NUMBER.search(name):
        return f"({len(name)} characters)"
    return name.strip() or "(blank)"


@lru_cache(maxsize=4096)
def _lookup(part: str, name: str) -> str | None:
    aliases = _aliases(part)
    plain = plain_name(name)
    return aliases.get(plain) or aliases.get(BRACKETS.sub("", plain))


def plain_name(name: str) -> str:
    return _MARKS.sub("", unicodedata.normalize("NFKC", name)).casefold()


@cache
def _aliases(part: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for field, names in _names(part).items():
        for name in names:
            other = found.setdefault(plain_name(name), field)
            if other != field:
                raise ConfigError(
                    "bad_columns",
                    f"{_FILE} -> {part} -> {field}: found the name {name}, "
                    f"which {other} already has; expected each name once",
                )
    return found


@cache
def _names(part: str) -> Mapping[str, Sequence[str]]:
    table, faults = parse_yaml(resource("configs", _FILE).read_text("utf-8"), _FILE)
    if faults:
        raise ConfigError("bad_columns", "\n".join(map(str, faults)))
    if part == "fields" and (unknown := set(table[part]) - set(Appeal.model_fields)):
        raise ConfigError(
            "bad_columns",
            f"{_FILE} -> {part}: found {', '.join(sorted(unknown))}, "
            f"expected fields of an appeal: {', '.join(Appeal.model_fields)}",
        )
    return {field: (field, *names) for field, names in table[part].items()}
