"""A small sound jurisdiction, as data to break and as a folder to load."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from jiesu.schema import TYPE_CODES

Sections = dict[str, Any]
RULES = {"law": "小城热线规则"}
SOUND: Sections = {
    "jurisdiction.yaml": {
        "id": "small-town",
        "version": "1",
        "name": "小城",
        "city": "小城",
        "description": "测试用",
        "law": RULES,
    },
    "types.yaml": [{"code": c, "name": f"名{c}", "definition": "定义"} for c in TYPE_CODES],
    "units.yaml": [
        {
            "name": "城管局",
            "kind": "department",
            "aliases": ["城管"],
            "duty": "管市容",
            "exact": {"市": "市城管局", "东区": "东区城管局"},
        },
        {"name": "供水公司", "kind": "company", "duty": "供水", "parent": "城管局"},
        {"name": "街道办事处", "kind": "subdistrict", "aliases": ["街道办"], "duty": "基层"},
        {"name": "镇人民政府", "kind": "town", "duty": "镇村"},
    ],
    "areas.yaml": [
        {
            "name": "东区",
            "aliases": ["东边"],
            "places": ["塔园"],
            "unit": "东区政府",
            "subdistricts": [
                {
                    "name": "河街道",
                    "kind": "subdistrict",
                    "places": ["河里"],
                    "unit": "东区河街道办",
                },
                {"name": "山镇", "kind": "town", "aliases": ["山乡"], "unit": "东区山镇政府"},
            ],
        },
        {
            "name": "西区",
            "unit": "西区政府",
            "subdistricts": [{"name": "山镇", "kind": "town", "unit": "西区山镇政府"}],
        },
    ],
    "topics.yaml": [{"name": "市容", "aliases": ["城容"]}, {"name": "供水", "parent": "市容"}],
    "dispositions.yaml": [
        {"code": c, "name": f"名{c}", "basis": RULES, "script": "话术"}
        for c in (
            "normal",
            "emergency",
            "statutory",
            "repeat",
            "secrecy",
            "out_of_scope",
            "unlawful",
        )
    ],
    "advice.yaml": [
        {"id": "a", "kinds": ["abuse", "threat", "obscene"], "basis": [RULES], "script": "请冷静"},
        {
            "id": "b",
            "kinds": ["unlawful_demand", "discrimination", "harassment"],
            "basis": [RULES],
            "script": "请守法",
        },
    ],
    "time_limits.yaml": [
        {"id": "fast", "types": ["help"], "topics": ["供水"], "hours": 4, "basis": RULES},
        {"id": "rest", "hours": 40, "basis": RULES},
    ],
}


@pytest.fixture
def sections() -> Sections:
    """The sound jurisdiction's files by name, free to break."""
    return copy.deepcopy(SOUND)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Sections], Path]:
    """Write files into the folder `small-town`; a text or bytes is written as it is."""

    def _write(files: Sections) -> Path:
        folder = tmp_path / "small-town"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            if isinstance(content, bytes):
                raw = content
            elif isinstance(content, str):
                raw = content.encode()
            else:
                raw = yaml.safe_dump(content, allow_unicode=True).encode()
            (folder / name).write_bytes(raw)
        return folder

    return _write
