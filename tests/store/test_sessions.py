"""Browser sessions: found by their secret, over when idle or old, whatever the clock does."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from jiesu.errors import StoreError
from jiesu.store import Store
from jiesu.store.location import store_url as url_of
from store_rows import DAY, HOUR, MINUTE, NOW, SECOND, user


def test_a_session_is_its_users(store: Store) -> None:
    li = user(store, "li", "admin")
    token = store.sessions.create(li, NOW)
    found = store.sessions.get(token, NOW)
    assert found is not None
    assert (found.user.id, found.user.name, found.user.role) == (li, "li", "admin")
    assert (found.created_at, found.last_seen) == (NOW, NOW)
    assert len(found.csrf) > 40
    assert found.csrf not in repr(found)


def test_every_session_has_secrets_of_its_own(store: Store) -> None:
    li = user(store)
    tokens = {store.sessions.create(li, NOW) for _ in range(3)}
    found = [store.sessions.get(token, NOW) for token in tokens]
    assert len(tokens) == 3
    assert len({one.csrf for one in found if one}) == 3


@pytest.mark.parametrize("token", ["", "jss_", "\ud800", "x" * 100_000])
def test_no_other_secret_finds_it(store: Store, token: str) -> None:
    store.sessions.create(user(store), NOW)
    assert store.sessions.get(token, NOW) is None


def test_only_a_hash_is_kept(store: Store, store_url: str) -> None:
    token = store.sessions.create(user(store), NOW)
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        assert token not in str(connection.execute(text("SELECT token FROM sessions")).fetchall())
    engine.dispose()


def test_it_is_over_when_idle(store: Store) -> None:
    token = store.sessions.create(user(store), NOW)
    assert store.sessions.get(token, NOW + 8 * HOUR) is None
    assert store.sessions.get(token, NOW + 8 * HOUR - SECOND) is not None
    assert store.sessions.get(token, NOW + 15 * HOUR) is not None, "use prolongs it"


def test_it_is_over_after_a_day(store: Store) -> None:
    token = store.sessions.create(user(store), NOW)
    for hours in range(1, 24):
        assert store.sessions.get(token, NOW + hours * HOUR) is not None
    assert store.sessions.get(token, NOW + DAY) is None


@pytest.mark.parametrize(
    ("jump", "expected", "reason"),
    [
        (-MINUTE, True, "set right by a little"),
        (-7 * HOUR, True, "less than it may be idle"),
        (-9 * HOUR, False, "more"),
        (-30 * DAY, False, "made by a clock that ran ahead: it must not live for a month"),
        (30 * DAY, False, "the clock runs ahead"),
    ],
)
def test_a_clock_that_jumps(store: Store, jump: object, expected: bool, reason: str) -> None:
    token = store.sessions.create(user(store), NOW)
    assert (store.sessions.get(token, NOW + jump) is not None) is expected, reason  # type: ignore[operator]


def test_it_lasts_where_the_store_can_only_be_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = store.sessions.create(user(store), NOW)

    def full(**_: object) -> None:
        raise StoreError("store_full", "full")

    monkeypatch.setattr(store.sessions._database, "write", full)
    assert store.sessions.get(token, NOW + HOUR) is not None


def test_it_can_be_ended(store: Store) -> None:
    li = user(store)
    first, second = store.sessions.create(li, NOW), store.sessions.create(li, NOW)
    store.sessions.revoke(first)
    store.sessions.revoke(first)
    assert store.sessions.get(first, NOW) is None
    assert store.sessions.get(second, NOW) is not None
    assert store.sessions.revoke_all(li) == 1
    assert store.sessions.get(second, NOW) is None


def test_its_user_must_be_there(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.sessions.create(99, NOW)
    assert caught.value.code == "store_missing"
    li = user(store)
    store.users.disable(li, now=NOW)
    with pytest.raises(StoreError):
        store.sessions.create(li, NOW)


def test_what_is_over_is_cleared_away(store: Store, store_url: str) -> None:
    li = user(store)
    for _ in range(3):
        store.sessions.create(li, NOW)
    store.sessions.create(li, NOW + 2 * DAY)
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar_one() == 1
    engine.dispose()
