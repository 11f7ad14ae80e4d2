"""Agreement: textbook figures, undefined cases, and which views count."""

from __future__ import annotations

import pytest

from jiesu.review.agreement import agreements, cohen_kappa, krippendorff_alpha, overrides
from jiesu.store import Store
from store_rows import MINUTE, NOW, fill, review, scored, user


def test_kappa_of_the_textbook() -> None:
    # Cohen's coefficient of 20, 5, 10, 15 of 50 is .4.
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    found = cohen_kappa(pairs)
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(0.4), 50)
    assert found.low < 0.4 < found.high
    assert cohen_kappa(pairs) == found, "the same again"


def test_alpha_of_the_textbook() -> None:
    # Krippendorff, "Computing Krippendorff's alpha-reliability" (2011), C: nominal .743.
    units: list[list[int]] = [
        [1, 1, 1],
        [2, 2, 3, 2],
        [3, 3, 3, 3],
        [3, 3, 3, 3],
        [2, 2, 2, 2],
        [1, 2, 3, 4],
        [4, 4, 4, 4],
        [1, 1, 2, 1],
        [2, 2, 2, 2],
        [5, 5, 5],
        [1, 1],
        [3],
    ]
    found = krippendorff_alpha(units)
    assert found is not None
    assert found.value == pytest.approx(0.743, abs=5e-4)
    assert found.n == 11, "a single view says nothing"


@pytest.mark.parametrize(
    ("pairs", "expected", "reason"),
    [
        ([("a", "a"), ("b", "b")], 1.0, "all agree"),
        ([("a", "b"), ("b", "a")], -1.0, "none do, on two values"),
        ([("a", "a")] * 9, None, "one value only: chance explains it all"),
        ([], None, "no pairs"),
        ([(None, None), ("a", "a")], 1.0, "no value is a value"),
    ],
)
def test_kappa_at_its_ends(
    pairs: list[tuple[str, str]], expected: float | None, reason: str
) -> None:
    found = cohen_kappa(pairs)
    assert (found and found.value) == (expected and pytest.approx(expected)), reason


@pytest.mark.parametrize(
    ("units", "expected"),
    [([], None), ([["a"]], None), ([["a", "a"]] * 3, None), ([["a", "a"], ["b", "b"]], 1.0)],
)
def test_alpha_at_its_ends(units: list[list[str]], expected: float | None) -> None:
    found = krippendorff_alpha(units)
    assert (found and found.value) == (expected and pytest.approx(expected))


def test_blind_views_count_and_thirds_do_not(store: Store) -> None:
    li, wang, zhao = (user(store, name) for name in ("li", "wang", "zhao"))
    fill(store, 4)
    for number in range(4):
        review(store, li, {"type": "help"} if number < 2 else None)
    later = NOW + MINUTE
    for number in range(4):
        review(store, wang, {"type": "help"} if number < 1 else None, now=later)
    review(store, zhao, now=later + MINUTE)
    found = {one.label: one for one in agreements(store.reviews.iterate())}
    assert (found["type"].observed.hits, found["type"].observed.n) == (3, 4)
    assert found["type"].kappa is not None
    assert found["type"].kappa.value == pytest.approx(0.5)
    assert found["type"].alpha is not None
    assert found["type"].alpha.n == 4
    assert found["function"].kappa is None, "all say the same: nothing to tell from chance"
    assert found["function"].observed.value == 1.0


def test_checks_count_for_alpha(store: Store) -> None:
    store.appeals.put([scored("1", "一"), scored("2", "二")], now=NOW)
    for id in ("1", "2"):
        store.reviews.seed_check(id, {"type": "help"}, now=NOW, copies=3)
    for who in range(1, 4):
        for _ in range(9):
            case = store.reviews.claim_next(who, now=NOW)
            if case is None:
                break
            wrong = case.appeal_id == "2"
            changes = {"type": "help"} if wrong else None
            action = "correct" if wrong else "accept"
            store.reviews.decide(case.id, who, action, changes, now=NOW)
    [found] = [one for one in agreements(store.reviews.iterate()) if one.label == "type"]
    assert found.observed.n == 0
    assert found.alpha is not None
    assert (found.alpha.value, found.alpha.n) == (pytest.approx(1.0), 2)


def test_overrides_by_class_and_reviewer(store: Store) -> None:
    li, wang = user(store, "li"), user(store, "wang")
    rows = [scored(f"{n}", f"{n}", type="help" if n < 2 else "complaint") for n in range(6)]
    store.appeals.put(rows, now=NOW)
    for number in range(6):
        case = store.reviews.claim_next(li if number % 2 else wang, now=NOW)
        assert case is not None
        # Li overrules all complaints' units, Wang nothing.
        if number % 2:
            changes = {"function": "公安局"} if case.type == "complaint" else None
            action = "correct" if changes else "accept"
            store.reviews.decide(case.id, li, action, changes, now=NOW)
        else:
            store.reviews.decide(case.id, wang, "accept", now=NOW)
    found = overrides(store.reviews.iterate())
    assert (found.total.hits, found.total.n) == (2, 6)
    assert {k: (r.hits, r.n) for k, r in found.reviewers.items()} == {li: (2, 3), wang: (0, 3)}
    assert {k: (r.hits, r.n) for k, r in found.functions.items()} == {"供电局": (2, 6)}
    assert {k: (r.hits, r.n) for k, r in found.types.items()} == {
        "complaint": (0, 4),
        "help": (0, 2),
    }
    assert found.total.low is not None
    assert found.total.low < 2 / 6


def test_second_views_and_feedback_are_no_overrides(store: Store) -> None:
    [id] = fill(store, 1)
    review(store, 1)
    review(store, 2, {"type": "help"}, now=NOW + MINUTE)
    store.reviews.feedback(id, 5, "correct", {"type": "help"}, now=NOW + MINUTE)
    assert overrides(store.reviews.iterate()).total.n == 1
