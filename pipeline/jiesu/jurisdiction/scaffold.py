"""A folder for a city that has none yet: sound from the start, and to be filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from jiesu.errors import InputError
from jiesu.jurisdiction.model import Unit
from jiesu.resources import resource

_COPIED = ("types.yaml", "topics.yaml", "dispositions.yaml", "advice.yaml", "time_limits.yaml")
_VERIFIED = re.compile(r"(?m)^(\s*verified:) true$")
_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_STARTERS: tuple[dict[str, Any], ...] = (
    {
        "name": "街道办事处",
        "kind": "subdistrict",
        "duty": "办理辖区内的邻里纠纷、老旧小区管理、社区环境卫生、居民证明和低保初审等基层事务。",
    },
    {
        "name": "镇人民政府",
        "kind": "town",
        "duty": "办理镇域内村庄道路、水利、土地承包、村务公开、农村环境卫生和村民纠纷等事务。",
    },
    {
        "name": "其他单位",
        "kind": "outside",
        "duty": "不属于本市热线承办单位职责的事项，由话务员告知其他渠道或者转接。",
    },
)


def scaffold(
    folder: Path, *, name: str, city: str, like: str, units: Sequence[Unit] = ()
) -> list[str]:
    """Write a jurisdiction folder and return the names of its files.

    Types, topics, dispositions, scripts and time limits are those of `like`, a shipped id, each
    legal basis unverified. Raises InputError for a bad id or a folder that is not empty.
    """
    if not _ID.fullmatch(name):
        raise InputError(
            "bad_id", f"found the id {name!r}, expected lower-case letters, digits and hyphens"
        )
    if folder.exists() and any(folder.iterdir()):
        raise InputError("not_empty", f"{folder}: found files, expected no such folder")
    folder.mkdir(parents=True, exist_ok=True)
    source = resource("configs", "jurisdictions", like)
    for file in _COPIED:
        text = (source / file).read_text("utf-8")
        head = f"# Copied from {like}, nothing of it verified for {city}: replace what differs.\n\n"
        (folder / file).write_text(head + _VERIFIED.sub(r"\1 false", text), "utf-8")
    listed = [unit.model_dump(mode="json", exclude_defaults=True) for unit in units]
    about = {
        "id": name,
        "version": "1",
        "name": f"{city}12345热线派单目录",
        "city": city,
        "description": f"{city}的派单目录，尚待核对。",
        "law": {"law": f"{city}12345热线规则（待填写）", "verified": False},
    }
    _write(folder / "jurisdiction.yaml", about, f"# {city}: who this is, and by which law.")
    _write(
        folder / "units.yaml",
        listed or list(_STARTERS),
        "# The dispatch catalogue: one entry a function unit. The duty text is what a unit\n"
        "# without training is found by: name the everyday matters that it owns.",
    )
    _write(
        folder / "areas.yaml",
        [],
        "# One entry a district: name, aliases, unit (its government), places, subdistricts with\n"
        "# name, kind (subdistrict or town), unit (its office) and places. docs/jurisdictions.md",
    )
    (folder / "words.txt").write_text(
        "# Words that must not be split, one a line: estates, roads, local names.\n", "utf-8"
    )
    return sorted(path.name for path in folder.iterdir())


def _write(path: Path, content: Any, head: str) -> None:
    body = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=100)
    path.write_text(f"{head}\n\n{body}", "utf-8")
