"""What a supervisor can choose for a case: types and units by one key each, the rest by list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from jiesu.jurisdiction import Jurisdiction, exact_unit
from jiesu.schema import TYPE_CODES, DispositionCode, FlagKind, RiskLevel, Route, Verdict
from jiesu.serve.pages.answer import OTHER_UNIT, Answer, answer_of

TYPE_KEYS = "123456"
UNIT_KEYS = "asdfg"
OTHER_KEY = "o"
DISPOSITIONS: tuple[DispositionCode, ...] = get_args(DispositionCode)
ROUTES: tuple[Route, ...] = get_args(Route)
RISKS: tuple[RiskLevel, ...] = get_args(RiskLevel)
FLAGS: tuple[FlagKind, ...] = get_args(FlagKind)


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: what it sends, the key that takes it, how sure the model is of it.

    is_verdict: the verdict says so; is_chosen: the form stands on it.
    """

    value: str
    label: str
    key: str
    confidence: float
    is_verdict: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Places:
    """An area with its subdistricts, each as (value, name)."""

    name: str
    parts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that the form of a case offers. catalogue: unit and other names of each."""

    types: tuple[Choice, ...]
    units: tuple[Choice, ...]
    catalogue: tuple[tuple[str, str], ...]
    places: tuple[Places, ...]
    answer: Answer
    before: Answer

    @property
    def has_other_unit(self) -> bool:
        """Whether the form stands on a unit beside the candidates."""
        return self.answer.function == OTHER_UNIT


def choices_of(
    verdict: Verdict, jurisdiction: Jurisdiction, answer: Answer | None = None
) -> Choices:
    """Return the choices for a verdict. answer: where the form stands, the verdict if None."""
    before = answer_of(verdict)
    chosen = answer or before
    names = {one.code: one.name for one in jurisdiction.types}
    types = tuple(
        Choice(
            value=code,
            label=names.get(code, code),
            key=key,
            confidence=verdict.type.scores.get(code, 0.0),
            is_verdict=code == verdict.type.code,
            is_chosen=code == chosen.type,
        )
        for code, key in zip(TYPE_CODES, TYPE_KEYS, strict=True)
    )
    units = tuple(
        Choice(
            value=one.function,
            label=one.unit,
            key=key,
            confidence=one.confidence,
            is_verdict=one.function == verdict.dispatch.function,
            is_chosen=one.function == chosen.function,
        )
        for one, key in zip(verdict.dispatch.candidates, UNIT_KEYS, strict=False)
    )
    return Choices(
        types=types,
        units=units,
        catalogue=tuple(
            (unit.name, "、".join(_other_names(jurisdiction, unit.name, unit.aliases)))
            for unit in jurisdiction.units
        ),
        places=tuple(
            Places(
                area.name,
                tuple((f"{area.name}|{sub.name}", sub.name) for sub in area.subdistricts),
            )
            for area in jurisdiction.areas
        ),
        answer=chosen,
        before=before,
    )


def _other_names(jurisdiction: Jurisdiction, name: str, aliases: tuple[str, ...]) -> list[str]:
    exact = exact_unit(jurisdiction, name)
    return [*([exact] if exact != name else []), *aliases]
