"""Patterns: found as written and by sound, within one clause; a bad file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiesu.errors import ConfigError
from jiesu.heads.patterns import PatternGroup, Patterns, load_patterns
from jiesu.heads.sounds import Syllables
from jiesu.learn.conduct import syllable_table
from jiesu.resources import resource
from jiesu.text.clauses import cut_clauses
from jiesu.text.ngrams import hash_codes


@pytest.fixture(scope="module")
def syllables() -> Syllables:
    return syllable_table()


def found(text: str, group: PatternGroup, syllables: Syllables) -> list[tuple[str, bool]]:
    cut = cut_clauses([text])
    sounds = hash_codes(syllables.of(cut.batch.codes))
    said = Patterns([group], syllables).find(cut, hash_codes(cut.batch.codes), sounds)
    return [
        (cut.batch.text[start:end], bool(heard))
        for start, end, heard in zip(said.starts, said.ends, said.by_sound, strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "sound", "expected", "reason"),
    [
        ("一群废物", False, [("废物", False)], "as written"),
        ("一群废 物", False, [("废物", False)], "with a blank put in"),
        ("一群费物", True, [("费物", True)], "by sound"),
        ("一群费物", False, [], "a homophone where sound does not count"),
        ("一群废，物业来了", True, [], "not across a stop"),
        ("废物", True, [("废物", False), ("废物", True)], "written and heard"),
    ],
)
def test_expressions_are_found(
    text: str, sound: bool, expected: list[tuple[str, bool]], reason: str, syllables: Syllables
) -> None:
    group = PatternGroup(name="insult", kinds=("abuse",), sound=sound, expressions=("废物",))
    assert found(text, group, syllables) == expected, reason


def test_a_sound_is_shared_by_homophones_only(syllables: Syllables) -> None:
    assert syllables.spell("傻逼") == syllables.spell("沙比") != syllables.spell("纱布")
    assert syllables.spell("sb 12") == "sb 12"


@pytest.mark.parametrize("name", ["conduct.yaml", "risk.yaml"])
def test_shipped_patterns_load_and_name_no_expression_twice_in_a_group(name: str) -> None:
    groups, digest = load_patterns(resource("configs", "patterns", name))
    assert len(digest) == 64
    assert len({group.name for group in groups}) == len(groups) > 2
    for group in groups:
        assert len(set(group.expressions)) == len(group.expressions), group.name
        assert all(len(words) > 1 for words in group.expressions), group.name


@pytest.mark.parametrize(
    "text", ["- name: a\n", "a: [", "just words", "- {name: a, expressions: [b], more: 1}"]
)
def test_a_bad_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError):
        load_patterns(path)
