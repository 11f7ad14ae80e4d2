"""Training files: unknown keys refused, overrides on top, and the error prints the path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from jiesu.errors import ConfigError
from jiesu.jurisdiction import load_jurisdiction
from jiesu.learn.config import load_config
from jiesu.resources import resource, resource_names

PLAIN = """
name: trial
version: "1"
jurisdiction: haikou-2018
data: data
output: out
heads:
  unit:
    sources: [{path: a.jsonl, label: unit}]
"""

FAULTS = [
    pytest.param("surprise: 1", "surprise", "not permitted", id="a key nobody knows"),
    pytest.param("seed: seven", "seed", "integer", id="a text for a number"),
    pytest.param("version: 1", "version", "string", id="a number for a text"),
    pytest.param("segmenter: spaces", "segmenter", "rjieba", id="a tokeniser nobody has"),
    pytest.param("target_risk: 0", "target_risk", "greater than 0", id="no error at all"),
    pytest.param("vocabulary: {char: 0}", "vocabulary -> char", "greater", id="no characters"),
    pytest.param("vocabulary: {min_count: 2}", "vocabulary -> min_count", "3", id="rare n-grams"),
    pytest.param("vocabulary: {chars: 2}", "vocabulary -> chars", "not permitted", id="misspelt"),
    pytest.param("heads: {}", "heads", "at least 1", id="no head"),
    pytest.param("heads: {unit: {c: 1}}", "heads -> unit -> sources", "required", id="no source"),
    pytest.param(
        "heads: {unit: {sources: []}}", "heads -> unit -> sources", "at least 1", id="empty list"
    ),
    pytest.param(
        "heads: {unit: {sources: [{path: a}]}}",
        "heads -> unit -> sources -> 0 -> label",
        "required",
        id="a source without a label column",
    ),
    pytest.param(
        "heads: {unit: {sources: [{path: a, label: b, weight: 0}]}}",
        "heads -> unit -> sources -> 0 -> weight",
        "greater than 0",
        id="rows that count nothing",
    ),
]

OVERRIDES = [
    pytest.param("heads.unit.c=0", "heads -> unit -> c", id="a value out of range"),
    pytest.param("heads.unit.foo=1", "heads -> unit -> foo", id="a key nobody knows"),
    pytest.param("heads.new.c=1", "heads -> new -> sources", id="a head without sources"),
    pytest.param("seed=x", "seed", id="a text for a number"),
    pytest.param("heads.unit.sources.0.path=b", "heads -> unit -> sources", id="into a list"),
    pytest.param("name.first=1", "name -> first", id="into a text"),
    pytest.param("heads.unit.c", "heads.unit.c", id="no value"),
    pytest.param(
        "heads.unit.c=[",
        "heads -> unit -> c",
        id="a value that is no YAML",
    ),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "trial.yaml"
    path.write_text(PLAIN, "utf-8")
    return path


def refused(path: Path, overrides: Sequence[str] = ()) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return caught.value.message


@pytest.mark.parametrize(
    "name", [name for name in resource_names("configs", "train") if name != "encoder.yaml"]
)
def test_the_shipped_files_are_sound(name: str) -> None:
    config = load_config(resource("configs", "train", name))
    assert config.name == name.removesuffix(".yaml")
    assert config.vocabulary.min_count >= 3
    load_jurisdiction(config.jurisdiction)


def test_what_is_left_out_has_a_default(file: Path) -> None:
    config = load_config(file)
    assert (config.seed, config.segmenter, config.vocabulary.min_count) == (7, "rjieba", 3)
    assert config.heads["unit"].sources[0].weight == 1.0


@pytest.mark.parametrize(("line", "path", "expected"), FAULTS)
def test_a_fault_is_named_by_its_path(line: str, path: str, expected: str, file: Path) -> None:
    key = line.partition(":")[0]
    kept = PLAIN if f"\n{key}:" not in PLAIN else PLAIN[: PLAIN.index(f"\n{key}:")]
    rest = "" if key == "heads" else PLAIN[PLAIN.index("heads:") :]
    kept = kept if "heads:" in kept or key == "heads" else f"{kept}\n{rest}"
    file.write_text(f"{kept}\n{line}\n", "utf-8")
    message = refused(file)
    assert f"trial.yaml: {path}: " in message
    assert expected in message


def test_every_fault_is_told_at_once(file: Path) -> None:
    file.write_text(PLAIN + "seed: x\nbootstrap: 0\nsurprise: 1\n", "utf-8")
    assert len(refused(file).splitlines()) == 3


def test_overrides_are_put_on_top(file: Path) -> None:
    config = load_config(
        file,
        [
            "heads.unit.c=0.5",
            "vocabulary.char=4",
            "seed=11",
            "name=other",
            "heads.unit.exclude=[a.jsonl, b.jsonl]",
            "heads.unit.sources=[{path: c.jsonl, label: 单位}]",
        ],
    )
    assert config.heads["unit"].c == 0.5
    assert (config.vocabulary.char, config.seed, config.name) == (4, 11, "other")
    assert config.heads["unit"].exclude == ("a.jsonl", "b.jsonl")
    assert config.heads["unit"].sources[0].label == "单位"
    assert load_config(file).seed == 7


def test_the_last_override_counts(file: Path) -> None:
    assert load_config(file, ["seed=1", "seed=2"]).seed == 2


@pytest.mark.parametrize(("override", "path"), OVERRIDES)
def test_a_wrong_override_is_named_by_its_path(override: str, path: str, file: Path) -> None:
    assert path in refused(file, [override])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "bad_yaml", id="empty"),
        pytest.param(b"- a\n- b\n", "bad_yaml", id="a list"),
        pytest.param(b"a: [", "bad_yaml", id="no YAML"),
        pytest.param("name: 试".encode("gb18030"), "bad_yaml", id="no UTF-8"),
        pytest.param(b"name: !!python/object:os.system x", "bad_yaml", id="a YAML that runs code"),
    ],
)
def test_a_file_that_is_no_mapping(content: bytes, code: str, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.code == code


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "none.yaml")
    assert caught.value.code == "no_config"
