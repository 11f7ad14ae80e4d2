"""The labels of a head: which spellings count, in which order, and where rare ones pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from jiesu.jurisdiction import Jurisdiction
from jiesu.schema import TYPE_CODES, DispositionCode, RiskLevel

_FIXED: Mapping[str, tuple[str, ...]] = {
    "disposition": get_args(DispositionCode),
    "reports_illegality": ("no", "yes"),
    "risk": get_args(RiskLevel),
}
"""Labels of the heads whose meaning the contract fixes."""

_SPELLINGS: Mapping[str, Mapping[str, str]] = {
    "reports_illegality": {
        **dict.fromkeys(("0", "False", "false", "否"), "no"),
        **dict.fromkeys(("1", "True", "true", "是"), "yes"),
    },
}


def label_names(head: str, jurisdiction: Jurisdiction) -> Mapping[str, str]:
    """Return every accepted spelling of a head's labels, empty for a head that is free."""
    names: dict[str, str] = {}
    if head == "type":
        names = {code: code for code in TYPE_CODES}
        names |= {item.name: item.code for item in jurisdiction.types}
    elif head in _FIXED:
        names = {label: label for label in _FIXED[head]} | dict(_SPELLINGS.get(head, {}))
    elif head == "unit":
        for unit in jurisdiction.units:
            names |= dict.fromkeys((unit.name, *unit.aliases), unit.name)
        # A label of an earlier catalogue counts for the unit that has taken its place.
        for unit in jurisdiction.units:
            for old in unit.supersedes:
                names.setdefault(old, unit.name)
    elif head == "topic":
        for topic in jurisdiction.topics:
            names |= dict.fromkeys((topic.name, *topic.aliases), topic.name)
    return names


def label_order(head: str, present: set[str], jurisdiction: Jurisdiction) -> tuple[str, ...]:
    """Order labels as the jurisdiction lists them, free labels by name."""
    by_head: dict[str, list[str]] = {
        "type": [item.code for item in jurisdiction.types],
        "unit": [item.name for item in jurisdiction.units],
        "topic": [item.name for item in jurisdiction.topics],
        **{name: list(labels) for name, labels in _FIXED.items()},
    }
    listed = by_head.get(head, sorted(present))
    return tuple(name for name in listed if name in present)


def pool_rare(
    head: str, labels: Sequence[str], below: int, jurisdiction: Jurisdiction
) -> tuple[list[str], dict[str, str]]:
    """Move classes with fewer than `below` rows to their parent, and say which went where."""
    parents = {
        "unit": {unit.name: unit.parent for unit in jurisdiction.units},
        "topic": {topic.name: topic.parent for topic in jurisdiction.topics},
    }.get(head, {})
    current, pooled = list(labels), dict[str, str]()
    while True:
        names, counts = np.unique(current, return_counts=True)
        rare = {
            str(name): str(parents[str(name)])
            for name, count in zip(names, counts, strict=True)
            if count < below and parents.get(str(name))
        }
        if not rare:
            return current, pooled
        pooled = {name: rare.get(to, to) for name, to in pooled.items()} | rare
        current = [rare.get(name, name) for name in current]
