"""Appeals with verdicts made by hand, for tests that need a store and no model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from jiesu.schema import (
    Advisory,
    Appeal,
    Candidate,
    Decision,
    Dispatch,
    Disposition,
    Flag,
    FlagKind,
    ModelInfo,
    Risk,
    TypeVerdict,
    Verdict,
)
from jiesu.store import Case, Review, Scored, Store

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
PASSWORD = "correct horse battery"
TEXT = "路灯坏了三天，晚上很黑，电话13812345678"
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def verdict(
    id: str,
    *,
    type: str = "complaint",
    function: str = "供电局",
    unit: str | None = "海口供电局",
    area: str | None = "龙华区",
    disposition: str = "normal",
    action: str = "review",
    reasons: Sequence[str] = ("unit_unsure",),
    risk: str = "none",
    confidence: float = 0.6,
    flags: Sequence[str] = (),
    bundle: str = "tiny",
    **fields: Any,
) -> Verdict:
    """Return a verdict as the engine would make it."""
    kinds = get_args(FlagKind)
    assert set(flags) <= set(kinds)
    return Verdict(
        id=id,
        type=TypeVerdict(code=type, name=None, confidence=confidence, scores={type: confidence}),
        dispatch=Dispatch(
            route="district",
            unit=unit,
            function=function,
            area=area,
            subdistrict=None,
            confidence=confidence,
            candidates=(Candidate(unit=unit or "", function=function, confidence=confidence),),
            catalogue="haikou-2018@2018.1",
            reason="unit_unsure",
        ),
        disposition=Disposition(code=disposition, basis="", confidence=1.0),
        advisory=Advisory(
            flagged=bool(flags),
            flags=tuple(
                Flag(kind=kind, actor="caller", start=0, end=2, text="路灯", confidence=0.9)
                for kind in flags
            ),
        ),
        risk=Risk(level=risk),
        decision=Decision(action=action, reasons=tuple(reasons if action == "review" else ())),
        model=ModelInfo(bundle=bundle, version="1", tier="linear", jurisdiction="haikou-2018"),
        **fields,
    )


def appeal(id: str, text: str = TEXT, **fields: Any) -> Appeal:
    """Return an appeal; a received_at of None is when it is stored."""
    return Appeal(id=id, text=text, **fields)


def scored(
    id: str,
    text: str = TEXT,
    *,
    received_at: str | None = None,
    key_id: int | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Scored:
    """Return an appeal with its verdict, ready to be stored."""
    return Scored(
        appeal(id, text, received_at=received_at),
        verdict(id, **fields),
        key_id=key_id,
        idempotency_key=idempotency_key,
    )


def fill(store: Store, count: int, *, now: datetime = NOW, **fields: Any) -> list[str]:
    """Store some appeals a minute apart, the first longest ago, and return their ids."""
    rows = [
        scored(
            f"a{number:04}",
            f"{number}。{TEXT}",
            received_at=(now - (count - number) * MINUTE).isoformat(),
            **fields,
        )
        for number in range(count)
    ]
    store.appeals.put(rows, now=now)
    return [row.appeal.id for row in rows]


def user(store: Store, name: str = "li", role: Any = "supervisor") -> int:
    """Create a user without a password, which costs no time, and return the id."""
    return store.users.create(name, None, role, now=NOW).id


def take(store: Store, user_id: int, now: datetime = NOW) -> Case:
    """Return the next case, claimed."""
    case = store.reviews.claim_next(user_id, now=now)
    assert case is not None
    return case


def review(
    store: Store,
    user_id: int,
    changes: dict[str, Any] | None = None,
    *,
    now: datetime = NOW,
) -> Review:
    """Take the next case and decide it: accepted, or corrected by the changes."""
    case = take(store, user_id, now)
    action = "correct" if changes else "accept"
    return store.reviews.decide(case.id, user_id, action, changes, now=now)
