"""Logging in and out, by password and by link; language and theme."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from page_site import APPEALS, PASSWORD, Site

OpenPage = Callable[..., Page]


def test_password_login_and_logout(site: Site, open_page: OpenPage) -> None:
    site.user("li", password=PASSWORD)
    page = open_page()
    page.goto(f"{site.url}/dashboard?days=30")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.get_by_label("用户名").fill("li")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("不符")
    expect(page.get_by_label("用户名")).to_have_value("li")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    # Where the browser wanted to go in the first place.
    expect(page).to_have_url(re.compile(r"/dashboard\?days=30$"))
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("已退出")).to_be_visible()
    page.goto(f"{site.url}/queue")
    expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_link_lets_in_once_and_is_not_used_by_looking_at_it(
    site: Site, open_page: OpenPage
) -> None:
    site.user("li")
    link = site.link("li")
    page = open_page()
    for _ in range(2):
        page.goto(link)
    page.get_by_role("button", name="用此链接登录").click()
    expect(page.get_by_role("heading", name="复核队列")).to_be_visible()
    other = open_page()
    other.goto(link)
    other.get_by_role("button", name="用此链接登录").click()
    expect(other.get_by_role("alert")).to_contain_text("链接无效")


def test_who_has_no_session_any_more_returns_to_the_page_after_the_login(
    site: Site, open_page: OpenPage
) -> None:
    user = site.user("li", password=PASSWORD)
    site.add(*APPEALS[:2])
    page = open_page("li")
    page.keyboard.press("n")
    page.wait_for_url("**/cases/*")
    case = page.url
    site.store.sessions.revoke_all(user)
    page.get_by_role("button", name=re.compile("确认研判")).click()
    expect(page.get_by_text("会话已过期")).to_be_visible()
    page.get_by_label("用户名").fill("li")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).to_have_url(case)
    # Nothing was decided behind the supervisor's back.
    assert site.reviews.counts(now=datetime.now(UTC)).total == 2


def test_language_and_theme_are_remembered(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    page = open_page("li", scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Review queue")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Switch to light").click()
    page.get_by_role("button", name="Switch to dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.goto(f"{site.url}/dashboard")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_the_system_decides_the_theme_unless_one_is_chosen(site: Site, open_page: OpenPage) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page = open_page(scheme=scheme)
        page.goto(f"{site.url}/login")
        colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(colours) == 2
