"""Reads a jurisdiction folder into a checked Jurisdiction; every fault prints its path."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jiesu.errors import ConfigError
from jiesu.jurisdiction.check import check_jurisdiction, fault_error
from jiesu.jurisdiction.model import Jurisdiction
from jiesu.jurisdiction.strict_yaml import Fault, at, parse_yaml
from jiesu.resources import resource, resource_names

_YAML_FILES = {
    "about": "jurisdiction.yaml",
    "types": "types.yaml",
    "units": "units.yaml",
    "areas": "areas.yaml",
    "topics": "topics.yaml",
    "dispositions": "dispositions.yaml",
    "advice": "advice.yaml",
    "time_limits": "time_limits.yaml",
}
_WORDS_FILE = "words.txt"
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_EXPECTED = {
    "string_type": "a text (in quotes if it looks like a number or yes/no)",
    "string_too_short": "a text that is not empty",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "int_type": "a whole number",
    "bool_type": "true or false",
}


def load_jurisdiction(source: str | Path) -> Jurisdiction:
    """Return the jurisdiction of a shipped id ("haikou-2018") or of a folder.

    A text that is a shipped id means that id; write "./beijing" for a folder of that name.
    Raises ConfigError that lists the faults, one a line, or names the shipped ids.
    """
    jurisdiction, faults, label = _inspect(source)
    if jurisdiction is None or faults:
        raise fault_error(faults, label)
    return jurisdiction


def inspect_jurisdiction(source: str | Path) -> tuple[Jurisdiction | None, list[Fault]]:
    """Return what could be loaded, and all faults; None where the form itself is at fault.

    Raises ConfigError only if there is no such id or folder.
    """
    jurisdiction, faults, _ = _inspect(source)
    return jurisdiction, faults


def _inspect(source: str | Path) -> tuple[Jurisdiction | None, list[Fault], str]:
    folder, shipped = _find(source)
    raw, faults = _read_bytes(folder)
    sections: dict[str, Any] = {"words": [], "content_hash": _content_hash(raw)}
    unread = set()
    for field, name in _sections():
        if name not in raw:
            unread.add(field)
            continue
        text = _decode(raw[name], name, faults)
        if text is None:
            unread.add(field)
        elif name == _WORDS_FILE:
            sections[field] = _words(text)
        else:
            before = len(faults)
            value, form = parse_yaml(text, name)
            faults.extend(form)
            sections[field] = value
            if value is None and len(faults) > before:
                unread.add(field)
    try:
        jurisdiction = Jurisdiction.model_validate(sections)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["loc"][0] not in unread:
                faults.append(_schema_fault(detail))
        return None, faults, folder.name
    faults.extend(check_jurisdiction(jurisdiction))
    if shipped and jurisdiction.about.id != folder.name:
        found = f"found {jurisdiction.about.id!r}, expected the folder's name {folder.name!r}"
        faults.append(Fault(at(_YAML_FILES["about"], "id"), found))
    return jurisdiction, faults, folder.name


def _sections() -> Iterator[tuple[str, str]]:
    yield from _YAML_FILES.items()
    yield "words", _WORDS_FILE


def _find(source: str | Path) -> tuple[Path, bool]:
    if isinstance(source, str) and _ID.fullmatch(source):
        try:
            return resource("configs", "jurisdictions", source), True
        except ConfigError:
            pass
    folder = Path(source)
    if folder.is_dir():
        return folder.resolve(), False
    shipped = ", ".join(resource_names("configs", "jurisdictions"))
    raise ConfigError(
        "unknown_jurisdiction",
        f"found no jurisdiction {str(source)!r}, expected a folder or one of: {shipped}",
    )


def _read_bytes(folder: Path) -> tuple[dict[str, bytes], list[Fault]]:
    names = {path.name for path in folder.iterdir() if path.is_file()}
    known = {name for _, name in _sections()}
    faults = [
        Fault(name, "found no such file, expected one")
        for name in _YAML_FILES.values()
        if name not in names
    ]
    faults += [
        Fault(name, f"found an unknown file, expected only: {', '.join(sorted(known))}")
        for name in sorted(names - known)
        if name.endswith((".yaml", ".yml"))
    ]
    return {name: (folder / name).read_bytes() for name in sorted(names & known)}, faults


def _content_hash(raw: Mapping[str, bytes]) -> str:
    """Hash names and contents. A checkout with CRLF line ends is the same jurisdiction."""
    digest = hashlib.sha256()
    for name in sorted(raw):
        content = raw[name].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _decode(content: bytes, name: str, faults: list[Fault]) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"found a byte that is not UTF-8 at {error.start}, expected UTF-8 text"
        faults.append(Fault(name, found))
        return None


def _words(text: str) -> list[str]:
    lines = (line.split("#", 1)[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _schema_fault(detail: ErrorDetails) -> Fault:
    field, *steps = detail["loc"]
    name = dict(_sections())[str(field)]
    path = at(name, *steps)
    kind = detail["type"]
    if kind == "extra_forbidden":
        keys = ", ".join(_keys_at(str(field), steps[:-1]))
        return Fault(path, f"found an unknown key, expected one of: {keys}")
    if kind == "missing":
        return Fault(path, "found no such key, expected it")
    expected = _EXPECTED.get(kind)
    if expected is None:
        context = detail.get("ctx", {})
        expected = str(context.get("expected", "")) or detail["msg"].lower()
    return Fault(path, f"found {_shown(detail['input'])}, expected {expected}")


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return f"a mapping of {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys_at(field: str, steps: list[int | str]) -> list[str]:
    """The keys that the schema knows at a path: follow the fields, through lists and options."""
    model: type[BaseModel] = Jurisdiction
    for step in (field, *steps):
        if isinstance(step, str) and step in model.model_fields:
            annotation: Any = model.model_fields[step].annotation
            inner = (annotation, *get_args(annotation))
            model = next(
                (t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)), model
            )
    return list(model.model_fields)
