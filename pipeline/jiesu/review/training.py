"""Reviewed appeals as training rows: the answer that stands, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Literal, get_args

from jiesu.review.settled import Settled, settle
from jiesu.store import AppealRecord, Labels, Review, Store

Only = Literal["all", "changed", "objections"]
ONLY: tuple[Only, ...] = get_args(Only)

COLUMNS = (
    "id",
    "received_at",
    "text",
    "type",
    "unit",
    "unit_name",
    "area",
    "subdistrict",
    "disposition",
    "flags",
    "source",
    "settled",
    "action",
    "changed",
    "reviewers",
    "decided_at",
    "bundle",
    "dispatched_unit",
    "final_unit",
    "outcome",
    "reason",
    "objected_at",
)
"""The columns of a row. `jiesu train` reads `type`, `unit`, `disposition`; `jiesu objections` the
last five."""

_PAGE = 200


def training_rows(
    store: Store,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    only: Only = "all",
) -> Iterator[dict[str, Any]]:
    """Yield a row for each appeal that was reviewed in a period and whose answer stands.

    only: `changed`, where the answer is not the verdict's; `objections`, where a unit objected.
    Disputed appeals wait for their third view. The text is redacted. Raises StoreError.
    """
    users = {user.id: user.name for user in store.users.list()}
    keys = {key.id: key.name for key in store.keys.list()}

    def who(review: Review) -> str:
        if review.user_id is not None:
            return f"user:{users.get(review.user_id, review.user_id)}"
        return f"key:{keys.get(review.key_id or 0, review.key_id)}"

    seen: set[str] = set()
    page: list[str] = []
    for review in store.reviews.iterate(since=since, until=until):
        if review.appeal_id not in seen:
            seen.add(review.appeal_id)
            page.append(review.appeal_id)
        if len(page) == _PAGE:
            yield from _rows(store, page, only, who)
            page = []
    yield from _rows(store, page, only, who)


def _rows(
    store: Store, ids: list[str], only: Only, who: Callable[[Review], str]
) -> Iterator[dict[str, Any]]:
    appeals = store.appeals.get_many(ids)
    reviews = store.reviews.of_many(ids)
    for id in ids:
        given = reviews.get(id, [])
        found = settle(given)
        if id not in appeals or found is None or found.labels is None:
            continue
        shown = found.reviews[0].shown
        is_changed = bool(found.labels.differs(shown) or found.labels.unit != shown.unit)
        objection = next((one for one in reversed(given) if one.action == "objection"), None)
        if (only == "changed" and not is_changed) or (only == "objections" and objection is None):
            continue
        yield _row(appeals[id], found, found.labels, objection, who) | {"changed": is_changed}


def _row(
    appeal: AppealRecord,
    found: Settled,
    labels: Labels,
    objection: Review | None,
    who: Callable[[Review], str],
) -> dict[str, Any]:
    last, shown = found.reviews[-1], found.reviews[0].shown
    final_unit = labels.unit or labels.function
    row = dict.fromkeys(COLUMNS) | {
        "id": appeal.id,
        "received_at": appeal.received_at,
        "text": appeal.text,
        "type": labels.type,
        "unit": labels.function,
        "unit_name": labels.unit,
        "area": labels.area or appeal.area,
        "subdistrict": labels.subdistrict or appeal.subdistrict,
        "disposition": labels.disposition,
        "flags": list(labels.flags),
        "source": "review",
        "settled": found.state,
        "action": last.action,
        "reviewers": [who(review) for review in found.reviews],
        "decided_at": last.decided_at.isoformat(timespec="seconds"),
        "bundle": found.reviews[0].bundle,
        "dispatched_unit": shown.unit or shown.function,
        "final_unit": final_unit,
        "outcome": "rejected" if final_unit == (shown.unit or shown.function) else "upheld",
    }
    if objection is not None:
        row["reason"] = objection.comment or None
        row["objected_at"] = objection.decided_at.isoformat(timespec="seconds")
    if appeal.is_transcript:
        row["turns"] = [
            {"speaker": speaker, "text": appeal.text[start:end]}
            for speaker, start, end in appeal.turns()
        ]
    return row
