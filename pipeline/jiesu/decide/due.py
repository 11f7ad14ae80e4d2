"""Time limits (Art. 13): which applies, and when it ends."""

from __future__ import annotations

from collections.abc import Sequence

from jiesu.jurisdiction import TimeLimit
from jiesu.schema import DispositionCode, Due, TypeCode


def due_rule(
    limits: Sequence[TimeLimit],
    *,
    type_code: TypeCode | None,
    disposition: DispositionCode,
    topic: str | None,
) -> Due:
    """Return the first time limit (Art. 13) that applies. When it ends is not computed here."""
    for limit in limits:
        if (
            (not limit.types or type_code in limit.types)
            and (not limit.dispositions or disposition in limit.dispositions)
            and (not limit.topics or topic in limit.topics)
        ):
            return Due(rule=limit.id, hours=limit.hours)
    return Due()
