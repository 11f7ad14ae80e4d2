"""The commands on a store: users, keys, the log, retention, exports."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from argon2 import PasswordHasher

from jiesu.store import Sampling, Store, open_store
from store_rows import DAY, NOW, PASSWORD, fill, review, scored, user

Jiesu = Callable[..., Any]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a store of the test's own in the environment, as the service would find it."""
    monkeypatch.setattr(
        "jiesu.store.users.PasswordHasher",
        lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1),
    )
    url = f"sqlite:///{tmp_path}/store.db"
    monkeypatch.setenv("JIESU_SERVE_STORE", url)
    return url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Return the store that the commands find."""
    with open_store(url, sampling=Sampling(0.0, 0.0, "s")) as found:
        yield found


class TestUser:
    """`jiesu user`."""

    def test_add_with_a_password_from_standard_input(self, jiesu: Jiesu, store: Store) -> None:
        done = jiesu("user", "add", "li", "--role", "admin", "--stdin", stdin=b"%s\n" % secret())
        assert done.code == 0, done.err
        found = store.users.verify("li", PASSWORD, datetime.now(UTC))
        assert found is not None
        assert found.role == "admin"
        assert PASSWORD not in done.text + done.err

    def test_add_with_a_password_asked_for_twice(
        self, jiesu: Jiesu, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def answer(text: str) -> str:
            asked.append(text)
            return PASSWORD

        # The prompt asks the terminal itself, which a test has not.
        monkeypatch.setattr(f"{typer.prompt.__module__}.hidden_prompt_func", answer)
        done = jiesu("user", "add", "li")
        assert done.code == 0, done.err
        assert len(asked) == 2
        assert store.users.verify("li", PASSWORD, datetime.now(UTC)) is not None

    def test_add_with_a_link(self, jiesu: Jiesu, store: Store) -> None:
        done = jiesu("user", "add", "li", "--link", "--address", "https://jiesu.example/")
        assert done.code == 0, done.err
        match = re.fullmatch(r"https://jiesu\.example/login\?link=(jsl_\S+)\n", done.text)
        assert match is not None
        found = store.users.redeem(match[1], datetime.now(UTC))
        assert found is not None
        assert (found.name, found.role, found.has_password) == ("li", "supervisor", False)

    def test_a_link_is_that_of_the_service(self, jiesu: Jiesu, store: Store) -> None:
        from jiesu.serve.supervisor import login_address

        done = jiesu("user", "add", "li", "--link", "--address", "http://host:1")
        token = done.text.strip().rpartition("=")[2]
        assert done.text.strip() == login_address("http://host:1", token)

    def test_list(self, jiesu: Jiesu, store: Store) -> None:
        user(store, "wang", "viewer")
        store.users.create("li", PASSWORD, "admin", now=NOW)
        store.users.disable("wang", now=NOW)
        table = jiesu("user", "list").text
        for part in ("li", "admin", "active", "wang", "viewer", "disabled", "2026-11-02 17:30"):
            assert part in table
        listed = json.loads(jiesu("user", "list", "--json").text)
        assert [(one["name"], one["has_password"]) for one in listed] == [
            ("li", True),
            ("wang", False),
        ]
        assert listed[1]["disabled_at"] == NOW.isoformat()
        assert listed[0]["last_login"] is None

    def test_who_is_locked_out_shows(self, jiesu: Jiesu, store: Store) -> None:
        store.users.create("li", PASSWORD)
        for _ in range(5):
            store.users.verify("li", "wrong", datetime.now(UTC))
        assert "locked" in jiesu("user", "list").text

    def test_disable_enable_role_password_link(self, jiesu: Jiesu, store: Store) -> None:
        user(store, "li")
        now = datetime.now(UTC)
        assert jiesu("user", "disable", "li").code == 0
        assert jiesu("user", "link", "li").code == 1
        assert jiesu("user", "enable", "li").code == 0
        assert jiesu("user", "role", "li", "admin").code == 0
        assert jiesu("user", "password", "li", "--stdin", stdin=secret()).code == 0
        found = store.users.verify("li", PASSWORD, now)
        assert found is not None
        assert found.role == "admin"
        token = jiesu("user", "link", "li", "--minutes", 5).text.rpartition("=")[2].strip()
        assert store.users.redeem(token, now + timedelta(minutes=6)) is None
        assert store.users.redeem(token, now + timedelta(minutes=4)) is not None

    @pytest.mark.parametrize(
        ("args", "code"),
        [
            (["add", "li", "--link"], "store_conflict"),
            (["add", "a b", "--link"], "bad_name"),
            (["add", "wang", "--role", "root", "--link"], "bad_role"),
            (["add", "wang", "--stdin"], "bad_password"),
            (["disable", "zhao"], "store_missing"),
            (["password", "zhao", "--stdin"], "bad_password"),
            (["role", "li", "root"], "bad_role"),
            (["link", "zhao"], "store_missing"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, jiesu: Jiesu, store: Store, args: list[str], code: str
    ) -> None:
        user(store, "li")
        done = jiesu("user", *args, stdin=b"short\n")
        assert done.code == 1
        assert code in done.err
        assert done.text == ""


class TestKey:
    """`jiesu key`."""

    def test_add_rotate_revoke(self, jiesu: Jiesu, store: Store) -> None:
        now = datetime.now(UTC)
        key = jiesu("key", "add", "call-centre", "--scope", "score", "--scope", "read").text.strip()
        found = store.keys.verify(key, now)
        assert found is not None
        assert found.scopes == {"score", "read"}
        new = jiesu("key", "rotate", "call-centre", "--overlap", 24).text.strip()
        assert store.keys.verify(key, now + timedelta(hours=23)) is not None
        assert store.keys.verify(new, now) is not None
        assert jiesu("key", "revoke", "call-centre").code == 0
        assert store.keys.verify(new, now) is None

    def test_list_shows_no_secret(self, jiesu: Jiesu, store: Store) -> None:
        key = store.keys.create("call-centre", ["score"], now=NOW)
        table = jiesu("key", "list").text
        for part in ("call-centre", "score", "2026-11-02 17:30", "active"):
            assert part in table
        listed = jiesu("key", "list", "--json").text
        assert json.loads(listed)[0]["scopes"] == ["score"]
        assert key not in table + listed

    @pytest.mark.parametrize(
        ("args", "exit", "code"),
        [
            (["add", "x", "--scope", "root"], 1, "bad_scope"),
            (["add", "x"], 2, "--scope"),
            (["rotate", "x"], 1, "store_missing"),
            (["revoke", "x"], 1, "store_missing"),
            (["rotate", "x", "--overlap", "-1"], 2, "--overlap"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, jiesu: Jiesu, url: str, args: list[str], exit: int, code: str
    ) -> None:
        done = jiesu("key", *args)
        assert done.code == exit
        assert code in done.err


class TestAudit:
    """`jiesu audit verify`."""

    def test_a_whole_log_and_its_head(self, jiesu: Jiesu, store: Store) -> None:
        fill(store, 2)
        done = jiesu("audit", "verify")
        assert (done.code, done.text) == (0, "whole {}:{}\n".format(*store.log.head()))
        head = done.text.split()[1]
        fill(store, 3, now=NOW + DAY)
        assert jiesu("audit", "verify", "--head", head).code == 0
        found = json.loads(jiesu("audit", "verify", "--json").text)
        assert (found["ok"], found["broken"]) == (True, None)

    def test_a_log_that_was_altered(self, jiesu: Jiesu, store: Store) -> None:
        fill(store, 3)
        with store._database.write() as connection:
            connection.exec_driver_sql("DROP TRIGGER decision_log_no_update")
            connection.exec_driver_sql("UPDATE decision_log SET actor = 'x' WHERE seq = 2")
        done = jiesu("audit", "verify")
        assert (done.code, done.text) == (1, "broken at entry 2: altered\n")
        found = json.loads(jiesu("audit", "verify", "--json").text)
        assert found["broken"] == {"seq": 2, "reason": "altered"}

    def test_a_log_that_is_not_the_one_that_was_noted(self, jiesu: Jiesu, store: Store) -> None:
        fill(store, 1)
        done = jiesu("audit", "verify", "--head", f"9:{'a' * 64}")
        assert (done.code, done.text) == (1, "broken at entry 2: cut\n")
        assert jiesu("audit", "verify", "--head", "9").code == 2


class TestPurge:
    """`jiesu purge`."""

    def test_deletes_what_was_stored_before(self, jiesu: Jiesu, store: Store) -> None:
        fill(store, 3, now=NOW - 10 * DAY)
        store.appeals.put([scored("new", "二")], now=NOW)
        done = jiesu("purge", "--before", "2026-11-01", "--yes")
        assert done.code == 0, done.err
        assert "deleted 3 appeals, 3 verdicts, 0 reviews; 3 of" in done.text
        assert store.appeals.count() == 1
        assert store.log.entries()[-1].actor == "cli"

    @pytest.mark.parametrize(("answer", "left"), [(b"y\n", 0), (b"n\n", 1), (b"", 1)])
    def test_asks_first(self, jiesu: Jiesu, store: Store, answer: bytes, left: int) -> None:
        fill(store, 1, now=NOW - 10 * DAY)
        done = jiesu("purge", "--before", "2026-11-01 08:00", "--json", stdin=answer)
        assert done.code == left
        assert "2026-11-01 08:00" in done.err
        assert store.appeals.count() == left
        assert bool(done.text.strip()) is not bool(left)

    def test_what_is_no_date(self, jiesu: Jiesu, store: Store) -> None:
        done = jiesu("purge", "--before", "gestern", "--yes")
        assert done.code == 2
        assert "expected a date" in done.err


class TestReview:
    """`jiesu review`."""

    def test_export(self, jiesu: Jiesu, store: Store, tmp_path: Path) -> None:
        li = user(store)
        fill(store, 3)
        review(store, li, {"type": "help"})
        review(store, li)
        done = jiesu("review", "export", "rows.jsonl")
        assert (done.code, done.err) == (0, "2 rows → rows.jsonl\n")
        lines = (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
        assert {json.loads(line)["type"] for line in lines} == {"help", "complaint"}
        assert jiesu("review", "export", "更正.xlsx", "--only", "changed").err.startswith("1 rows")
        assert jiesu("review", "export", "x.csv", "--since", "2027-01-01").err.startswith("0 rows")
        assert jiesu("review", "export", "x.csv", "--until", "2027-01-01").err.startswith("2 rows")

    def test_an_export_is_read_by_objections(self, jiesu: Jiesu, store: Store) -> None:
        fill(store, 1)
        review(store, 1, {"function": "公安局", "unit": "海口市公安局"})
        assert jiesu("review", "export", "rows.jsonl").code == 0
        done = jiesu("objections", "rows.jsonl", "-o", "out.jsonl", "--no-score", "--json")
        assert done.code == 0, done.err
        body = json.loads(done.text)
        assert (body["labels"], body["unused"]) == (1, 0)

    def test_draw(self, jiesu: Jiesu, store: Store) -> None:
        store.appeals.put([scored("1", action="auto"), scored("2", "二")], now=NOW)
        review(store, 1)
        done = jiesu("review", "draw", "--second", 1, "--audits", 1, "--seed", "s")
        assert done.err == "1 second views, 1 audits\n"
        assert jiesu("review", "draw", "--audits", 1).err == "0 second views, 0 audits\n"
        assert jiesu("review", "draw", "--audits", 2).code == 2

    def test_check(self, jiesu: Jiesu, store: Store) -> None:
        store.appeals.put([scored("1", action="auto")], now=NOW)
        done = jiesu("review", "check", "1", "--type", "help", "--copies", 2)
        assert done.err == "2 checks\n"
        assert store.reviews.answers() == {"1": {"type": "help"}}
        assert jiesu("review", "check", "1").code == 1
        assert jiesu("review", "check", "2", "--type", "help").code == 1
        assert jiesu("review", "check", "1", "--type", "投诉").code == 1

    def test_agreement(self, jiesu: Jiesu, store: Store) -> None:
        li = user(store, "li")
        fill(store, 2)
        review(store, li, {"type": "help"})
        found = json.loads(jiesu("review", "agreement").text)
        assert found["reviews"] == 1
        assert found["overrides"]["reviewers"]["li"]["hits"] == 1
        assert found["audits"]["total"]["bound"] == 1.0
        assert found["checks"] == {}
        empty = json.loads(jiesu("review", "agreement", "--until", "2020-01-01").text)
        assert empty["reviews"] == 0


def test_a_store_named_by_an_option_beats_the_environment(
    jiesu: Jiesu, store: Store, tmp_path: Path
) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    assert jiesu("user", "add", "li", "--link", "--store", other).code == 0
    assert store.users.list() == []
    assert "li" in jiesu("user", "list", "--store", other).text


def test_a_store_that_cannot_be_reached(jiesu: Jiesu) -> None:
    done = jiesu("user", "list", "--store", "postgresql://u:geheim@127.0.0.1:1/d")
    assert done.code == 1
    assert "store_down" in done.err
    assert "geheim" not in done.err


def test_without_the_extra_it_is_named(jiesu: Jiesu, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("jiesu.store")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for args in (
        ["user", "list"],
        ["review", "export", "x.csv"],
        ["review", "agreement"],
        ["purge", "--before", "2026-11-01"],
    ):
        done = jiesu(*args)
        assert done.code == 1
        assert "jiesu[serve]" in done.err


def secret() -> bytes:
    return PASSWORD.encode()
