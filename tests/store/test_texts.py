"""Texts without their verdicts, the latest first."""

from __future__ import annotations

from jiesu.store import Store
from store_rows import HOUR, NOW, scored


def test_the_latest_come_first_redacted_and_cut(store: Store) -> None:
    for number in range(3):
        text = f"{number} 电话13812345678，路灯坏了" + "。" * 50
        store.appeals.put([scored(f"a{number}", text)], now=NOW + number * HOUR)
    found = store.texts.latest(2, length=20)
    assert [row.id for row in found] == ["a2", "a1"]
    assert found[0].stored_at == NOW + 2 * HOUR
    assert "13812345678" not in found[0].text
    assert len(found[0].text) == 20


def test_none_from_before_a_moment(store: Store) -> None:
    for number in range(3):
        store.appeals.put([scored(f"a{number}", f"{number}")], now=NOW + number * HOUR)
    assert [row.id for row in store.texts.latest(9, since=NOW + HOUR)] == ["a2", "a1"]
