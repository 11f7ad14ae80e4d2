"""Decisions: what they record, who may make them, how they are taken back."""

from __future__ import annotations

from typing import Any

import pytest

from jiesu.errors import InputError, StoreError
from jiesu.store import CHANGEABLE, Store
from store_rows import HOUR, MINUTE, NOW, SECOND, fill, review, scored, take, user, verdict


def test_accepting_closes_the_case(store: Store) -> None:
    fill(store, 2)
    li = user(store)
    done = review(store, li)
    assert (done.action, done.is_override, done.changes) == ("accept", False, {})
    assert done.final == done.shown
    assert (done.kind, done.user_id, done.key_id, done.version) == ("review", li, None, 1)
    assert (done.bundle, done.decided_at) == ("tiny 1", NOW)
    assert store.reviews.counts(now=NOW).total == 1
    assert store.reviews.get(done.id) == done
    assert store.reviews.of(done.appeal_id) == [done]
    case = store.reviews.case(done.case_id or 0)
    assert case is not None
    assert (case.is_open, case.closed_at, case.claimed_by) == (False, NOW, None)


def test_correcting_keeps_both_answers(store: Store) -> None:
    fill(store, 1)
    changes = {"type": "help", "function": "公安局", "unit": "龙华区公安局", "flags": []}
    done = review(store, user(store), changes)
    assert done.is_override
    assert (done.shown.type, done.final.type) == ("complaint", "help")
    assert (done.final.function, done.final.unit) == ("公安局", "龙华区公安局")
    assert done.final.area == done.shown.area, "what was not changed stays"
    assert done.changes == changes


def test_another_function_unit_leaves_the_exact_unit_open(store: Store) -> None:
    fill(store, 1)
    done = review(store, user(store), {"function": "公安局"})
    assert done.final.unit is None


def test_a_change_to_the_same_is_no_override(store: Store) -> None:
    fill(store, 1)
    assert not review(store, user(store), {"type": "complaint"}).is_override


def test_a_comment_is_redacted_before_it_is_stored(store: Store) -> None:
    fill(store, 1)
    li = user(store)
    case = take(store, li)
    done = store.reviews.decide(case.id, li, "accept", comment="回电13812345678", now=NOW)
    assert done.comment == "回电[手机号]"
    assert "回电" not in repr(done)


@pytest.mark.parametrize(
    ("action", "changes", "reason"),
    [
        ("accept", {"type": "help"}, "accepting changes nothing"),
        ("correct", {}, "correcting changes something"),
        ("correct", None, "the same"),
        ("correct", {"type": "投诉"}, "a name is no code"),
        ("correct", {"type": None}, "nor is nothing"),
        ("correct", {"type": ["help"]}, "nor a list"),
        ("correct", {"disposition": "x"}, "unknown disposition"),
        ("correct", {"flags": ["x"]}, "unknown flag"),
        ("correct", {"flags": "abuse"}, "no list"),
        ("correct", {"flags": [["abuse"]]}, "a list of lists"),
        ("correct", {"text": "路灯"}, "not changeable"),
        ("correct", {"function": ""}, "no name"),
        ("correct", {"function": None}, "a function unit is needed"),
        ("correct", {"function": "长" * 101}, "too long for a name"),
        ("correct", {"unit": "龙华区公安局"}, "an exact unit without its function"),
    ],
)
def test_changes_that_make_no_sense(
    store: Store, action: Any, changes: dict[str, Any] | None, reason: str
) -> None:
    fill(store, 1)
    li = user(store)
    case = take(store, li)
    with pytest.raises(InputError) as caught:
        store.reviews.decide(case.id, li, action, changes, now=NOW)
    assert caught.value.code == "bad_changes", reason
    assert store.reviews.counts(now=NOW).total == 1, "the case waits on"


def test_an_action_and_a_comment_have_their_bounds(store: Store) -> None:
    fill(store, 1)
    li = user(store)
    case = take(store, li)
    with pytest.raises(InputError, match="accept, correct, objection"):
        store.reviews.decide(case.id, li, "reject", now=NOW)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        store.reviews.decide(case.id, li, "accept", comment="长" * 2001, now=NOW)
    assert caught.value.code == "bad_comment"


def test_every_changeable_key_can_be_changed(store: Store) -> None:
    values: dict[str, Any] = {
        "type": "help",
        "disposition": "emergency",
        "route": "direct",
        "risk": "urgent",
        "function": "公安局",
        "unit": "龙华区公安局",
        "area": "美兰区",
        "subdistrict": "海府街道",
        "flags": ["threat", "abuse", "abuse"],
    }
    assert set(values) == set(CHANGEABLE)
    fill(store, 1)
    done = review(store, user(store), values)
    assert done.final.flags == ("abuse", "threat")
    for name in set(values) - {"flags"}:
        assert getattr(done.final, name) == values[name]


class TestWhoMayDecide:
    """Only who has the case, and only once."""

    def test_not_who_has_not_claimed_it(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        with pytest.raises(StoreError) as caught:
            store.reviews.decide(case.id, 2, "accept", now=NOW)
        assert caught.value.code == "store_conflict"

    def test_not_who_has_lost_it(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert store.reviews.claim(case.id, 2, NOW + HOUR)
        with pytest.raises(StoreError):
            store.reviews.decide(case.id, 1, "accept", now=NOW + HOUR)
        store.reviews.decide(case.id, 2, "accept", now=NOW + HOUR)

    def test_who_was_slow_but_has_lost_it_to_nobody(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        assert store.reviews.decide(case.id, 1, "accept", now=NOW + HOUR).id

    def test_the_same_again_is_the_same_review(self, store: Store) -> None:
        fill(store, 1)
        done = review(store, 1, {"type": "help"})
        again = store.reviews.decide(
            done.case_id or 0, 1, "correct", {"type": "help"}, now=NOW + SECOND
        )
        assert again == done
        assert len(store.reviews.of(done.appeal_id)) == 1

    def test_another_decision_on_a_closed_case(self, store: Store) -> None:
        fill(store, 1)
        done = review(store, 1, {"type": "help"})
        for who, changes in ((1, {"type": "report"}), (2, {"type": "help"})):
            with pytest.raises(StoreError) as caught:
                store.reviews.decide(done.case_id or 0, who, "correct", changes, now=NOW)
            assert caught.value.code == "store_conflict"

    def test_a_case_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(StoreError) as caught:
            store.reviews.decide(1, 1, "accept", now=NOW)
        assert caught.value.code == "store_missing"


class TestVersion:
    """A review is of the verdict that was on the screen."""

    def test_the_version_that_was_looked_at(self, store: Store) -> None:
        [id] = fill(store, 1)
        case = take(store, 1)
        store.appeals.add_verdict(id, verdict(id, type="help", bundle="next"), now=NOW)
        done = store.reviews.decide(case.id, 1, "accept", now=NOW, version=1)
        assert (done.version, done.bundle, done.final.type) == (1, "tiny 1", "complaint")

    def test_one_that_is_not_there(self, store: Store) -> None:
        fill(store, 1)
        case = take(store, 1)
        with pytest.raises(StoreError) as caught:
            store.reviews.decide(case.id, 1, "accept", now=NOW, version=2)
        assert caught.value.code == "store_missing"
        assert store.reviews.counts(now=NOW).total == 1


class TestUndo:
    """A decision can be taken back for ten seconds, by whoever made it."""

    @pytest.mark.parametrize(
        ("after", "expected", "reason"),
        [
            (0, True, "at once"),
            (10, True, "the last moment"),
            (11, False, "too late"),
            (-3, True, "a clock that was set right by a little"),
            (-3600, False, "one that was set back by an hour must not keep it open for an hour"),
        ],
    )
    def test_for_how_long(self, store: Store, after: int, expected: bool, reason: str) -> None:
        fill(store, 1)
        done = review(store, 1)
        assert store.reviews.undo(done.id, 1, NOW + after * SECOND) is expected, reason

    def test_the_case_is_ones_own_again(self, store: Store) -> None:
        fill(store, 1)
        done = review(store, 1, {"type": "help"})
        assert store.reviews.undo(done.id, 1, NOW + SECOND)
        assert not store.reviews.undo(done.id, 1, NOW + SECOND), "once"
        assert store.reviews.of(done.appeal_id) == []
        undone = store.reviews.get(done.id)
        assert undone is not None
        assert undone.undone_at == NOW + SECOND, "kept, but it counts no more"
        assert not store.reviews.claim(done.case_id or 0, 2, NOW + MINUTE)
        again = store.reviews.decide(done.case_id or 0, 1, "accept", now=NOW + MINUTE)
        assert [r.id for r in store.reviews.iterate()] == [again.id]

    def test_not_by_another(self, store: Store) -> None:
        fill(store, 1)
        done = review(store, 1)
        assert not store.reviews.undo(done.id, 2, NOW)
        assert not store.reviews.undo(999, 1, NOW)


class TestFeedback:
    """What another system says of an appeal, by its API key."""

    def test_it_closes_the_case(self, store: Store) -> None:
        [id] = fill(store, 1)
        done = store.reviews.feedback(id, 5, "correct", {"type": "help"}, "电话已回", now=NOW)
        assert (done.kind, done.key_id, done.user_id, done.case_id) == ("feedback", 5, None, None)
        assert (done.actor, done.final.type) == ("key:5", "help")
        assert store.reviews.counts(now=NOW).total == 0

    def test_but_not_under_a_supervisors_hands(self, store: Store) -> None:
        [id] = fill(store, 1)
        case = take(store, 1)
        store.reviews.feedback(id, 5, "accept", now=NOW)
        store.reviews.decide(case.id, 1, "accept", now=NOW)
        assert [r.kind for r in store.reviews.of(id)] == ["feedback", "review"]

    def test_the_same_again_is_one_review(self, store: Store) -> None:
        [id] = fill(store, 1)
        first = store.reviews.feedback(id, 5, "accept", now=NOW)
        assert store.reviews.feedback(id, 5, "accept", now=NOW + HOUR) == first
        other = store.reviews.feedback(id, 5, "correct", {"type": "help"}, now=NOW)
        assert other.id != first.id
        assert store.reviews.feedback(id, 6, "accept", now=NOW).key_id == 6
        assert len(store.reviews.of(id)) == 3

    def test_an_objection_opens_a_case(self, store: Store) -> None:
        store.appeals.put([scored("1", action="auto"), scored("2", "二")], now=NOW)
        store.reviews.feedback("1", 5, "objection", {"function": "公安局"}, "不归我管", now=NOW)
        [case] = store.reviews.cases_of("1")
        assert (case.kind, case.is_open) == ("objection", True)
        assert store.reviews.queue(now=NOW).items[0].appeal_id == "1", "before usual cases"
        assert store.reviews.counts(now=NOW).reasons["objection"] == 1

    def test_an_objection_to_what_waits_anyway(self, store: Store) -> None:
        [id] = fill(store, 1)
        store.reviews.feedback(id, 5, "objection", now=NOW)
        assert [case.kind for case in store.reviews.cases_of(id)] == ["review"]

    def test_of_an_appeal_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(StoreError) as caught:
            store.reviews.feedback("1", 5, "accept", now=NOW)
        assert caught.value.code == "store_missing"


def test_iterating_goes_by_period_and_page(store: Store) -> None:
    fill(store, 5)
    for number in range(5):
        review(store, 1, now=NOW + number * MINUTE)
    assert len(list(store.reviews.iterate())) == 5
    part = store.reviews.iterate(since=NOW + MINUTE, until=NOW + 3 * MINUTE)
    assert [r.decided_at for r in part] == [NOW + MINUTE, NOW + 2 * MINUTE]
    found = store.reviews.of_many([r.appeal_id for r in store.reviews.iterate()] + ["none"])
    assert {len(reviews) for reviews in found.values()} == {1}
    assert "none" not in found


def test_decisions_are_in_the_log_without_a_word_of_the_appeal(store: Store) -> None:
    [id] = fill(store, 1)
    done = review(store, 7, {"type": "help"})
    store.reviews.undo(done.id, 7, NOW)
    entries = store.log.entries(subject=id)
    assert [(e.kind, e.actor) for e in entries] == [
        ("verdict", "model"),
        ("review", "user:7"),
        ("review_undone", "user:7"),
    ]
    assert entries[1].details["changes"] == {"type": "help"}
    assert "路灯" not in str([dict(e.details) for e in entries])
