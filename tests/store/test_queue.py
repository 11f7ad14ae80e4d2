"""The queue: its order, its pages, its counts, and that a case has one owner at a time."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from jiesu.errors import InputError
from jiesu.store import Filters, Store
from store_rows import DAY, HOUR, MINUTE, NOW, SECOND, TEXT, fill, scored, take, user


def ids(store: Store, filters: Filters | None = None, **options: object) -> list[str]:
    page = store.reviews.queue(filters, now=NOW, **options)  # type: ignore[arg-type]
    return [case.appeal_id for case in page.items]


def test_the_order_is_risk_times_uncertainty_times_age(store: Store) -> None:
    fresh = NOW.isoformat()
    store.appeals.put(
        [
            scored("plain", "一", received_at=fresh, confidence=0.5),
            scored("sure", "二", received_at=fresh, confidence=0.95),
            scored("watched", "三", received_at=fresh, confidence=0.5, risk="watch"),
            scored("urgent", "四", received_at=fresh, confidence=0.99, risk="urgent"),
            scored("older", "五", received_at=(NOW - DAY).isoformat(), confidence=0.5),
        ],
        now=NOW,
    )
    assert ids(store) == ["urgent", "watched", "older", "plain", "sure"]
    case = store.reviews.queue(now=NOW).items[3]
    assert case.priority(NOW + 3 * DAY) == pytest.approx(8 * case.priority(NOW))


def test_pages_follow_one_another_without_gap_or_repeat(store: Store) -> None:
    fill(store, 23)
    whole = ids(store)
    assert len(whole) == 23
    seen: list[str] = []
    after = None
    while True:
        page = store.reviews.queue(None, after, 5, now=NOW)
        seen += [case.appeal_id for case in page.items]
        after = page.next
        if after is None:
            break
    assert seen == whole


def test_equal_priorities_lose_nobody(store: Store) -> None:
    store.appeals.put([scored(f"{n}", f"{TEXT}{n}") for n in range(7)], now=NOW)
    first = store.reviews.queue(None, None, 3, now=NOW)
    second = store.reviews.queue(None, first.next, 99, now=NOW)
    assert len({c.appeal_id for c in [*first.items, *second.items]}) == 7


def test_what_is_decided_automatically_does_not_wait(store: Store) -> None:
    store.appeals.put([scored("1", action="auto"), scored("2", "二")])
    assert [c.appeal_id for c in store.reviews.queue(now=NOW + 9999 * DAY).items] == ["2"]


@pytest.mark.parametrize(
    ("filters", "expected", "reason"),
    [
        (Filters(), {"1", "2", "3"}, "all"),
        (Filters(type="help"), {"1"}, "by type"),
        (Filters(function="公安局"), {"2"}, "by function unit"),
        (Filters(area="美兰区"), {"3"}, "by area"),
        (Filters(reason="type_unsure"), {"2", "3"}, "by reason, wherever it stands"),
        (Filters(reason="unsure"), set(), "a part of a code is no code"),
        (Filters(reason="%"), set(), "nor a pattern"),
        (Filters(kind="review"), {"1", "2", "3"}, "by kind"),
        (Filters(kind="audit"), set(), "by another kind"),
        (Filters(since=NOW - HOUR), {"3"}, "received since"),
        (Filters(until=NOW - HOUR), {"1", "2"}, "received before"),
        (Filters(since=NOW - DAY, until=NOW - HOUR), {"2"}, "both"),
        (Filters(least_confidence=0.5), {"2", "3"}, "sure enough, the bound included"),
        (Filters(most_confidence=0.5), {"1", "2"}, "unsure enough, the bound included"),
        (Filters(type="complaint", area="美兰区"), {"3"}, "two at once"),
    ],
)
def test_filters(store: Store, filters: Filters, expected: set[str], reason: str) -> None:
    store.appeals.put(
        [
            scored(
                "1",
                "一",
                type="help",
                confidence=0.3,
                received_at=(NOW - 2 * DAY).isoformat(),
                reasons=("unit_unsure",),
            ),
            scored(
                "2",
                "二",
                function="公安局",
                confidence=0.5,
                received_at=(NOW - 2 * HOUR).isoformat(),
                reasons=("type_unsure", "unit_unsure"),
            ),
            scored(
                "3",
                "三",
                area="美兰区",
                confidence=0.8,
                received_at=NOW.isoformat(),
                reasons=("maybe_repeat", "type_unsure"),
            ),
        ],
        now=NOW,
    )
    assert set(ids(store, filters)) == expected, reason
    assert store.reviews.counts(filters, now=NOW).total == len(expected), reason


def test_counts(store: Store) -> None:
    fill(store, 4)
    store.appeals.put([scored("b", "二", type="help", area=None, reasons=("a", "b"))], now=NOW)
    take(store, user(store))
    counts = store.reviews.counts(now=NOW)
    assert (counts.total, counts.claimed) == (5, 1)
    assert counts.types == {"complaint": 4, "help": 1}
    assert counts.areas == {"龙华区": 4, "": 1}
    assert counts.reasons == {"unit_unsure": 4, "a": 1, "b": 1}
    assert counts.kinds == {"review": 5}


def test_an_empty_queue(store: Store) -> None:
    assert store.reviews.queue(now=NOW).items == []
    assert store.reviews.claim_next(1, now=NOW) is None
    assert store.reviews.counts(now=NOW).total == 0
    assert store.reviews.case(1) is None
    assert not store.reviews.claim(1, 1, NOW)


@pytest.mark.parametrize("after", ["", "x", "WyJhIiwgMV0", "W05hTiwgMV0", "WzEuNSwgInh4Il0"])
def test_what_is_no_cursor_of_the_queue(store: Store, after: str) -> None:
    with pytest.raises(InputError) as caught:
        store.reviews.queue(None, after, now=NOW)
    assert caught.value.code == "bad_cursor"


class TestClaims:
    """Two supervisors never get the same case."""

    def test_one_gets_it_and_the_other_does_not(self, store: Store) -> None:
        fill(store, 1)
        [case] = store.reviews.queue(now=NOW).items
        assert store.reviews.claim(case.id, 1, NOW)
        assert not store.reviews.claim(case.id, 2, NOW + MINUTE)
        assert [c.id for c in store.reviews.claims(1, now=NOW)] == [case.id]
        assert store.reviews.claims(2, now=NOW) == []

    def test_who_has_it_may_prolong_it(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert store.reviews.claim(case.id, 1, NOW + 14 * MINUTE)
        assert not store.reviews.claim(case.id, 2, NOW + 20 * MINUTE)

    def test_it_goes_back_by_itself(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert not store.reviews.claim(case.id, 2, NOW + 15 * MINUTE - SECOND)
        assert store.reviews.claim(case.id, 2, NOW + 15 * MINUTE)

    def test_it_can_be_given_back(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert not store.reviews.release(case.id, 2), "by its owner alone"
        assert store.reviews.release(case.id, 1)
        assert not store.reviews.release(case.id, 1)
        assert store.reviews.claim(case.id, 2, NOW)
        assert store.reviews.release(case.id, 9, force=True), "or by an administrator"

    def test_a_page_of_ones_own_leaves_out_what_others_have(self, store: Store) -> None:
        fill(store, 3)
        case = take(store, 1)
        assert len(ids(store)) == 3
        assert case.appeal_id in ids(store, user_id=1)
        assert case.appeal_id not in ids(store, user_id=2)
        assert store.reviews.counts(now=NOW, user_id=2).total == 2

    def test_the_next_one_is_the_most_pressing_that_is_free(self, store: Store) -> None:
        fill(store, 4)
        order = ids(store)
        assert take(store, 1).appeal_id == order[0]
        assert take(store, 2).appeal_id == order[1]
        assert take(store, 1).appeal_id == order[0], "one's own comes first again"

    def test_the_next_one_after_another(self, store: Store) -> None:
        fill(store, 3)
        order = [case.id for case in store.reviews.queue(now=NOW).items]
        seen = []
        after = None
        for _ in range(4):
            case = store.reviews.claim_next(1, now=NOW, after=after)
            assert case is not None
            seen.append(case.id)
            store.reviews.release(case.id, 1)
            after = case.id
        assert seen == [*order, order[0]], "behind the last one the queue begins anew"

    def test_the_only_one_is_not_its_own_next(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert store.reviews.claim_next(1, now=NOW, after=case.id) is None

    def test_the_next_one_by_filters(self, store: Store) -> None:
        fill(store, 3)
        store.appeals.put([scored("h", "二", type="help")], now=NOW)
        case = store.reviews.claim_next(1, Filters(type="help"), now=NOW)
        assert case is not None
        assert case.appeal_id == "h"
        assert store.reviews.claim_next(2, Filters(type="help"), now=NOW) is None

    @pytest.mark.parametrize("minutes", [0, -1, 121])
    def test_for_how_long(self, store: Store, minutes: int) -> None:
        fill(store, 1)
        with pytest.raises(InputError) as caught:
            store.reviews.claim_next(1, now=NOW, minutes=minutes)
        assert caught.value.code == "bad_claim"

    def test_many_threads_one_case(self, store: Store) -> None:
        fill(store, 1)
        [case] = store.reviews.queue(now=NOW).items
        won: list[int] = []
        barrier = threading.Barrier(8)

        def run(who: int) -> None:
            barrier.wait()
            if store.reviews.claim(case.id, who, NOW):
                won.append(who)

        threads = [threading.Thread(target=run, args=(who,)) for who in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        found = store.reviews.case(case.id)
        assert found is not None
        assert found.claimed_by == won[0]

    def test_many_threads_many_cases(self, store: Store) -> None:
        fill(store, 40)
        taken: list[int] = []

        def run(who: int) -> None:
            after = None
            for _ in range(10):
                case = store.reviews.claim_next(who, now=NOW, after=after)
                assert case is not None
                taken.append(case.id)
                after = case.id

        threads = [threading.Thread(target=run, args=(who,)) for who in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 40


def test_five_thousand_cases_stay_quick(store: Store) -> None:
    for start in range(0, 5_000, 1_000):
        rows = [
            scored(
                f"{n}",
                f"{n}",
                received_at=(NOW - timedelta(seconds=n)).isoformat(),
                type="help" if n % 50 == 0 else "complaint",
            )
            for n in range(start, start + 1_000)
        ]
        store.appeals.put(rows, now=NOW)
    seen, after = 0, None
    slowest = timedelta(0)
    for _ in range(40):
        began = _clock()
        page = store.reviews.queue(Filters(type="help"), after, 5, now=NOW, user_id=1)
        slowest = max(slowest, _clock() - began)
        seen += len(page.items)
        after = page.next
        if after is None:
            break
    assert seen == 100
    # A page of it takes some ten milliseconds on an idle machine.
    assert slowest < timedelta(seconds=1)


def _clock() -> timedelta:
    import time

    return timedelta(seconds=time.perf_counter())
