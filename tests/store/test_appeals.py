"""Appeals: one record an id, redacted, with every verdict it has had."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from jiesu.engine import Engine
from jiesu.errors import InputError, StoreError
from jiesu.schema import Appeal, Turn
from jiesu.store import ID_LIMIT, Sampling, Scored, Store
from jiesu.store.location import store_url as url_of
from jiesu.text.turns import transcript
from store_rows import DAY, HOUR, NOW, TEXT, appeal, scored, verdict

MOBILE = "13812345678"
OpenStore = Callable[..., Store]


def test_a_new_appeal_is_stored_redacted(store: Store) -> None:
    [done] = store.appeals.put([scored("1", received_at="2026-11-01T08:00:00")], now=NOW)
    assert (done.id, done.outcome) == ("1", "new")
    found = store.appeals.get("1")
    assert found is not None
    assert found.text == TEXT.replace(MOBILE, "[手机号]")
    assert MOBILE not in found.verdict.model_dump_json()
    assert found.verdict == done.verdict
    assert found.received == datetime(2026, 11, 1, tzinfo=UTC), "without a zone it is Beijing time"
    assert (found.stored_at, found.version, found.has_original) == (NOW, 1, False)
    assert store.appeals.get("2") is None


def test_nothing_shows_a_text_by_accident(store: Store) -> None:
    row = scored("1", idempotency_key="key")
    [done] = store.appeals.put([row])
    shown = repr(row) + repr(done) + repr(store.appeals.get("1")) + repr(store.appeals.history("1"))
    assert "路灯" not in shown


def test_the_same_again_is_one_record(store: Store) -> None:
    store.appeals.put([scored("1")])
    [done] = store.appeals.put([scored("1", type="help")])
    assert done.outcome == "same"
    assert done.verdict is not None
    assert done.verdict.type.code == "complaint", "the stored verdict, not the new one"
    assert len(store.appeals.history("1")) == 1
    assert store.reviews.counts(now=datetime.now(UTC)).total == 1


def test_another_text_under_an_id_is_a_conflict_and_changes_nothing(store: Store) -> None:
    store.appeals.put([scored("1")])
    before = store.appeals.get("1")
    [done] = store.appeals.put([scored("1", "井盖不见了")])
    assert (done.outcome, done.verdict) == ("conflict", None)
    assert store.appeals.get("1") == before


def test_texts_that_differ_in_what_is_redacted_are_not_the_same(store: Store) -> None:
    store.appeals.put([scored("1")])
    [done] = store.appeals.put([scored("1", TEXT.replace(MOBILE, "13900000000"))])
    assert done.outcome == "conflict"


def test_a_batch_is_answered_in_order(store: Store) -> None:
    store.appeals.put([scored("1")])
    rows = [scored("2"), scored("1"), scored("2"), scored("1", "井盖"), scored("2", "井盖")]
    assert [(one.id, one.outcome) for one in store.appeals.put(rows)] == [
        ("2", "new"),
        ("1", "same"),
        ("2", "same"),
        ("1", "conflict"),
        ("2", "conflict"),
    ]
    assert store.appeals.put([]) == []
    assert store.appeals.count() == 2


def test_a_large_batch(store: Store) -> None:
    rows = [scored(str(number), f"{TEXT}{number}") for number in range(1200)]
    assert {one.outcome for one in store.appeals.put(rows)} == {"new"}
    assert {one.outcome for one in store.appeals.put(rows)} == {"same"}
    assert store.appeals.count() == 1200


class TestIdempotencyKey:
    """The sender's own key finds the record even where the id was not theirs."""

    def test_the_same_key_and_text_is_the_same_record(self, store: Store) -> None:
        store.appeals.put([scored("made-1", key_id=1, idempotency_key="k")])
        [done] = store.appeals.put([scored("made-2", key_id=1, idempotency_key="k")])
        assert (done.id, done.outcome) == ("made-1", "same")
        assert store.appeals.get("made-2") is None

    def test_the_same_key_with_another_text_is_a_conflict(self, store: Store) -> None:
        store.appeals.put([scored("1", key_id=1, idempotency_key="k")])
        [done] = store.appeals.put([scored("2", "井盖不见了", key_id=1, idempotency_key="k")])
        assert done.outcome == "conflict"
        assert store.appeals.get("2") is None

    def test_every_sender_has_keys_of_its_own(self, store: Store) -> None:
        store.appeals.put([scored("1", key_id=1, idempotency_key="k")])
        [done] = store.appeals.put([scored("2", "井盖不见了", key_id=2, idempotency_key="k")])
        assert done.outcome == "new"

    def test_a_key_first_seen_with_a_known_id_counts_from_then_on(self, store: Store) -> None:
        store.appeals.put([scored("1")])
        [done] = store.appeals.put([scored("1", key_id=1, idempotency_key="k")])
        assert done.outcome == "same"
        [done] = store.appeals.put([scored("2", "井盖", key_id=1, idempotency_key="k")])
        assert done.outcome == "conflict"

    def test_inside_one_batch(self, store: Store) -> None:
        rows = [
            scored("1", key_id=1, idempotency_key="k"),
            scored("2", key_id=1, idempotency_key="k"),
            scored("3", "井盖", key_id=1, idempotency_key="k"),
        ]
        found = [(one.id, one.outcome) for one in store.appeals.put(rows)]
        assert found == [("1", "new"), ("1", "same"), ("1", "conflict")]
        assert store.appeals.count() == 1


class TestOriginal:
    """The text as it came is kept only if wanted, and only encrypted."""

    KEY = Fernet.generate_key()

    def test_kept_encrypted_and_reading_is_logged(self, opened: OpenStore) -> None:
        store = opened(store_original=True, key=self.KEY)
        store.appeals.put([scored("1")])
        record = store.appeals.get("1")
        assert record is not None
        assert record.has_original
        assert store.appeals.original("1", actor="user:7") == TEXT
        assert store.appeals.original("2", actor="user:7") is None
        entry = store.log.entries(subject="1")[-1]
        assert (entry.kind, entry.actor) == ("original_read", "user:7")

    def test_no_key_no_originals(self, opened: OpenStore) -> None:
        with pytest.raises(StoreError, match="JIESU_STORE_KEY") as caught:
            opened(store_original=True)
        assert caught.value.code == "store_key"

    def test_the_key_comes_from_the_environment(
        self, opened: OpenStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JIESU_STORE_KEY", self.KEY.decode())
        store = opened(store_original=True)
        store.appeals.put([scored("1")])
        assert store.appeals.original("1", actor="cli") == TEXT

    def test_another_key_opens_nothing(self, opened: OpenStore) -> None:
        opened(store_original=True, key=self.KEY).appeals.put([scored("1")])
        with pytest.raises(StoreError) as caught:
            opened(key=Fernet.generate_key()).appeals.original("1", actor="cli")
        assert caught.value.code == "store_key"

    def test_a_new_key_before_the_old_one_changes_nothing(self, opened: OpenStore) -> None:
        opened(store_original=True, key=self.KEY).appeals.put([scored("1")])
        both = opened(store_original=True, key=Fernet.generate_key() + b"," + self.KEY)
        assert both.appeals.original("1", actor="cli") == TEXT
        assert both.appeals.put([scored("1")])[0].outcome == "same"
        assert both.appeals.put([scored("1", "井盖")])[0].outcome == "conflict"

    def test_after_a_change_of_key_redacted_texts_are_compared(self, opened: OpenStore) -> None:
        opened().appeals.put([scored("1")])
        other = opened(key=self.KEY)
        assert other.appeals.put([scored("1")])[0].outcome == "same"
        assert other.appeals.put([scored("1", "井盖")])[0].outcome == "conflict"

    def test_what_is_no_key(self, opened: OpenStore) -> None:
        with pytest.raises(StoreError) as caught:
            opened(key=b"geheim")
        assert caught.value.code == "store_key"
        assert "geheim" not in caught.value.message


class TestVersions:
    """Every verdict is kept; the last one counts."""

    def test_a_later_verdict(self, store: Store) -> None:
        store.appeals.put([scored("1")], now=NOW)
        later = verdict("1", type="help", bundle="next")
        done = store.appeals.add_verdict("1", later, now=NOW + HOUR)
        assert (done.version, done.bundle, done.tier) == (2, "next 1", "linear")
        history = store.appeals.history("1")
        assert [one.version for one in history] == [1, 2]
        assert [one.verdict.type.code for one in history] == ["complaint", "help"]
        assert [one.created_at for one in history] == [NOW, NOW + HOUR]
        record = store.appeals.get("1")
        assert record is not None
        assert (record.version, record.verdict) == (2, later)
        assert store.reviews.queue(now=NOW + HOUR).items[0].type == "help"
        assert len(store.reviews.cases_of("1")) == 1

    def test_the_case_moves_to_where_it_belongs(self, store: Store) -> None:
        store.appeals.put([scored("1"), scored("2", "二", risk="watch")], now=NOW)
        assert [c.appeal_id for c in store.reviews.queue(now=NOW).items] == ["2", "1"]
        store.appeals.add_verdict("1", verdict("1", risk="urgent"), now=NOW)
        assert [c.appeal_id for c in store.reviews.queue(now=NOW).items] == ["1", "2"]

    def test_it_opens_a_case_where_none_is_open(self, store: Store) -> None:
        store.appeals.put([scored("1", action="auto")], now=NOW)
        assert store.reviews.cases_of("1") == []
        store.appeals.add_verdict("1", verdict("1"), now=NOW)
        assert [case.kind for case in store.reviews.cases_of("1")] == ["review"]

    def test_of_an_appeal_that_is_not_there(self, store: Store) -> None:
        with pytest.raises(StoreError) as caught:
            store.appeals.add_verdict("1", verdict("1"))
        assert caught.value.code == "store_missing"
        assert store.appeals.history("1") == []


class TestPage:
    """The read view: by time of receipt, the last first, a page at a time."""

    def test_pages_follow_one_another(self, store: Store) -> None:
        rows = [
            scored(f"{number}", f"{TEXT}{number}", received_at=(NOW + number * HOUR).isoformat())
            for number in range(7)
        ]
        store.appeals.put(rows, now=NOW + DAY)
        seen: list[str] = []
        after = None
        for _ in range(3):
            page = store.appeals.page(after=after, limit=3)
            seen += [record.id for record in page.items]
            after = page.next
        assert seen == ["6", "5", "4", "3", "2", "1", "0"]
        assert after is None

    def test_equal_times_lose_nobody(self, store: Store) -> None:
        store.appeals.put([scored(f"{n}", f"{TEXT}{n}") for n in range(5)], now=NOW)
        first = store.appeals.page(limit=2)
        second = store.appeals.page(limit=9, after=first.next)
        assert sorted(r.id for r in [*first.items, *second.items]) == ["0", "1", "2", "3", "4"]

    def test_filters(self, store: Store) -> None:
        store.appeals.put(
            [
                scored("1", received_at="2026-10-01T00:00:00+00:00", type="help"),
                scored("2", "二", received_at="2026-10-02T00:00:00+00:00", action="auto"),
                scored("3", "三", received_at="2026-10-03T00:00:00+00:00", function="公安局"),
            ],
            now=NOW,
        )

        def ids(**filters: object) -> list[str]:
            return [record.id for record in store.appeals.page(**filters).items]  # type: ignore[arg-type]

        second = datetime(2026, 10, 2, tzinfo=UTC)
        assert ids(since=second) == ["3", "2"]
        assert ids(until=second) == ["1"]
        assert ids(type="help") == ["1"]
        assert ids(function="公安局") == ["3"]
        assert ids(is_open=True) == ["3", "1"]
        assert ids(is_open=False) == ["2"]
        assert store.appeals.open_ids(["1", "2", "3", "4"]) == {"1", "3"}

    @pytest.mark.parametrize("after", ["", "x", "bm8", "WzEsIDJd路", "W10", "WzEuNSwgMl0"])
    def test_what_is_no_cursor(self, store: Store, after: str) -> None:
        with pytest.raises(InputError) as caught:
            store.appeals.page(after=after)
        assert caught.value.code == "bad_cursor"


def test_a_transcript_knows_its_turns(store: Store) -> None:
    turns = (Turn(speaker="operator", text="请讲"), Turn(speaker="caller", text=TEXT))
    one = Appeal(id="1", text=transcript(turns), turns=turns)
    store.appeals.put([Scored(one, verdict("1"))])
    record = store.appeals.get("1")
    assert record is not None
    said = [(who, record.text[start:end]) for who, start, end in record.turns()]
    assert said == [("operator", "请讲"), ("caller", TEXT.replace(MOBILE, "[手机号]"))]


def test_other_fields_of_the_record_are_kept_without_persons(store: Store) -> None:
    one = appeal(
        "1",
        title=f"联系{MOBILE}",
        address="海垦路12号3栋402室",
        channel="电话",
        area="龙华区",
        subdistrict="海垦街道",
        registered_type="投诉",
        related_ids=("0", "00"),
        caller=MOBILE,
    )
    store.appeals.put([Scored(one, verdict("1"))])
    record = store.appeals.get("1")
    assert record is not None
    assert record.title == "联系[手机号]"
    assert record.address is not None
    assert "402" not in record.address
    assert (record.channel, record.area, record.subdistrict) == ("电话", "龙华区", "海垦街道")
    assert (record.registered_type, record.related_ids) == ("投诉", ("0", "00"))


@pytest.mark.parametrize("written", [None, "昨天", "0001-01-01", "9999-12-31T23:59:59-23:00"])
def test_a_time_of_receipt_that_cannot_be_ordered(store: Store, written: str | None) -> None:
    store.appeals.put([scored("1", received_at=written)], now=NOW)
    record = store.appeals.get("1")
    assert record is not None
    assert (record.received, record.received_at) == (NOW, written)


@pytest.mark.parametrize("id", ["", "长" * (ID_LIMIT + 1)])
def test_an_id_that_no_index_holds(store: Store, id: str) -> None:
    with pytest.raises(InputError) as caught:
        store.appeals.put([scored("1"), scored(id)])
    assert caught.value.code == "bad_id"
    assert store.appeals.count() == 0, "nothing of the batch is stored"
    assert store.appeals.put([scored("长" * ID_LIMIT)])[0].outcome == "new"


# One store for all texts: each has an id of its own.
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=st.text(min_size=1), id=st.text(min_size=1, max_size=ID_LIMIT))
def test_any_text_comes_back_as_it_went_in(store: Store, words: str, id: str) -> None:
    first = store.appeals.put([scored(id, words)])[0]
    # Two ids that only differ in what no database can write are one.
    if first.outcome == "new":
        assert store.appeals.put([scored(id, words)])[0].outcome == "same"
    record = store.appeals.get(id)
    assert record is not None
    assert record.verdict.id == record.id


@pytest.mark.parametrize(
    "words",
    ["a\x00b", "\ud800路", "<script>", "'; DROP TABLE appeals; --", "\u202e路灯", "😀" * 99],
)
def test_hostile_texts_keep_their_offsets(store: Store, words: str) -> None:
    store.appeals.put([scored("1", words)])
    record = store.appeals.get("1")
    assert record is not None
    assert len(record.text) == len(words)


def test_no_text_in_logs_or_errors(
    opened: OpenStore, store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "psycopg"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        store = opened()
        store.appeals.put([scored("1")])
        store.appeals.get("1")
        engine = create_engine(url_of(store_url))
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE verdicts"))
        engine.dispose()
        with pytest.raises(StoreError) as caught:
            store.appeals.put([scored("2", "独一无二的井盖")])
        assert "独一无二" not in f"{caught.value!r}{caught.value.__cause__!r}"
    finally:
        for name in ("sqlalchemy", "sqlalchemy.engine", "sqlalchemy.pool", "alembic", "psycopg"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    assert "INSERT INTO appeals" in caplog.text, "else the test would see nothing"
    for part in ("路灯", "独一无二", MOBILE):
        assert part not in caplog.text


def test_real_verdicts_come_back_unchanged(
    store: Store, tiny_engine: Engine, samples: list[Appeal]
) -> None:
    verdicts = tiny_engine.score(samples[:40], redact=True)
    store.appeals.put([Scored(a, v) for a, v in zip(samples[:40], verdicts, strict=True)])
    found = store.appeals.get_many([a.id for a in samples[:40]])
    assert [found[v.id].verdict for v in verdicts] == verdicts
    assert [found[v.id].text for v in verdicts] == [v.redacted_text for v in verdicts]


def test_a_verdict_that_was_not_redacted_is_masked(
    store: Store, tiny_engine: Engine, samples: list[Appeal]
) -> None:
    one = samples[0].model_copy(update={"text": f"{samples[0].text}，请打{MOBILE}"})
    plain, masked = tiny_engine.score([one]), tiny_engine.score([one], redact=True)
    store.appeals.put([Scored(one, plain[0])])
    record = store.appeals.get(one.id)
    assert record is not None
    assert record.verdict == masked[0]


class TestDrawing:
    """What is decided automatically is audited now and then."""

    def test_audits_are_drawn_from_automatic_decisions_alone(self, opened: OpenStore) -> None:
        store = opened(sampling=Sampling(second=0, audit=0.2, seed="s"))
        rows = [scored(f"{n}", f"{TEXT}{n}", action="auto") for n in range(300)]
        rows += [scored(f"r{n}", f"{TEXT}r{n}") for n in range(20)]
        store.appeals.put(rows, now=NOW)
        kinds = store.reviews.counts(now=NOW).kinds
        assert kinds["review"] == 20
        assert 30 < kinds["audit"] < 90

    def test_without_a_seed_every_store_draws_its_own(self, opened: OpenStore) -> None:
        store = opened(sampling=Sampling(second=0, audit=0.5))
        store.appeals.put([scored(f"{n}", f"{n}", action="auto") for n in range(100)], now=NOW)
        assert 20 < store.reviews.counts(now=NOW).total < 80


def test_an_old_appeal_counts_its_age_up_to_a_week(store: Store) -> None:
    long_ago = (NOW - timedelta(days=900)).isoformat()
    week_ago = (NOW - timedelta(days=7)).isoformat()
    store.appeals.put([scored("1", received_at=long_ago), scored("2", received_at=week_ago)])
    first, second = store.reviews.queue(now=datetime.now(UTC)).items
    assert first.rank == pytest.approx(second.rank, abs=1e-3) or first.appeal_id == "2"
