"""What the store gives back of an appeal: plain values, detached from any connection."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Row

from jiesu.schema import Speaker, Tier, Verdict
from jiesu.text.turns import find_turns

Outcome = Literal["new", "same", "conflict"]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a row; `id` is the record's, `verdict` the stored one, None at conflict."""

    id: str
    outcome: Outcome
    verdict: Verdict | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppealRecord:
    """A stored appeal. `text`, `title` and `address` are redacted; offsets of the verdict point
    into the text as it came, `jiesu.review.marks` carries them over.

    received: `received_at` as a moment (Beijing time if it names no zone), else when it was
    stored. version: of the verdict.
    """

    id: str
    text: str = field(repr=False)
    is_transcript: bool
    title: str | None = field(repr=False)
    address: str | None = field(repr=False)
    channel: str | None
    area: str | None
    subdistrict: str | None
    registered_type: str | None
    related_ids: tuple[str, ...]
    received_at: str | None
    received: datetime
    stored_at: datetime
    key_id: int | None
    has_original: bool
    version: int
    verdict: Verdict = field(repr=False)

    def turns(self) -> list[tuple[Speaker, int, int]]:
        """Return who says what, as (speaker, start, end) in `text`; empty without speakers."""
        return find_turns(self.text, known=self.is_transcript)


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """One version of a verdict."""

    version: int
    verdict: Verdict = field(repr=False)
    tier: Tier
    bundle: str
    created_at: datetime


def appeal_record(row: Row[Any]) -> AppealRecord:
    """Return a row of appeals joined with their latest verdicts."""
    return AppealRecord(
        id=row.id,
        text=row.text,
        is_transcript=row.is_transcript,
        title=row.title,
        address=row.address,
        channel=row.channel,
        area=row.area,
        subdistrict=row.subdistrict,
        registered_type=row.registered_type,
        related_ids=tuple(json.loads(row.related_ids)),
        received_at=row.received_at,
        received=row.received,
        stored_at=row.stored_at,
        key_id=row.key_id,
        has_original=row.original is not None,
        version=row.version,
        verdict=Verdict.model_validate_json(row.body),
    )


def verdict_record(row: Row[Any]) -> VerdictRecord:
    """Return a row of verdicts."""
    return VerdictRecord(
        version=row.version,
        verdict=Verdict.model_validate_json(row.body),
        tier=cast("Tier", row.tier),
        bundle=row.bundle,
        created_at=row.created_at,
    )
