"""A jurisdiction: the types, units, areas, rules and scripts of one city's hotline, as data."""

from jiesu.jurisdiction.check import check_jurisdiction, require_sound
from jiesu.jurisdiction.load import inspect_jurisdiction, load_jurisdiction
from jiesu.jurisdiction.lookup import exact_unit, successor, unit_by_name
from jiesu.jurisdiction.model import (
    About,
    AdviceScript,
    AppealType,
    Area,
    Basis,
    DispositionRule,
    Jurisdiction,
    Subdistrict,
    TimeLimit,
    TopicNode,
    Unit,
    UnitKind,
)
from jiesu.jurisdiction.strict_yaml import Fault

__all__ = [
    "About",
    "AdviceScript",
    "AppealType",
    "Area",
    "Basis",
    "DispositionRule",
    "Fault",
    "Jurisdiction",
    "Subdistrict",
    "TimeLimit",
    "TopicNode",
    "Unit",
    "UnitKind",
    "check_jurisdiction",
    "exact_unit",
    "inspect_jurisdiction",
    "load_jurisdiction",
    "require_sound",
    "successor",
    "unit_by_name",
]
