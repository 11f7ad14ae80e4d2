"""Which cases a supervisor wants to see: from the address of a page to the store's filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import cast, get_args
from urllib.parse import parse_qsl, urlencode

from jiesu.serve.pages.times import day_of, start_of
from jiesu.store import CaseKind, Filters

BANDS: Mapping[str, tuple[float | None, float | None]] = {
    "low": (None, 0.5),
    "middle": (0.5, 0.8),
    "high": (0.8, 0.95),
    "top": (0.95, None),
}
"""Bands of confidence: the least and the most of each."""

KINDS: tuple[CaseKind, ...] = get_args(CaseKind)
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters as they stand in an address; empty wants all. since, until: days, inclusive."""

    type: str = ""
    unit: str = ""
    area: str = ""
    reason: str = ""
    since: str = ""
    until: str = ""
    confidence: str = ""
    kind: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str], *, sees_kinds: bool = False) -> Wanted:
        """Return what an address asks for; what cannot be read counts as not asked for.

        sees_kinds: only administrators may tell an audit or a check from a usual case.
        """
        found = {one.name: values.get(one.name, "")[:_LONGEST] for one in fields(cls)}
        for name in ("since", "until"):
            found[name] = day.isoformat() if (day := day_of(found[name])) else ""
        if found["confidence"] not in BANDS:
            found["confidence"] = ""
        if found["kind"] not in KINDS or not sees_kinds:
            found["kind"] = ""
        return cls(**found)

    @classmethod
    def of_query(cls, query: str, *, sees_kinds: bool = False) -> Wanted:
        """Return what the query of an address asks for."""
        return cls.of(dict(parse_qsl(query)), sees_kinds=sees_kinds)

    @property
    def query(self) -> str:
        """The filters as the query of an address, without those that want all."""
        return urlencode(self.given)

    @property
    def given(self) -> dict[str, str]:
        """The filters that want something."""
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in named.items() if value}

    def filters(self) -> Filters:
        """Return the store's filters."""
        least, most = BANDS.get(self.confidence, (None, None))
        since, until = day_of(self.since), day_of(self.until)
        return Filters(
            type=self.type or None,
            function=self.unit or None,
            area=self.area or None,
            reason=self.reason or None,
            kind=cast("CaseKind", self.kind) if self.kind else None,
            since=start_of(since) if since else None,
            until=start_of(until) + timedelta(days=1) if until else None,
            least_confidence=least,
            most_confidence=most,
        )
