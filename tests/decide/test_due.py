"""Which time limit applies: a row a rule."""

from __future__ import annotations

import pytest

from jiesu.decide.due import due_rule
from jiesu.jurisdiction import Basis, TimeLimit
from jiesu.schema import DispositionCode, Due, TypeCode

BASIS = Basis(law="热线规则")
LIMITS = (
    TimeLimit(id="now", dispositions=("emergency",), hours=0, basis=BASIS),
    TimeLimit(id="water", types=("help",), topics=("供水", "供电"), hours=4, basis=BASIS),
    TimeLimit(id="ask", types=("consultation", "suggestion"), hours=8, basis=BASIS),
    TimeLimit(id="rest", types=("help", "complaint", "report"), hours=40, basis=BASIS),
)


@pytest.mark.parametrize(
    ("type_code", "disposition", "topic", "expected", "reason"),
    [
        ("help", "normal", "供水", Due(rule="water", hours=4), "type and topic"),
        ("help", "normal", "市容", Due(rule="rest", hours=40), "another topic"),
        ("help", "normal", None, Due(rule="rest", hours=40), "no topic is not any topic"),
        ("complaint", "normal", "供水", Due(rule="rest", hours=40), "another type"),
        ("suggestion", "normal", "供水", Due(rule="ask", hours=8), "one of several types"),
        ("help", "emergency", "供水", Due(rule="now", hours=0), "the first that applies wins"),
        (None, "emergency", None, Due(rule="now", hours=0), "a limit of any type"),
        ("other", "normal", None, Due(), "no limit for it"),
        (None, "normal", None, Due(), "no type, no limit of types"),
    ],
)
def test_due_rule(
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
    expected: Due,
    reason: str,
) -> None:
    found = due_rule(LIMITS, type_code=type_code, disposition=disposition, topic=topic)
    assert found == expected, reason


def test_a_limit_without_conditions_applies_to_all() -> None:
    limits = (TimeLimit(id="all", hours=15, basis=BASIS),)
    found = due_rule(limits, type_code=None, disposition="repeat", topic=None)
    assert found == Due(rule="all", hours=15)
