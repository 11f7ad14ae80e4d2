"""Further views: blind second ones, thirds, audits, seeded checks."""

from __future__ import annotations

from typing import Any

import pytest

from jiesu.errors import InputError, StoreError
from jiesu.store import Filters, Review, Sampling, Store
from store_rows import MINUTE, NOW, SECOND, fill, review, scored, take, user

LATER = NOW + MINUTE
ALWAYS = Sampling(second=1.0, audit=0.0, seed="s")


@pytest.fixture
def doubled(opened: Any) -> Store:
    """Return a store that gives every decided case to a second reviewer."""
    store: Store = opened(sampling=ALWAYS)
    return store


def first_and_second(store: Store, second: dict[str, Any] | None) -> tuple[Review, Review]:
    fill(store, 1)
    one = review(store, user(store, "li"), {"type": "help"})
    return one, review(store, user(store, "wang"), second, now=LATER)


class TestSecond:
    """A share of decided cases is looked at again by somebody who knows nothing of the first."""

    def test_it_waits_until_the_first_can_no_longer_be_undone(self, doubled: Store) -> None:
        fill(doubled, 1)
        done = review(doubled, 1)
        assert doubled.reviews.queue(now=NOW + 9 * SECOND).items == []
        [case] = doubled.reviews.queue(now=NOW + 10 * SECOND).items
        assert (case.kind, case.appeal_id) == ("second", done.appeal_id)

    def test_it_is_not_for_who_has_seen_the_appeal(self, doubled: Store) -> None:
        fill(doubled, 1)
        review(doubled, 1)
        [case] = doubled.reviews.queue(now=LATER).items
        assert doubled.reviews.queue(now=LATER, user_id=1).items == []
        assert doubled.reviews.counts(now=LATER, user_id=1).total == 0
        assert doubled.reviews.claim_next(1, now=LATER) is None
        assert not doubled.reviews.claim(case.id, 1, LATER)
        assert doubled.reviews.claim(case.id, 2, LATER)

    def test_it_never_shows_the_first_answer(self, doubled: Store) -> None:
        fill(doubled, 1)
        first = review(doubled, 1, {"type": "help"})
        take(doubled, 2, LATER)
        assert doubled.reviews.of(first.appeal_id, viewer=2) == []
        assert doubled.reviews.of(first.appeal_id, viewer=1) == [first], "one's own"
        review(doubled, 2, {"type": "help"}, now=LATER)
        assert len(doubled.reviews.of(first.appeal_id, viewer=3)) == 2, "once it is decided"

    def test_agreement_ends_it(self, doubled: Store) -> None:
        _, second = first_and_second(doubled, {"type": "help"})
        assert second.kind == "second"
        assert doubled.reviews.queue(now=LATER + MINUTE).items == []

    def test_disagreement_goes_to_a_third(self, doubled: Store) -> None:
        first_and_second(doubled, None)
        assert doubled.reviews.queue(now=LATER).items == [], "not before it could be undone"
        [case] = doubled.reviews.queue(now=LATER + MINUTE).items
        assert case.kind == "third"
        for known in (1, 2):
            assert not doubled.reviews.claim(case.id, known, LATER + MINUTE)
        third = review(doubled, user(doubled, "zhao"), {"type": "help"}, now=LATER + MINUTE)
        assert third.kind == "third"
        assert len(doubled.reviews.of(third.appeal_id)) == 3
        assert doubled.reviews.queue(now=LATER + 2 * MINUTE).items == [], "there is no fourth"

    def test_undoing_the_first_takes_it_back(self, doubled: Store) -> None:
        fill(doubled, 1)
        done = review(doubled, 1)
        assert doubled.reviews.undo(done.id, 1, NOW + SECOND)
        assert [c.kind for c in doubled.reviews.queue(now=LATER).items] == ["review"]

    def test_a_first_that_a_second_has_gone_on_from_stays(self, doubled: Store) -> None:
        fill(doubled, 1)
        done = review(doubled, 1)
        # The clock jumps forward for a moment, and back.
        take(doubled, 2, LATER)
        assert not doubled.reviews.undo(done.id, 1, NOW + SECOND)

    def test_undoing_a_second_takes_the_third_back(self, doubled: Store) -> None:
        _, second = first_and_second(doubled, None)
        assert doubled.reviews.undo(second.id, second.user_id or 0, LATER)
        kinds = [case.kind for case in doubled.reviews.cases_of(second.appeal_id)]
        assert kinds == ["review", "second"]

    def test_a_share_is_drawn_later_too(self, store: Store) -> None:
        fill(store, 30)
        for _ in range(20):
            review(store, 1)
        drawn = store.reviews.sample_second(0.5, "seed", now=LATER)
        assert 3 <= drawn <= 17
        assert store.reviews.sample_second(0.5, "seed", now=LATER) == 0, "the same again"
        more = store.reviews.sample_second(1.0, "seed", now=LATER)
        assert drawn + more == 20, "of the decided ones alone"
        assert store.reviews.sample_second(1.0, "seed", now=LATER, since=LATER) == 0
        counts = store.reviews.counts(Filters(kind="second"), now=LATER + MINUTE)
        assert counts.total == 20

    def test_what_was_undone_is_not_drawn(self, store: Store) -> None:
        fill(store, 1)
        done = review(store, 1)
        store.reviews.undo(done.id, 1, NOW)
        assert store.reviews.sample_second(1.0, "seed", now=LATER) == 0

    def test_feedback_of_another_system_is_not_drawn(self, store: Store) -> None:
        [id] = fill(store, 1)
        store.reviews.feedback(id, 5, "accept", now=NOW)
        assert store.reviews.sample_second(1.0, "seed", now=LATER) == 0

    @pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
    def test_what_is_no_share(self, store: Store, share: float) -> None:
        for draw in (store.reviews.sample_second, store.reviews.sample_audits):
            with pytest.raises(InputError) as caught:
                draw(share, "seed", now=NOW)
            assert caught.value.code == "bad_share"


class TestAudit:
    """Automatic decisions are looked at now and then."""

    def test_drawn_later(self, store: Store) -> None:
        rows = [scored(f"{n}", f"{n}", action="auto") for n in range(40)]
        store.appeals.put([*rows, scored("r", "二")], now=NOW)
        drawn = store.reviews.sample_audits(0.5, "seed", now=NOW)
        assert 8 <= drawn <= 32
        assert store.reviews.sample_audits(0.5, "seed", now=NOW) == 0
        assert drawn + store.reviews.sample_audits(1.0, "seed", now=NOW) == 40
        assert store.reviews.sample_audits(1.0, "seed", now=NOW, since=LATER) == 0

    def test_a_decided_audit_may_get_a_second_view(self, opened: Any) -> None:
        store: Store = opened(sampling=Sampling(second=1.0, audit=1.0, seed="s"))
        store.appeals.put([scored("1", action="auto")], now=NOW)
        assert review(store, 1).kind == "audit"
        assert review(store, 2, now=LATER).kind == "second"


class TestCheck:
    """An appeal with a known answer, once for each of several supervisors."""

    def test_each_supervisor_gets_it_once(self, store: Store) -> None:
        store.appeals.put([scored("1", action="auto")], now=NOW)
        cases = store.reviews.seed_check("1", {"type": "help"}, now=NOW, copies=2)
        assert len(cases) == 2
        assert store.reviews.answers() == {"1": {"type": "help"}}
        done = review(store, 1)
        assert done.kind == "check"
        assert store.reviews.claim_next(1, now=NOW) is None
        assert review(store, 2).kind == "check"
        assert store.reviews.queue(now=LATER).items == []

    def test_who_claimed_two_decides_one(self, store: Store) -> None:
        store.appeals.put([scored("1", action="auto")], now=NOW)
        first, second = store.reviews.seed_check("1", {"type": "help"}, now=NOW, copies=2)
        for case in (first, second):
            assert store.reviews.claim(case, 1, NOW)
        store.reviews.decide(first, 1, "accept", now=NOW)
        with pytest.raises(StoreError) as caught:
            store.reviews.decide(second, 1, "accept", now=NOW)
        assert caught.value.code == "store_conflict"

    def test_it_is_blind(self, store: Store) -> None:
        store.appeals.put([scored("1", action="auto")], now=NOW)
        store.reviews.seed_check("1", {"type": "help"}, now=NOW, copies=2)
        review(store, 1)
        assert store.reviews.of("1", viewer=2) == []

    def test_it_needs_an_answer_and_an_appeal(self, store: Store) -> None:
        store.appeals.put([scored("1")], now=NOW)
        for expected in ({}, {"type": "投诉"}):
            with pytest.raises(InputError):
                store.reviews.seed_check("1", expected, now=NOW)
        with pytest.raises(StoreError):
            store.reviews.seed_check("2", {"type": "help"}, now=NOW)
