"""`jiesu jurisdiction`: sound or not, with the path of every fault."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.jurisdiction import load_jurisdiction
from jiesu.resources import resource, resource_names

Jiesu = Callable[..., Any]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a jurisdiction folder with an unknown key and a dangling parent."""
    folder = tmp_path / "broken"
    shutil.copytree(resource("configs", "jurisdictions", "haikou-2018"), folder)
    with (folder / "units.yaml").open("a", encoding="utf-8") as stream:
        stream.write(
            "\n- name: 新造局\n  kind: department\n  duty: 无\n  parent: 天庭\n"
            "\n- name: 又造局\n  kind: department\n  duty: 无\n  surprise: 1\n"
        )
    return folder


@pytest.mark.parametrize("name", resource_names("configs", "jurisdictions"))
def test_the_shipped_ones_are_sound(name: str, jiesu: Jiesu) -> None:
    found = jiesu("jurisdiction", "check", name)
    assert found.code == 0
    assert found.text.startswith(f"sound {load_jurisdiction(name).catalogue} ")
    assert json.loads(jiesu("jurisdiction", "check", name, "--json").out) == {
        "ok": True,
        "faults": [],
    }


def test_every_fault_is_printed_with_its_path(jiesu: Jiesu, broken: Path) -> None:
    found = jiesu("jurisdiction", "check", "./broken")
    assert found.code == 1
    assert "units.yaml -> " in found.text
    assert "surprise" in found.text
    assert "faults" in found.text.splitlines()[-1]


def test_faults_as_json(jiesu: Jiesu, broken: Path) -> None:
    found = jiesu("jurisdiction", "check", broken, "--json")
    assert found.code == 1
    body = json.loads(found.out)
    assert body["ok"] is False
    assert any(fault["path"].startswith("units.yaml -> ") for fault in body["faults"])
    text = (broken / "units.yaml").read_text("utf-8").replace("  surprise: 1\n", "")
    (broken / "units.yaml").write_text(text, "utf-8")
    (fault,) = json.loads(jiesu("jurisdiction", "check", broken, "--json").out)["faults"]
    assert fault["path"].endswith("-> parent")
    assert "天庭" in fault["message"]


def test_a_broken_one_is_not_shown(jiesu: Jiesu, broken: Path) -> None:
    found = jiesu("jurisdiction", "show", "./broken")
    assert (found.code, found.out) == (1, b"")
    assert "units.yaml -> " in found.err
    assert "Traceback" not in found.err


def test_show_lists_units_and_areas(jiesu: Jiesu) -> None:
    found = jiesu("jurisdiction", "show", "beijing")
    assert found.code == 0
    assert all(area.name in found.text for area in load_jurisdiction("beijing").areas)
    body = json.loads(jiesu("jurisdiction", "show", "beijing", "--json").out)
    assert body["about"]["id"] == "beijing"
    assert len(body["areas"]) == 16
