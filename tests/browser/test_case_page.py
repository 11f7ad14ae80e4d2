"""A supervisor decides cases by keyboard alone: accept, correct, undo, go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from jiesu.store import Review
from page_site import APPEALS, Site

OpenPage = Callable[..., Page]


@pytest.fixture
def page(site: Site, open_page: OpenPage) -> Page:
    """Return the first case, opened by a key."""
    site.user("li")
    site.add(*APPEALS)
    page = open_page("li")
    page.keyboard.press("n")
    opened(page)
    return page


def opened(page: Page, *, but: str = "") -> str:
    """Return the number of the appeal on the page, once it is another one and heeds keys."""
    page.wait_for_function(
        "before => { const title = document.querySelector('h1.id');"
        " return title && title.textContent !== before"
        " && document.documentElement.classList.contains('scripted'); }",
        arg=but,
    )
    # Keys that come at once are a key held down.
    page.wait_for_timeout(400)
    return page.locator("h1.id").inner_text()


def decided(site: Site, appeal_id: str) -> Review:
    """Return the one review of an appeal that stands."""
    (review,) = site.reviews.of(appeal_id)
    return review


def test_enter_accepts_and_the_next_case_opens(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("Enter")
    second = opened(page, but=first)
    assert decided(site, first).action == "accept"
    assert site.reviews.of(second) == []
    toast = page.locator(".toast")
    expect(toast).to_contain_text("已确认")
    expect(toast).to_contain_text(first)


def test_numbers_and_letters_correct(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    record = site.store.appeals.get(first)
    assert record is not None
    verdict = record.verdict
    codes = ("consultation", "help", "complaint", "report", "suggestion", "other")
    key = next(n for n, code in enumerate(codes, start=1) if code != verdict.type.code)
    expect(page.locator("#submit")).to_contain_text("确认研判")
    page.keyboard.press(str(key))
    page.keyboard.press("s")
    expect(page.locator("#submit")).to_contain_text("提交更正")
    page.keyboard.press("Enter")
    opened(page, but=first)
    review = decided(site, first)
    assert review.action == "correct"
    assert review.final.type == codes[key - 1]
    second = verdict.dispatch.candidates[1]
    assert (review.final.function, review.final.unit) == (second.function, second.unit)
    expect(page.locator(".toast")).to_contain_text("已更正")


def test_u_takes_the_decision_back_and_gives_the_new_case_away(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("Enter")
    second = opened(page, but=first)
    page.keyboard.press("u")
    assert opened(page, but=second) == first
    expect(page.get_by_text("已撤销")).to_be_visible()
    assert site.reviews.of(first) == []
    now = datetime.now(UTC)
    waiting = {case.appeal_id: case for case in site.reviews.queue(now=now).items}
    assert waiting[first].is_claimed(now)
    assert not waiting[second].is_claimed(now)


def test_the_undo_goes_when_it_is_too_late(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("Enter")
    opened(page, but=first)
    assert "undo=" not in page.url
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator(".toast")).to_have_count(0, timeout=30_000)
    page.keyboard.press("u")
    assert decided(site, first).undone_at is None


def test_e_opens_what_else_can_be_changed(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("e")
    expect(page.get_by_label("处置情形")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("区域与镇街")).to_be_focused()
    page.get_by_label("处置情形").select_option("repeat")
    page.get_by_label("辱骂").check()
    page.get_by_label("备注").fill("电话 13812345678，\n上月已反映")
    # Keys are letters while one writes.
    page.get_by_label("备注").press("n")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    opened(page, but=first)
    review = decided(site, first)
    assert review.final.disposition == "repeat"
    assert review.final.flags == ("abuse",)
    assert review.comment.startswith("电话 [")
    assert "13812345678" not in review.comment


def test_another_unit_is_typed_and_must_be_in_the_catalogue(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("o")
    field = page.get_by_role("combobox", name="其他单位")
    expect(field).to_be_focused()
    page.keyboard.type("不存在的单位")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('#other').validationMessage").startswith(
        "派单目录"
    )
    assert site.reviews.of(first) == []
    field.fill("殡葬管理所" if "殡葬管理所" in names(site) else names(site)[-1])
    page.keyboard.press("Enter")
    opened(page, but=first)
    assert decided(site, first).final.function == field_value(site)


def names(site: Site) -> list[str]:
    return list(site.engine.jurisdiction.units_by_name)


def field_value(site: Site) -> str:
    return "殡葬管理所" if "殡葬管理所" in names(site) else names(site)[-1]


def test_a_wrong_unit_that_gets_past_the_script_shows_the_form_again(
    site: Site, page: Page
) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("o")
    page.keyboard.type("不存在的单位")
    page.get_by_label("备注").evaluate("field => { field.value = '留着'; }")
    page.evaluate("document.querySelector('#decision').noValidate = true")
    page.keyboard.press("Enter")
    expect(page.get_by_text("派单目录里没有这个单位")).to_be_visible()
    expect(page.locator("#other")).to_have_value("不存在的单位")
    expect(page.get_by_label("备注")).to_have_value("留着")
    assert site.reviews.of(first) == []


def test_n_puts_a_case_back_and_opens_the_one_behind(site: Site, page: Page) -> None:
    seen = [page.locator("h1.id").inner_text()]
    for _ in range(2):
        page.keyboard.press("n")
        seen.append(opened(page, but=seen[-1]))
    assert len(set(seen)) == 3
    page.keyboard.press("q")
    expect(page.get_by_role("heading", name="复核队列")).to_be_visible()
    now = datetime.now(UTC)
    assert site.reviews.counts(now=now).claimed == 0


def test_a_key_held_down_accepts_one_case(site: Site, page: Page) -> None:
    first = page.locator("h1.id").inner_text()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "before => document.querySelector('h1.id')?.textContent !== before", arg=first
    )
    # As a keyboard repeats it, and as a nervous finger does.
    page.evaluate(
        "() => { for (const repeat of [true, true]) document.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', repeat, bubbles: true})); }"
    )
    page.wait_for_timeout(600)
    assert len(list(site.reviews.iterate())) == 1


def test_the_help_lists_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("选承办单位")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_last_decision_leads_to_an_empty_queue(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.add(APPEALS[0])
    page = open_page("li")
    page.keyboard.press("n")
    opened(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("队列已清空")).to_be_visible()
    page.keyboard.press("u")
    assert opened(page) == "lamp"
    assert site.reviews.of("lamp") == []


def test_what_a_case_shows(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.add(*APPEALS)
    page = open_page("li")
    page.goto(f"{site.url}/cases/{site.case_of('call')}")
    turns = page.locator(".turn")
    expect(turns).to_have_count(4)
    expect(turns.nth(1)).to_contain_text("市民")
    expect(turns.nth(1)).to_contain_text("停水两天")
    page.goto(f"{site.url}/cases/{site.case_of('lamp')}")
    expect(page.locator(".said")).to_contain_text("[手机号]")
    expect(page.locator(".said mark.m-unit").first).to_be_visible()
    # The legend names each kind of mark in the text, in the same dress.
    kinds = set(page.locator(".said mark").evaluate_all("all => all.map(one => one.className)"))
    shown = set(page.locator(".legend mark").evaluate_all("all => all.map(one => one.className)"))
    assert kinds == shown
    expect(page.locator(".choices").first.locator(".choice")).to_have_count(6)
    expect(page.get_by_text(re.compile("要素与流转"))).to_be_visible()


def test_two_supervisors_never_have_the_same_case(site: Site, open_page: OpenPage) -> None:
    for name in ("li", "wang"):
        site.user(name)
    site.add(*APPEALS[:2])
    one, two = open_page("li"), open_page("wang")
    for page in (one, two):
        page.keyboard.press("n")
    assert opened(one) != opened(two)
    two.goto(one.url)
    expect(two.get_by_text("别人正在处理")).to_be_visible()
    expect(two.locator("#decision")).to_have_count(0)
    # Her queue does not show what he has in hand.
    two.goto(f"{site.url}/queue")
    expect(two.locator(".queue tbody tr")).to_have_count(1)


def test_who_was_overtaken_is_told_and_nothing_is_saved(site: Site, open_page: OpenPage) -> None:
    li, wang = site.user("li"), site.user("wang")
    site.add(*APPEALS[:2])
    page = open_page("li")
    page.keyboard.press("n")
    first = opened(page)
    case = site.case_of(first)
    now = datetime.now(UTC)
    assert site.reviews.release(case, li)
    assert site.reviews.claim(case, wang, now)
    site.reviews.decide(case, wang, "accept", now=now)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    opened(page, but=first)
    expect(page.get_by_text("已由别人处理")).to_be_visible()
    assert decided(site, first).user_id == wang
