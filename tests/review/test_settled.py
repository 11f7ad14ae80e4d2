"""Which answer stands."""

from __future__ import annotations

from typing import Any

import pytest

from jiesu.review.settled import settle
from jiesu.store import Labels, Review
from store_rows import NOW

SHOWN = Labels("complaint", "供电局", "海口供电局", None, None, "normal", "direct", "none")


def view(kind: str, type: str = "complaint", **values: Any) -> Review:
    final = Labels(type, "供电局", "海口供电局", None, None, "normal", "direct", "none")
    fields: dict[str, Any] = {
        "id": 1,
        "appeal_id": "1",
        "case_id": 1,
        "kind": kind,
        "version": 1,
        "bundle": "tiny 1",
        "user_id": 1,
        "key_id": None,
        "action": "accept",
        "changes": {},
        "comment": "",
        "shown": SHOWN,
        "final": final,
        "is_override": False,
        "decided_at": NOW,
    }
    return Review(**{**fields, **values})


@pytest.mark.parametrize(
    ("views", "state", "type", "count", "reason"),
    [
        ([view("review")], "single", "complaint", 1, "one view"),
        ([view("audit", "help")], "single", "help", 1, "an audit is one too"),
        ([view("review"), view("second")], "agreed", "complaint", 2, "both say the same"),
        ([view("review"), view("second", "help")], "disputed", None, 2, "they do not"),
        (
            [view("review"), view("second", "help"), view("third", "help")],
            "third",
            "help",
            3,
            "a third has decided",
        ),
        (
            [view("review"), view("second", "help"), view("third", "report")],
            "third",
            "report",
            3,
            "whatever it says",
        ),
        (
            [view("review"), view("second", "help"), view("objection", "help")],
            "single",
            "help",
            1,
            "after an objection it begins anew",
        ),
        ([view("feedback", "help")], "feedback", "help", 1, "only another system spoke"),
        (
            [view("feedback", "help"), view("review")],
            "single",
            "complaint",
            1,
            "a supervisor's word goes before it",
        ),
        (
            [view("review"), view("feedback", "help")],
            "single",
            "complaint",
            1,
            "in any order",
        ),
        (
            [view("feedback", "help"), view("feedback", "report")],
            "feedback",
            "report",
            1,
            "the last of them",
        ),
        (
            [view("feedback", "help"), view("feedback", action="objection")],
            "feedback",
            "help",
            1,
            "a bare objection says nothing of who is right",
        ),
        (
            [view("feedback", "help", action="objection", changes={"type": "help"})],
            "feedback",
            "help",
            1,
            "one with an answer does",
        ),
        ([view("review"), view("check", "help")], "single", "complaint", 1, "checks do not count"),
    ],
)
def test_what_stands(
    views: list[Review], state: str, type: str | None, count: int, reason: str
) -> None:
    found = settle(views)
    assert found is not None, reason
    assert found.state == state, reason
    assert (found.labels and found.labels.type) == type, reason
    assert len(found.reviews) == count, reason


@pytest.mark.parametrize("views", [[], [view("check")], [view("feedback", action="objection")]])
def test_nothing_stands(views: list[Review]) -> None:
    assert settle(views) is None
