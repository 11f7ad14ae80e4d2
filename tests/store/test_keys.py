"""API keys: shown once, hashed, scoped, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from jiesu.errors import InputError, StoreError
from jiesu.store import SCOPES, Store
from jiesu.store.location import store_url as url_of
from store_rows import DAY, HOUR, MINUTE, NOW, SECOND


def test_a_key_opens_what_it_is_for(store: Store) -> None:
    key = store.keys.create("call centre", ["score", "read", "read"], now=NOW)
    assert key.startswith("jsk_")
    assert len(key) > 40
    found = store.keys.verify(key, NOW)
    assert found is not None
    assert (found.name, found.scopes, found.is_active) == ("call centre", {"score", "read"}, True)
    assert store.keys.create("other", SCOPES) != key


@pytest.mark.parametrize("key", ["", "jsk_", "jsk_x", "x", "\ud800", "jsk_" + "路" * 10_000])
def test_no_other_opens_anything(store: Store, key: str) -> None:
    store.keys.create("call centre", ["score"], now=NOW)
    assert store.keys.verify(key, NOW) is None


def test_only_a_hash_is_kept(store: Store, store_url: str) -> None:
    key = store.keys.create("call centre", ["score"], now=NOW)
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        kept = str(connection.execute(text("SELECT * FROM api_keys")).fetchall())
    engine.dispose()
    assert key not in kept
    assert key[4:] not in kept
    assert key not in str([e.details for e in store.log.entries()])


def test_its_use_is_noted_to_the_minute(store: Store) -> None:
    key = store.keys.create("call centre", ["score"], now=NOW)

    def used() -> object:
        found = store.keys.get("call centre")
        assert found is not None
        return found.last_used

    assert used() is None
    store.keys.verify(key, NOW)
    store.keys.verify(key, NOW + 59 * SECOND)
    assert used() == NOW, "not written twice a minute"
    store.keys.verify(key, NOW + MINUTE)
    assert used() == NOW + MINUTE
    store.keys.verify(key, NOW - DAY)
    assert used() == NOW - DAY, "a clock that was set back does not stop it"


def test_a_key_opens_even_if_its_use_cannot_be_noted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store.keys.create("call centre", ["score"], now=NOW)

    def full(**_: object) -> None:
        raise StoreError("store_full", "full")

    monkeypatch.setattr(store.keys._database, "write", full)
    assert store.keys.verify(key, NOW) is not None


class TestRotation:
    """A new secret under the same name."""

    def test_the_old_one_ends_at_once(self, store: Store) -> None:
        old = store.keys.create("call centre", ["score"], now=NOW)
        new = store.keys.rotate("call centre", now=NOW)
        assert store.keys.verify(old, NOW) is None
        found = store.keys.verify(new, NOW)
        assert found is not None
        assert (found.scopes, found.rotated_at) == ({"score"}, NOW)

    def test_or_after_some_time(self, store: Store) -> None:
        old = store.keys.create("call centre", ["score"], now=NOW)
        new = store.keys.rotate("call centre", overlap=HOUR, now=NOW)
        assert store.keys.verify(old, NOW + HOUR - SECOND) is not None
        assert store.keys.verify(old, NOW + HOUR) is None
        assert store.keys.verify(new, NOW + HOUR) is not None

    def test_only_the_last_two_can_be_good(self, store: Store) -> None:
        first = store.keys.create("call centre", ["score"], now=NOW)
        second = store.keys.rotate("call centre", overlap=HOUR, now=NOW)
        third = store.keys.rotate("call centre", overlap=HOUR, now=NOW)
        good = [store.keys.verify(key, NOW) is not None for key in (first, second, third)]
        assert good == [False, True, True]

    def test_not_of_a_revoked_key(self, store: Store) -> None:
        store.keys.create("call centre", ["score"], now=NOW)
        store.keys.revoke("call centre", now=NOW)
        with pytest.raises(StoreError) as caught:
            store.keys.rotate("call centre", now=NOW)
        assert caught.value.code == "store_conflict"


def test_revoking_ends_it_with_its_predecessor(store: Store) -> None:
    old = store.keys.create("call centre", ["score"], now=NOW)
    new = store.keys.rotate("call centre", overlap=DAY, now=NOW)
    store.keys.revoke("call centre", now=NOW)
    store.keys.revoke("call centre", now=NOW + HOUR)
    assert store.keys.verify(old, NOW) is None
    assert store.keys.verify(new, NOW) is None
    [found] = store.keys.list()
    assert (found.is_active, found.revoked_at) == (False, NOW)
    kinds = [e.kind for e in store.log.entries(subject="key:call centre")]
    assert kinds == ["key_created", "key_rotated", "key_revoked"]


@pytest.mark.parametrize("scopes", [[], ["root"], ["score", "root"], ["SCORE"], [""]])
def test_scopes_are_among_four(store: Store, scopes: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        store.keys.create("call centre", scopes)
    assert caught.value.code == "bad_scope"


@pytest.mark.parametrize("name", ["", "a\n", "<b>", "长" * 65])
def test_names_have_their_letters(store: Store, name: str) -> None:
    with pytest.raises(InputError) as caught:
        store.keys.create(name, ["score"])
    assert caught.value.code == "bad_name"


def test_a_name_is_taken_once_even_by_a_revoked_key(store: Store) -> None:
    store.keys.create("call centre", ["score"])
    store.keys.revoke("call centre")
    with pytest.raises(StoreError) as caught:
        store.keys.create("call centre", ["score"])
    assert caught.value.code == "store_conflict"


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_a_key_that_is_not_there(store: Store, change: str) -> None:
    with pytest.raises(StoreError) as caught:
        getattr(store.keys, change)("call centre")
    assert caught.value.code == "store_missing"
    assert store.keys.get("call centre") is None
    assert store.keys.get(1) is None


def test_a_long_overlap(store: Store) -> None:
    old = store.keys.create("call centre", ["score"], now=NOW)
    store.keys.rotate(1, overlap=timedelta(days=30), now=NOW)
    assert store.keys.verify(old, NOW + 29 * DAY) is not None
