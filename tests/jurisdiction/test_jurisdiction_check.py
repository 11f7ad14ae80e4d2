"""The checker: each kind of fault at its path, and all of them at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jiesu.errors import ConfigError
from jiesu.jurisdiction import (
    Jurisdiction,
    check_jurisdiction,
    inspect_jurisdiction,
    load_jurisdiction,
    require_sound,
)

Write = Callable[[dict[str, Any]], Path]
RULES = {"law": "规则"}


def edit(file: str, *steps: Any) -> Callable[[dict[str, Any]], None]:
    """Set the value at a path: the last step is the value, the one before it the key."""

    def change(files: dict[str, Any]) -> None:
        spot = files[file]
        for step in steps[:-2]:
            spot = spot[step]
        spot[steps[-2]] = steps[-1]

    return change


def drop(file: str, index: int) -> Callable[[dict[str, Any]], None]:
    return lambda files: files[file].pop(index)


def add(file: str, item: dict[str, Any], index: int = 99) -> Callable[[dict[str, Any]], None]:
    return lambda files: files[file].insert(index, item)


U, A, T, L = "units.yaml", "areas.yaml", "topics.yaml", "time_limits.yaml"
D, V, P = "dispositions.yaml", "advice.yaml", "types.yaml"
Change = Callable[[dict[str, Any]], None]
# (the change, path of the fault, words of its message, why it matters)
UNSOUND: list[tuple[Change, str, str, str]] = [
    (
        edit(U, 1, "parent", "无此局"),
        "units.yaml -> [1] -> parent",
        "found '无此局', which does not exist",
        "a rare unit would pool to nothing",
    ),
    (
        edit(U, 0, "exact", "北区", "北区城管局"),
        "units.yaml -> [0] -> exact -> 北区",
        "expected '市' or an area",
        "no appeal could ever reach it",
    ),
    (
        edit(U, 1, "name", "城管局"),
        "units.yaml -> [1] -> name",
        "found '城管局' again (first at units.yaml -> [0] -> name)",
        "two units of one name",
    ),
    (
        edit(U, 1, "aliases", ["城管"]),
        "units.yaml -> [1] -> aliases -> [0]",
        "found '城管' again (first at units.yaml -> [0] -> aliases -> [0])",
        "an alias points to one unit",
    ),
    (
        edit(U, 1, "aliases", ["街道办事处"]),
        "units.yaml -> [2] -> name",
        "found '街道办事处' again (first at units.yaml -> [1] -> aliases -> [0])",
        "an alias is no other unit's name",
    ),
    (
        edit(U, 1, "aliases", ["ＫＦＣ", "kfc"]),
        "units.yaml -> [1] -> aliases -> [1]",
        "found 'kfc' again",
        "width and case are folded before matching",
    ),
    (
        edit(U, 1, "parent", "供水公司"),
        "units.yaml -> [1] -> parent",
        "found the circle 供水公司 -> 供水公司",
        "a unit cannot pool to itself",
    ),
    (
        edit(U, 0, "parent", "供水公司"),
        "units.yaml -> [0] -> parent",
        "found the circle 城管局 -> 供水公司 -> 城管局",
        "pooling would never end",
    ),
    (
        edit(A, 1, "aliases", ["东边"]),
        "areas.yaml -> [1] -> aliases -> [0]",
        "found '东边' again",
        "an alias points to one area",
    ),
    (
        edit(A, 1, "places", ["塔园"]),
        "areas.yaml -> [1] -> places -> [0]",
        "found '塔园' again",
        "a place in two areas tells nothing",
    ),
    (
        edit(A, 1, "subdistricts", 0, "places", ["河里"]),
        "areas.yaml -> [1] -> subdistricts -> [0] -> places -> [0]",
        "found '河里' again",
        "a place in two subdistricts tells nothing",
    ),
    (
        edit(A, 1, "places", ["河街道"]),
        "areas.yaml -> [1] -> places -> [0]",
        "which is also a subdistrict of 东区",
        "a place that another area's subdistrict is named after",
    ),
    (
        edit(A, 0, "subdistricts", 1, "aliases", ["河街道"]),
        "areas.yaml -> [0] -> subdistricts -> [1] -> aliases -> [0]",
        "found '河街道' again",
        "two subdistricts of one area",
    ),
    (
        edit(A, 0, "subdistricts", 0, "aliases", ["东边"]),
        "areas.yaml -> [0] -> aliases -> [0]",
        "which is also a subdistrict of 东区",
        "the whole area would be read as one of its parts",
    ),
    (
        edit(T, 1, "aliases", ["城容"]),
        "topics.yaml -> [1] -> aliases -> [0]",
        "found '城容' again",
        "a label of the older tree maps to one topic",
    ),
    (
        edit(T, 1, "parent", "无"),
        "topics.yaml -> [1] -> parent",
        "found '无', which does not exist",
        "a rare topic would pool to nothing",
    ),
    (
        edit(T, 0, "parent", "供水"),
        "topics.yaml -> [0] -> parent",
        "found the circle 市容 -> 供水 -> 市容",
        "topics form a tree",
    ),
    (drop(P, 2), "types.yaml", "found no entry for 'complaint'", "all six codes are defined"),
    (
        edit(P, 1, "code", "complaint"),
        "types.yaml -> [2] -> code",
        "found 'complaint' 2 times",
        "one definition a code",
    ),
    (
        edit(P, 1, "name", "名complaint"),
        "types.yaml -> [2] -> name",
        "found '名complaint' again",
        "a registered type is read by its name",
    ),
    (
        drop(D, 6),
        "dispositions.yaml",
        "found no entry for 'unlawful'",
        "all seven dispositions have a script",
    ),
    (drop(V, 0), "advice.yaml", "found no entry for 'threat'", "a flag without a script"),
    (
        edit(V, 0, "kinds", ["abuse", "threat", "obscene", "harassment"]),
        "advice.yaml -> [1] -> kinds -> [2]",
        "found 'harassment' 2 times",
        "which script is to be read must be clear",
    ),
    (
        edit(V, 1, "id", "a"),
        "advice.yaml -> [1] -> id",
        "found 'a' again",
        "a verdict names the script by its id",
    ),
    (
        edit(L, 0, "topics", ["无"]),
        "time_limits.yaml -> [0] -> topics -> [0]",
        "found '无', which does not exist",
        "a rule that never applies",
    ),
    (
        edit(L, 1, "id", "fast"),
        "time_limits.yaml -> [1] -> id",
        "found 'fast' again",
        "a verdict names the rule by its id",
    ),
    (
        drop(L, 1),
        "time_limits.yaml -> [0]",
        "found no rule for every normal appeal",
        "an appeal without a limit",
    ),
    (
        lambda files: files.update({L: []}),
        "time_limits.yaml -> [0]",
        "found no rule for every normal appeal",
        "no rule at all",
    ),
    (
        edit(L, 1, "dispositions", ["normal"]),
        "time_limits.yaml",
        "found appeals of disposition 'repeat' without a rule",
        "special dispositions need a limit too",
    ),
    (
        add(L, {"id": "late", "types": ["help"], "hours": 1, "basis": RULES}, index=2),
        "time_limits.yaml -> [2]",
        "after 'rest', which matches all that it does",
        "a rule behind the catch-all is dead",
    ),
]


@pytest.mark.parametrize(
    ("change", "path", "words", "reason"), UNSOUND, ids=[row[3] for row in UNSOUND]
)
def test_a_fault_is_found_at_its_path(
    sections: dict[str, Any], write: Write, change: Change, path: str, words: str, reason: str
) -> None:
    change(sections)
    folder = write(sections)
    _, faults = inspect_jurisdiction(folder)
    assert any(f.path == path and words in f.message for f in faults), (reason, faults)
    with pytest.raises(ConfigError) as caught:
        load_jurisdiction(folder)
    assert f"small-town/{path}: " in caught.value.message


# (the change, why it is no fault)
SOUND_TOO: list[tuple[Change, str]] = [
    (edit(A, 1, "subdistricts", []), "an area may have no subdistricts"),
    (edit(A, 1, "subdistricts", 0, "name", "河街道"), "two areas may have streets of one name"),
    (add(U, {"name": "其他", "kind": "outside", "duty": "外"}), "an outside unit needs no exact"),
    (
        edit(U, 0, "supersedes", ["供水公司"]),
        "a superseded name may live on elsewhere: catalogues split and join",
    ),
    (
        add(L, {"id": "now", "dispositions": ["emergency"], "hours": 0, "basis": RULES}, index=0),
        "zero hours mean at once",
    ),
]


@pytest.mark.parametrize(("change", "reason"), SOUND_TOO, ids=[row[1] for row in SOUND_TOO])
def test_what_looks_odd_but_is_sound_passes(
    sections: dict[str, Any], write: Write, change: Change, reason: str
) -> None:
    change(sections)
    _, faults = inspect_jurisdiction(write(sections))
    assert faults == [], reason


def test_nodes_that_lead_into_a_circle_are_not_blamed(
    sections: dict[str, Any], write: Write
) -> None:
    sections[T] += [{"name": "甲", "parent": "乙"}, {"name": "乙", "parent": "乙"}]
    _, faults = inspect_jurisdiction(write(sections))
    assert [f.path for f in faults] == ["topics.yaml -> [3] -> parent"]


@pytest.fixture
def sound(sections: dict[str, Any], write: Write) -> Jurisdiction:
    return load_jurisdiction(write(sections))


def test_all_faults_are_reported_and_raised_together(sound: Jurisdiction) -> None:
    assert check_jurisdiction(sound) == []
    require_sound(sound)
    broken = sound.model_copy(update={"types": sound.types[:4], "advice": sound.advice[:1]})
    assert len(check_jurisdiction(broken)) == 5
    with pytest.raises(ConfigError) as caught:
        require_sound(broken)
    lines = caught.value.message.splitlines()
    assert len(lines) == 5
    assert all(line.startswith("small-town/") for line in lines)
