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


CATALOGUE = """承办单位,主要职责,简称,类别
城市管理局,占道经营、违法建设、垃圾清运和路灯维修,城管、城管局,部门
教育局,中小学招生、学籍和校外培训,市教育局,部门
教育局,幼儿园管理,,部门
水务集团,停水、水压低、水管爆裂和水费疑问,自来水公司,企业
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_new_city_is_sound_and_scores_at_once(
    encoding: str, jiesu: Jiesu, tmp_path: Path
) -> None:
    table = tmp_path / "catalogue.csv"
    table.write_bytes(CATALOGUE.encode(encoding))
    folder = tmp_path / "newtown"
    found = jiesu(
        "jurisdiction",
        "new",
        "newtown",
        "--city",
        "新城市",
        "--units",
        str(table),
        "-o",
        str(folder),
    )
    assert found.code == 0, found.err
    loaded = load_jurisdiction(folder)
    assert [unit.name for unit in loaded.units] == ["城市管理局", "教育局", "水务集团"]
    assert loaded.units[0].aliases == ("城管", "城管局")
    assert loaded.units[1].duty == "中小学招生、学籍和校外培训；幼儿园管理"
    assert loaded.units[2].kind == "company"
    # Nothing that another city's lawyer has verified counts as verified here.
    assert "verified: true" not in (folder / "dispositions.yaml").read_text("utf-8")
    assert jiesu("jurisdiction", "check", str(folder)).code == 0


def test_a_new_city_without_a_table_begins_with_three_units(jiesu: Jiesu, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    assert jiesu("jurisdiction", "new", "empty", "--city", "空城", "-o", str(folder)).code == 0
    assert {unit.kind for unit in load_jurisdiction(folder).units} == {
        "subdistrict",
        "town",
        "outside",
    }


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("单位,电话\n城管局,1\n", "职责"),
        ("职责,电话\n占道,1\n", "单位"),
        ("单位,职责\n城管局,\n", "城管局"),
        ("", "nothing"),
    ],
)
def test_a_table_at_fault_says_what_was_found(
    content: str, words: str, jiesu: Jiesu, tmp_path: Path
) -> None:
    table = tmp_path / "catalogue.csv"
    table.write_text(content, "utf-8")
    folder = tmp_path / "x"
    found = jiesu(
        "jurisdiction", "new", "x", "--city", "城", "--units", str(table), "-o", str(folder)
    )
    assert found.code == 1
    assert words in found.err
    assert not folder.exists()


def test_a_folder_with_files_is_not_written_over(jiesu: Jiesu, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    found = jiesu("jurisdiction", "new", "x", "--city", "城", "-o", str(tmp_path))
    assert found.code == 1
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert len(list(tmp_path.iterdir())) == 1
