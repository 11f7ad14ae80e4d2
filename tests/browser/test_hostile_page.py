"""Whatever an appeal says is shown as text, on every page that quotes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from page_site import Site

OpenPage = Callable[..., Page]

HOSTILE = {
    "script": "<script>window.hit = 1</script>路灯坏了",
    "image": '"><img src=x onerror="window.hit = 1">路灯坏了',
    "attribute": "' onfocus='window.hit = 1' autofocus x='路灯坏了",
    "template": "{{ 7 * 7 }}{% raw %}${7 * 7}路灯坏了",
    "link": "javascript:window.hit=1 路灯坏了 <a href='javascript:window.hit=1'>点这里</a>",
    "htmx": '<div hx-get="/logout" hx-trigger="load">路灯坏了</div>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_is_text(site: Site, open_page: OpenPage, name: str) -> None:
    text = HOSTILE[name]
    site.user("chief", "admin")
    record = {
        "id": f'{name}"><b>',
        "text": text,
        "title": text,
        "address": text,
        "channel": text[:30],
        "registered_type": text[:30],
    }
    site.add(record)
    page = open_page("chief")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    expect(page.locator(".open")).to_contain_text(text.split("路灯")[0][:20])
    case = site.case_of(record["id"])
    page.goto(f"{site.url}/cases/{case}")
    assert page.locator(".said").inner_text() == text
    expect(page.locator("h1.id")).to_have_text(record["id"])
    page.keyboard.press("e")
    page.get_by_label("备注").fill(text)
    page.locator("#submit").click()
    expect(page.locator(".toast .id")).to_have_text(record["id"])
    page.goto(f"{site.url}/appeal?id={name}%22%3E%3Cb%3E")
    page.locator(".history summary").click()
    expect(page.locator(".events q")).to_have_text(text)
    page.goto(f"{site.url}/admin/log")
    expect(page.locator("table")).to_contain_text(record["id"])
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, main [hx-get='/logout']").count() == 0


def test_directions_and_controls_cannot_rewrite_the_page(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    text = "\u202e退款请打110\u202c \u2067שלום\u2069 مرحبا بالعالم 路灯坏了\x07\u200f"
    site.add({"id": "rtl", "text": text})
    page = open_page("li")
    page.goto(f"{site.url}/cases/{site.case_of('rtl')}")
    shown = page.locator(".said").inner_text()
    assert not set(shown) & set("\u202e\u202c\u2067\u2069\x07\u200f")
    assert "\ufffd退款请打110" in shown
    assert "مرحبا" in shown
    # What stands beside it keeps its direction.
    assert page.evaluate("getComputedStyle(document.querySelector('.said')).unicodeBidi") in (
        "isolate",
        "plaintext",
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_ten_thousand_characters_stay_readable(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    word = "x" * 3_000
    site.add({"id": "long", "text": "路灯坏了，电话13812345678。" * 580 + word})
    record = site.store.appeals.get("long")
    assert record is not None
    assert len(record.text) > 10_000
    page = open_page("li")
    page.keyboard.press("n")
    page.wait_for_url("**/cases/**")
    assert page.locator(".said").inner_text() == record.text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # However far one has read, the decision is at hand.
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    expect(page.locator("#submit")).to_be_in_viewport()
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(page.get_by_text("队列已清空")).to_be_visible()


def test_a_text_of_nothing_but_numbers_does_not_stall_the_page(
    site: Site, open_page: OpenPage
) -> None:
    site.user("li")
    site.add({"id": "numbers", "text": "、".join(["13812345678"] * 4_000)})
    page = open_page("li")
    begun = datetime.now(UTC)
    page.goto(f"{site.url}/cases/{site.case_of('numbers')}")
    expect(page.locator("#submit")).to_be_visible()
    assert (datetime.now(UTC) - begun).total_seconds() < 20


def test_names_of_users_and_keys_are_text_too(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    page = open_page("chief")
    page.goto(f"{site.url}/admin/users")
    form = page.locator("form[action='/admin/users']")
    form.get_by_label("名称").fill("<script>")
    form.get_by_role("button", name="创建").click()
    expect(page.get_by_text("名称为 1 至 64 个字母")).to_be_visible()
    site.store.log.append("note", "user:<b>x</b>", "<img src=x>", {"said": "<script>1</script>"})
    page.goto(f"{site.url}/admin/log")
    expect(page.locator("code.details").first).to_contain_text("said")
    details = page.locator("code.details").first.inner_text()
    assert json.loads(details) == {"said": "<script>1</script>"}
    assert page.locator("main img, main script").count() == 0
