"""The contract page: every field is there, nothing else is, and its example is a verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from jiesu.decide.triage import REASONS
from jiesu.schema import Appeal, Verdict
from jiesu.text.redact import PLACEHOLDERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "contract.md").read_text("utf-8")
FIELDS = PAGE.split("## The verdict, field by field")[1].split("## Reasons for review")[0]
NAMED = re.findall(r"^\| `([a-z_.\[\]]+)` \|", PAGE, re.M)


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the path of every field, `[]` for each item of a list."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for part, many in parts(field.annotation):
            yield from fields(part, f"{prefix}{name}{'[]' if many else ''}.")


def parts(annotation: Any, many: bool = False) -> Iterator[tuple[type[BaseModel], bool]]:
    """Yield the models inside an annotation, and whether they stand in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, many
    for argument in get_args(annotation):
        yield from parts(argument, many or get_origin(annotation) is tuple)


def codes(annotation: Any) -> Iterator[str]:
    for argument in get_args(annotation):
        if isinstance(argument, str):
            yield argument
        else:
            yield from codes(argument)


def all_codes(model: type[BaseModel]) -> Iterator[str]:
    for field in model.model_fields.values():
        yield from codes(field.annotation)
        for part, _ in parts(field.annotation):
            yield from all_codes(part)


@pytest.mark.parametrize("path", [*fields(Verdict)])
def test_every_field_of_a_verdict_has_one_line(path: str) -> None:
    assert len(re.findall(rf"^\| `{re.escape(path)}` \|", FIELDS, re.M)) == 1


@pytest.mark.parametrize("name", list(Appeal.model_fields))
def test_every_field_of_an_appeal_has_one_line(name: str) -> None:
    section = PAGE.split("## The appeal")[1].split("## The verdict, field by field")[0]
    assert len(re.findall(rf"^\| `{name}` \|", section, re.M)) == 1


def test_no_line_is_about_a_field_that_is_not_there() -> None:
    assert set(NAMED) - set(fields(Verdict)) - set(Appeal.model_fields) - set(REASONS) == set()


@pytest.mark.parametrize(
    "code", sorted({*all_codes(Verdict), *all_codes(Appeal), *REASONS, *PLACEHOLDERS})
)
def test_every_code_is_named(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("code", REASONS)
def test_a_reason_reads_as_the_supervisor_sees_it(code: str) -> None:
    assert f"| `{code}` | {REASONS[code]} |" in PAGE


@pytest.mark.parametrize("name", ["docs/contract.md", "README.md"])
def test_the_example_is_a_whole_verdict(name: str) -> None:
    block = re.search(r"```json\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    assert block is not None
    written = json.loads(block[1])
    assert Verdict.model_validate_json(block[1]).model_dump(mode="json") == written
