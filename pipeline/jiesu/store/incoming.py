"""One scored appeal on its way into the store: redacted, hashed, summed up."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError

from jiesu.corpus.times import comparable
from jiesu.errors import InputError
from jiesu.schema import Appeal, Tier, Verdict
from jiesu.store import rank
from jiesu.store.draw import Sampling, is_drawn
from jiesu.store.tables import storable
from jiesu.store.vault import Vault
from jiesu.text.redact import redact

ID_LIMIT = 255
"""Characters of the longest id: an index of PostgreSQL holds no more than some 2,700 bytes."""

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Scored:
    """What is to be stored: an appeal as it came, its verdict, and who sent it.

    The verdict should be made with `redact=True`; otherwise it is masked here. tier: None is the
    verdict's own. idempotency_key: the sender's, one of its own API key `key_id`.
    """

    appeal: Appeal = field(repr=False)
    verdict: Verdict = field(repr=False)
    tier: Tier | None = None
    key_id: int | None = None
    idempotency_key: str | None = field(default=None, repr=False)


class Incoming(NamedTuple):
    """The rows that one appeal becomes. digest: of its idempotency key, None without one."""

    id: str
    verdict: Verdict
    columns: dict[str, Any]
    version: dict[str, Any]
    digest: str | None
    product: float
    since: datetime

    @property
    def body_hash(self) -> str:
        """sha256 of the verdict as stored."""
        return hashlib.sha256(self.version["body"].encode()).hexdigest()


def prepare(row: Scored, vault: Vault, at: datetime, *, keep_original: bool) -> Incoming:
    """Return what is to be written of a row. Raises InputError `bad_id`."""
    appeal = row.appeal
    if not 0 < len(appeal.id) <= ID_LIMIT:
        raise InputError(
            "bad_id", f"found an id of {len(appeal.id)} characters, expected 1 to {ID_LIMIT}"
        )
    verdict = row.verdict
    if verdict.redacted_text is None or verdict.pii is None:
        # Only now: it brings the whole engine, which `jiesu user` has no use for.
        from jiesu.engine.masking import masked

        verdict = masked(verdict, appeal.text)
    # What a supervisor reads is the text; the words as the model cut them are not kept.
    id = storable(appeal.id)
    verdict = _writable(verdict.model_copy(update={"id": id, "words": None}))
    received = moment(appeal.received_at) or at
    local = received.astimezone(_BEIJING)
    columns = {
        "id": id,
        "text": verdict.redacted_text or "",
        "is_transcript": bool(appeal.turns),
        "text_hash": vault.text_hash(appeal.text),
        "hashed_with": vault.name,
        "original": vault.encrypt(appeal.text) if keep_original else None,
        "title": _redacted(appeal.title),
        "address": _redacted(appeal.address),
        "channel": appeal.channel,
        "area": appeal.area,
        "subdistrict": appeal.subdistrict,
        "registered_type": appeal.registered_type,
        "related_ids": json.dumps(appeal.related_ids),
        "received_at": appeal.received_at,
        "received": received,
        "day": local.date().isoformat(),
        "hour": local.hour,
        "stored_at": at,
        "key_id": row.key_id,
        "version": 1,
        **summary(verdict),
    }
    digest = None
    if row.idempotency_key is not None:
        named = f"{row.key_id}\n{row.idempotency_key}".encode("utf-8", "replace")
        digest = hashlib.sha256(named).hexdigest()
    return Incoming(
        id,
        verdict,
        columns,
        _version(id, verdict, row.tier, 1, at),
        digest,
        rank.weights(verdict).product,
        rank.counted_from(received, at),
    )


def later(
    id: str, verdict: Verdict, *, tier: Tier | None, version: int, at: datetime, row: Any
) -> Incoming:
    """Return what is to be written of a later verdict; `row` has `received` and `stored_at`."""
    verdict = _writable(verdict.model_copy(update={"id": id}))
    return Incoming(
        id,
        verdict,
        {},
        _version(id, verdict, tier, version, at),
        None,
        rank.weights(verdict).product,
        rank.counted_from(row.received, row.stored_at),
    )


def summary(verdict: Verdict) -> dict[str, Any]:
    """Return the columns of an appeal that its latest verdict fills."""
    return {
        "type_code": verdict.type.code,
        "function": verdict.dispatch.function,
        "unit": verdict.dispatch.unit,
        "verdict_area": verdict.dispatch.area,
        "disposition": verdict.disposition.code,
        "action": verdict.decision.action,
        # Blanks on both sides: one pattern finds a code wherever it stands.
        "reasons": f" {' '.join(verdict.decision.reasons)} ",
        "flagged": verdict.advisory.flagged,
        "risk": verdict.risk.level,
        "confidence": min(verdict.type.confidence, verdict.dispatch.confidence),
        "bundle": _bundle(verdict),
    }


def case(one: Incoming, sampling: Sampling, at: datetime) -> dict[str, Any] | None:
    """Return the case that an appeal becomes: a review, perhaps an audit, or none."""
    if one.verdict.decision.action == "review":
        return new_case(one.id, "review", rank.rank(one.product, one.since), at=at)
    if is_drawn(one.id, sampling.audit, seed=sampling.seed or "", purpose="audit"):
        return new_case(one.id, "audit", rank.rank(rank.PLAIN, one.since), at=at)
    return None


def new_case(
    appeal_id: str,
    kind: str,
    key: float,
    *,
    at: datetime,
    available: datetime | None = None,
    parent: int | None = None,
) -> dict[str, Any]:
    """Return the columns of a case that opens at a moment."""
    return {
        "appeal_id": appeal_id,
        "kind": kind,
        "is_open": True,
        "rank": key,
        "opened_at": at,
        "available_at": available or at,
        "closed_at": None,
        "parent_id": parent,
        "claimed_by": None,
        "claimed_until": None,
    }


def moment(written: str | None) -> datetime | None:
    """Return a time of receipt as a moment; without a zone it is Beijing time.

    None for what cannot be read, or lies so far off that a database could not order it.
    """
    if written is None:
        return None
    try:
        found = comparable(written).replace(tzinfo=_BEIJING)
    except (ValueError, OverflowError):
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _writable(verdict: Verdict) -> Verdict:
    """Return a verdict that JSON can hold: a lone surrogate of its text becomes U+FFFD."""
    try:
        verdict.model_dump_json()
    except PydanticSerializationError:
        plain = json.dumps(verdict.model_dump(), ensure_ascii=False)
        return Verdict.model_validate_json(storable(plain))
    return verdict


def _version(
    id: str, verdict: Verdict, tier: Tier | None, version: int, at: datetime
) -> dict[str, Any]:
    return {
        "appeal_id": id,
        "version": version,
        "tier": tier or verdict.model.tier,
        "bundle": _bundle(verdict),
        "body": storable(verdict.model_dump_json()),
        "created_at": at,
    }


def _bundle(verdict: Verdict) -> str:
    return f"{verdict.model.bundle} {verdict.model.version}"


def _redacted(text: str | None) -> str | None:
    return redact(text)[0] if text else None
