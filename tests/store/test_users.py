"""Users: passwords, lockout, roles, and links that let in once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, text

from jiesu.errors import InputError, StoreError
from jiesu.store import Store
from jiesu.store.location import store_url as url_of
from store_rows import DAY, HOUR, MINUTE, NOW, PASSWORD, SECOND

WRONG = "not the password"


pytestmark = pytest.mark.usefixtures("quick_passwords")


def test_the_right_password_lets_in(store: Store) -> None:
    made = store.users.create("li.wei", PASSWORD, "admin", now=NOW)
    assert (made.name, made.role, made.has_password, made.is_active) == (
        "li.wei",
        "admin",
        True,
        True,
    )
    found = store.users.verify("li.wei", PASSWORD, NOW + HOUR)
    assert found is not None
    assert (found.id, found.last_login) == (made.id, NOW + HOUR)
    assert store.users.get("li.wei") == store.users.get(made.id) == found
    assert store.users.get("x") is None


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("li", WRONG),
        ("li", ""),
        ("li", "\ud800" * 20),
        ("li", "长" * 100_000),
        ("wang", PASSWORD),
        ("", PASSWORD),
        ("li\x00", PASSWORD),
        ("nobody", PASSWORD),
    ],
)
def test_nothing_else_does(store: Store, name: str, password: str) -> None:
    store.users.create("li", PASSWORD, now=NOW)
    store.users.create("nobody", None, now=NOW)
    assert store.users.verify(name, password, NOW) is None


def test_passwords_are_kept_as_argon2id(store: Store, store_url: str) -> None:
    store.users.create("li", PASSWORD, now=NOW)
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT password FROM users")).scalar_one()
    engine.dispose()
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_a_hash_of_old_parameters_is_renewed(
    store: Store, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.users.create("li", PASSWORD, now=NOW)
    monkeypatch.setattr(
        store.users, "_hasher", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1)
    )
    assert store.users.verify("li", PASSWORD, NOW) is not None
    engine = create_engine(url_of(store_url))
    with engine.connect() as connection:
        assert "t=2" in connection.execute(text("SELECT password FROM users")).scalar_one()
    engine.dispose()
    assert store.users.verify("li", PASSWORD, NOW) is not None


class TestLockout:
    """Five failures in a row lock the name for a quarter of an hour."""

    def fail(self, store: Store, times: int) -> None:
        for _ in range(times):
            assert store.users.verify("li", WRONG, NOW) is None

    def test_after_five(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        self.fail(store, 5)
        assert store.users.verify("li", PASSWORD, NOW) is None
        assert store.users.verify("li", PASSWORD, NOW + 15 * MINUTE - SECOND) is None
        found = store.users.verify("li", PASSWORD, NOW + 15 * MINUTE)
        assert found is not None
        assert found.locked_until is None

    def test_not_after_four(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        self.fail(store, 4)
        assert store.users.verify("li", PASSWORD, NOW) is not None
        self.fail(store, 4)
        assert store.users.verify("li", PASSWORD, NOW) is not None, "success starts anew"

    def test_a_lock_that_is_over_starts_anew(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        self.fail(store, 5)
        later = NOW + 20 * MINUTE
        assert store.users.verify("li", WRONG, later) is None
        assert store.users.verify("li", PASSWORD, later) is not None

    def test_one_name_alone(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        store.users.create("wang", PASSWORD, now=NOW)
        self.fail(store, 6)
        assert store.users.verify("wang", PASSWORD, NOW) is not None

    def test_another_password_lifts_it(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        self.fail(store, 5)
        store.users.set_password("li", PASSWORD + "2", now=NOW)
        assert store.users.verify("li", PASSWORD + "2", NOW) is not None

    def test_many_guesses_at_once_are_no_more_than_five(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        tried = []
        kept = store.users._matches

        def counted(stored: str, password: str) -> bool:
            if stored != store.users._nobody:
                tried.append(password)
            return kept(stored, password)

        monkeypatch.setattr(store.users, "_matches", counted)
        threads = [
            threading.Thread(target=store.users.verify, args=("li", f"guess {n}", NOW))
            for n in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(tried) == 5

    def test_a_lock_from_a_clock_that_ran_ahead_does_not_last(self, store: Store) -> None:
        store.users.create("li", PASSWORD, now=NOW)
        for _ in range(5):
            store.users.verify("li", WRONG, NOW + 30 * DAY)
        assert store.users.verify("li", PASSWORD, NOW) is not None


class TestLinks:
    """A link lets a user in once, for half an hour."""

    def test_once(self, store: Store) -> None:
        made = store.users.create("li", None, "admin", now=NOW)
        token = store.users.link("li", now=NOW)
        found = store.users.redeem(token, NOW + MINUTE)
        assert found is not None
        assert (found.id, found.last_login) == (made.id, NOW + MINUTE)
        assert store.users.redeem(token, NOW + MINUTE) is None

    def test_not_too_late(self, store: Store) -> None:
        store.users.create("li", None, now=NOW)
        token = store.users.link("li", now=NOW, minutes=5)
        assert store.users.redeem(token, NOW + 5 * MINUTE) is None

    @pytest.mark.parametrize("token", ["", "jsl_", "jsl_x", "\ud800", "路" * 10_000])
    def test_not_any_other(self, store: Store, token: str) -> None:
        store.users.create("li", None, now=NOW)
        store.users.link("li", now=NOW)
        assert store.users.redeem(token, NOW) is None

    def test_not_for_who_is_disabled(self, store: Store) -> None:
        store.users.create("li", None, now=NOW)
        token = store.users.link("li", now=NOW)
        store.users.disable("li", now=NOW)
        assert store.users.redeem(token, NOW) is None
        with pytest.raises(StoreError) as caught:
            store.users.link("li", now=NOW)
        assert caught.value.code == "store_conflict"

    def test_not_after_another_password(self, store: Store) -> None:
        store.users.create("li", None, now=NOW)
        token = store.users.link("li", now=NOW)
        store.users.set_password("li", PASSWORD, now=NOW)
        assert store.users.redeem(token, NOW) is None

    def test_two_at_once_get_in_once(self, store: Store) -> None:
        store.users.create("li", None, now=NOW)
        token = store.users.link("li", now=NOW)
        found = []

        def run() -> None:
            if store.users.redeem(token, NOW) is not None:
                found.append(1)

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 1


class TestChanges:
    """What administrators do, and that it takes effect at once."""

    def test_disabling_ends_everything(self, store: Store) -> None:
        li = store.users.create("li", PASSWORD, now=NOW)
        session = store.sessions.create(li.id, NOW)
        store.users.disable("li", now=NOW)
        assert store.users.verify("li", PASSWORD, NOW) is None
        assert store.sessions.get(session, NOW) is None
        store.users.enable("li", now=NOW)
        assert store.users.verify("li", PASSWORD, NOW) is not None
        assert store.sessions.get(session, NOW) is None, "the session is gone for good"

    @pytest.mark.parametrize("change", ["password", "role"])
    def test_another_password_or_role_ends_sessions(self, store: Store, change: str) -> None:
        li = store.users.create("li", PASSWORD, now=NOW)
        session = store.sessions.create(li.id, NOW)
        if change == "password":
            store.users.set_password(li.id, PASSWORD + "2", now=NOW)
        else:
            store.users.set_role(li.id, "viewer", now=NOW)
        assert store.sessions.get(session, NOW) is None

    def test_the_list_is_by_name(self, store: Store) -> None:
        for name in ("wang", "li", "zhao"):
            store.users.create(name, None, now=NOW)
        assert [one.name for one in store.users.list()] == ["li", "wang", "zhao"]

    def test_a_name_is_taken_once(self, store: Store) -> None:
        store.users.create("li", None, now=NOW)
        with pytest.raises(StoreError) as caught:
            store.users.create("li", None, now=NOW)
        assert caught.value.code == "store_conflict"

    @pytest.mark.parametrize("name", ["", " ", "a b", "a\n", "<b>", "长" * 65, "a/b"])
    def test_a_name_has_its_letters(self, store: Store, name: str) -> None:
        with pytest.raises(InputError) as caught:
            store.users.create(name, None, now=NOW)
        assert caught.value.code == "bad_name"

    @pytest.mark.parametrize("password", ["", "short", "x" * 11, "x" * 1025])
    def test_a_password_has_its_length(self, store: Store, password: str) -> None:
        with pytest.raises(InputError) as caught:
            store.users.create("li", password, now=NOW)
        assert caught.value.code == "bad_password"
        assert password not in caught.value.message or not password

    def test_a_role_is_one_of_three(self, store: Store) -> None:
        with pytest.raises(InputError) as caught:
            store.users.create("li", None, "root", now=NOW)  # type: ignore[arg-type]
        assert caught.value.code == "bad_role"
        store.users.create("li", None, now=NOW)
        with pytest.raises(InputError):
            store.users.set_role("li", "root")  # type: ignore[arg-type]

    @pytest.mark.parametrize("change", ["disable", "enable"])
    def test_who_is_not_there(self, store: Store, change: str) -> None:
        with pytest.raises(StoreError) as caught:
            getattr(store.users, change)("li")
        assert caught.value.code == "store_missing"

    def test_all_of_it_is_in_the_log(self, store: Store) -> None:
        store.users.create("li", PASSWORD, actor="user:1", now=NOW)
        store.users.set_role("li", "viewer", actor="user:1", now=NOW)
        store.users.set_password("li", PASSWORD, actor="user:1", now=NOW)
        store.users.link("li", now=NOW, actor="user:1")
        store.users.disable("li", actor="user:1", now=NOW)
        store.users.enable("li", actor="user:1", now=NOW)
        entries = store.log.entries(subject="user:li")
        assert [e.kind for e in entries] == [
            "user_created",
            "role_set",
            "password_set",
            "login_link",
            "user_disabled",
            "user_enabled",
        ]
        assert {e.actor for e in entries} == {"user:1"}
        assert PASSWORD not in str([dict(e.details) for e in entries])


def test_unknown_names_take_as_long_as_known_ones(store: Store) -> None:
    calls: list[str] = []
    kept = store.users._matches

    def counted(stored: str, password: str) -> bool:
        calls.append(stored)
        return kept(stored, password)

    store.users._matches = counted  # type: ignore[method-assign]
    store.users.create("li", PASSWORD, now=NOW)
    store.users.verify("li", WRONG, NOW)
    store.users.verify("wang", WRONG, NOW)
    assert len(calls) == 2, "both verify one hash"


def test_a_day_is_no_lock(store: Store) -> None:
    store.users.create("li", PASSWORD, now=NOW)
    for day in range(12):
        assert store.users.verify("li", WRONG, NOW + day * timedelta(days=1)) is None
    assert store.users.verify("li", PASSWORD, NOW + 13 * DAY) is not None
