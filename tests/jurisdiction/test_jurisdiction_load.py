"""Loading: forms of fault print their path; the hash follows content and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.errors import ConfigError
from jiesu.jurisdiction import inspect_jurisdiction, load_jurisdiction

Write = Callable[[dict[str, Any]], Path]


def test_a_sound_folder_loads(sections: dict[str, Any], write: Write) -> None:
    folder = write({**sections, "words.txt": "# 地名\n塔园\n\n河里  # 小区\n", "README.md": "说明"})
    j = load_jurisdiction(folder)
    assert j.catalogue == "small-town@1"
    assert j.words == ("塔园", "河里")
    assert j.units[0].exact["东区"] == "东区城管局"
    assert load_jurisdiction(str(folder)) == j


# (what replaces or joins the file, path and words expected in the message, why it matters)
UNIT = "- name: 城管局\n  kind: department\n  duty: 管市容\n"
BROKEN_FORM: list[tuple[str, str | bytes | None, str, str]] = [
    (
        "units.yaml",
        None,
        "small-town/units.yaml: found no such file, expected one",
        "a missing file is named",
    ),
    (
        "unit.yaml",
        UNIT,
        "small-town/unit.yaml: found an unknown file, expected only",
        "a misspelt file would silently be left out",
    ),
    (
        "units.yaml",
        "",
        "small-town/units.yaml: found nothing, expected a list",
        "an empty file is no empty catalogue",
    ),
    (
        "units.yaml",
        "name: 城管局\n",
        "small-town/units.yaml: found a mapping of 1 keys, expected a list",
        "a mapping where a list belongs",
    ),
    (
        "jurisdiction.yaml",
        "- id\n",
        "small-town/jurisdiction.yaml: found a list of 1, expected a mapping",
        "a list where a mapping belongs",
    ),
    (
        "units.yaml",
        UNIT + "  alias: [城管]\n",
        "small-town/units.yaml -> [0] -> alias: found an unknown key, expected one of: name, kind",
        "an unknown key, with the known ones",
    ),
    (
        "areas.yaml",
        "- name: 东区\n  unit: 东区政府\n  subdistricts:\n  - {name: 河街道, type: x}\n",
        "small-town/areas.yaml -> [0] -> subdistricts -> [0] -> type: found an unknown key, "
        "expected one of: name, kind, aliases, places, unit",
        "the known keys are those of the nested part",
    ),
    (
        "types.yaml",
        "- {code: help, name: 求助, definition: x, basis: {law: 条例, artikel: 第二条}}\n",
        "small-town/types.yaml -> [0] -> basis -> artikel: found an unknown key, "
        "expected one of: law, article, text, verified",
        "an optional nested part names its keys too",
    ),
    (
        "units.yaml",
        UNIT + "  aliases: [城管, 12345]\n",
        "small-town/units.yaml -> [0] -> aliases -> [1]: found 12345, expected a text",
        "a number without quotes is no name",
    ),
    (
        "units.yaml",
        UNIT + "  aliases: 城管\n",
        "small-town/units.yaml -> [0] -> aliases: found '城管', expected a list",
        "one alias still needs a list",
    ),
    (
        "units.yaml",
        UNIT + "  parent: ''\n",
        "small-town/units.yaml -> [0] -> parent: found '', expected a text that is not empty",
        "an empty name refers to nothing",
    ),
    (
        "units.yaml",
        "- name: 城管局\n  kind: department\n",
        "small-town/units.yaml -> [0] -> duty: found no such key, expected it",
        "a unit without a duty cannot be matched by it",
    ),
    (
        "units.yaml",
        "- name: 城管局\n  kind: bureau\n  duty: 管市容\n",
        "small-town/units.yaml -> [0] -> kind: found 'bureau', expected 'department'",
        "the route depends on the kind",
    ),
    (
        "units.yaml",
        UNIT + "  kind: company\n",
        "small-town/units.yaml -> [0] -> kind: found this key twice, expected it once",
        "YAML would silently keep the last",
    ),
    (
        "units.yaml",
        UNIT + "  exact: {东区: 甲, 东区: 乙}\n",
        "small-town/units.yaml -> [0] -> exact -> 东区: found this key twice",
        "also deep inside",
    ),
    (
        "units.yaml",
        UNIT + "  exact: {1: 甲}\n",
        "small-town/units.yaml -> [0] -> exact: found the key 1, expected a text",
        "an area is never a number",
    ),
    (
        "units.yaml",
        "- name: [城管局\n",
        "small-town/units.yaml: found unreadable YAML at line",
        "YAML that does not parse",
    ),
    (
        "units.yaml",
        "- &a [*a]\n",
        "small-town/units.yaml: found unreadable YAML",
        "an anchor that holds itself must not recurse for ever",
    ),
    (
        "units.yaml",
        "- !!python/object:os.system {}\n",
        "small-town/units.yaml -> [0]",
        "tags never build objects",
    ),
    (
        "units.yaml",
        UNIT.encode("gb18030"),
        "small-town/units.yaml: found a byte that is not UTF-8 at 8, expected UTF-8 text",
        "a file saved by an old editor",
    ),
    (
        "words.txt",
        "塔园".encode("gb18030"),
        "small-town/words.txt: found a byte that is not UTF-8 at 0",
        "the word list too",
    ),
    (
        "time_limits.yaml",
        "- {id: rest, hours: -1, basis: {law: 规则}}\n",
        "small-town/time_limits.yaml -> [0] -> hours: found -1, expected",
        "no answer before the call",
    ),
    (
        "time_limits.yaml",
        "- {id: rest, hours: '40', basis: {law: 规则}}\n",
        "small-town/time_limits.yaml -> [0] -> hours: found '40', expected a whole number",
        "a text is not silently made a number",
    ),
    (
        "time_limits.yaml",
        "- {id: rest, hours: 40, basis: {law: 规则, verified: maybe}}\n",
        "small-town/time_limits.yaml -> [0] -> basis -> verified: found 'maybe', expected true",
        "a lawyer has checked it or not",
    ),
    (
        "jurisdiction.yaml",
        "{id: Small Town, version: '1', name: x, city: x, description: x, law: {law: x}}\n",
        "small-town/jurisdiction.yaml -> id: found 'Small Town', expected",
        "ids go into verdicts and folder names",
    ),
]


@pytest.mark.parametrize(
    ("name", "content", "message", "reason"), BROKEN_FORM, ids=[row[3] for row in BROKEN_FORM]
)
def test_a_broken_form_prints_its_path(
    sections: dict[str, Any],
    write: Write,
    name: str,
    content: str | bytes | None,
    message: str,
    reason: str,
) -> None:
    files = {**sections, name: content}
    folder = write({n: c for n, c in files.items() if c is not None})
    with pytest.raises(ConfigError) as caught:
        load_jurisdiction(folder)
    assert caught.value.code == "bad_jurisdiction"
    assert message in caught.value.message, reason


def test_faults_of_several_files_are_reported_together(
    sections: dict[str, Any], write: Write
) -> None:
    sections["units.yaml"][1]["kind"] = "bureau"
    sections["topics.yaml"][0]["colour"] = "red"
    del sections["advice.yaml"]
    jurisdiction, faults = inspect_jurisdiction(write(sections))
    assert jurisdiction is None
    assert [fault.path for fault in faults] == [
        "advice.yaml",
        "units.yaml -> [1] -> kind",
        "topics.yaml -> [0] -> colour",
    ]


def test_a_long_list_of_faults_is_cut_and_counted(sections: dict[str, Any], write: Write) -> None:
    sections["topics.yaml"] = [{"name": f"题{i}", "parent": "无"} for i in range(40)]
    with pytest.raises(ConfigError) as caught:
        load_jurisdiction(write(sections))
    lines = caught.value.message.splitlines()
    assert len(lines) == 21
    # 40 dangling parents and one time limit for a topic that is gone.
    assert lines[-1] == "and 21 more"


def test_a_well_formed_but_unsound_folder_is_shown_with_its_faults(
    sections: dict[str, Any], write: Write
) -> None:
    sections["units.yaml"][1]["parent"] = "无此局"
    jurisdiction, faults = inspect_jurisdiction(write(sections))
    assert jurisdiction is not None
    assert [fault.path for fault in faults] == ["units.yaml -> [1] -> parent"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("atlantis", "an id that nobody ships"),
        ("../jurisdictions/haikou-2018", "an id never climbs out of the shipped folder"),
        ("", "nothing at all"),
    ],
)
def test_an_unknown_source_names_the_shipped_ones(
    source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    if source == "":
        source = "no/such/folder"
    with pytest.raises(ConfigError, match=r"expected a folder or one of: .*haikou-2018"):
        load_jurisdiction(source)


def test_the_hash_changes_with_every_file(sections: dict[str, Any], write: Write) -> None:
    folder = write({**sections, "words.txt": "塔园\n"})
    seen = {load_jurisdiction(folder).content_hash}
    for path in sorted(folder.iterdir()):
        original = path.read_bytes()
        path.write_bytes(original + b"# x\n")
        seen.add(load_jurisdiction(folder).content_hash)
        path.write_bytes(original)
    assert len(seen) == 1 + len(list(folder.iterdir()))
    (folder / "words.txt").unlink()
    assert load_jurisdiction(folder).content_hash not in seen


def test_the_hash_ignores_line_ends_and_other_files(sections: dict[str, Any], write: Write) -> None:
    folder = write({**sections, "words.txt": "塔园\n河里\n"})
    before = load_jurisdiction(folder)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (folder / "README.md").write_text("说明", encoding="utf-8")
    assert load_jurisdiction(folder) == before
