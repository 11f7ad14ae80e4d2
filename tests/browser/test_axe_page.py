"""No serious finding of axe on any page, light and dark, wide and on a tablet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from page_site import APPEALS, Site
from store_rows import scored

OpenPage = Callable[..., Page]
SERIOUS = ("serious", "critical")
PATHS = (
    "/queue",
    "/dashboard",
    "/export",
    "/appeal?id=lamp",
    "/admin/users",
    "/admin/keys",
    "/admin/model",
    "/admin/quality",
    "/admin/log",
    "/cases/999999",
)


@cache
def axe() -> Axe:
    return Axe()


def check(page: Page) -> None:
    """Fail with what axe finds wrong and where."""
    found = axe().run(page).response["violations"]
    told = [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"][:3]
    ]
    assert told == []


@pytest.mark.parametrize(
    ("scheme", "width", "height"),
    [("light", 1280, 800), ("dark", 820, 1180)],
    ids=["light, wide", "dark, tablet"],
)
def test_every_page(site: Site, open_page: OpenPage, scheme: str, width: int, height: int) -> None:
    li = site.user("li")
    site.user("chief", "admin")
    then = datetime.now(UTC) - timedelta(hours=1)
    site.add(*APPEALS, now=then)
    site.store.appeals.put(
        [
            scored("fire", "着火了", risk="urgent", reasons=["disposition_emergency"]),
            scored("rude", "路灯坏了", flags=["abuse"], reasons=["advisory", "risk_watch"]),
        ],
        now=then,
    )
    case = site.case_of("rent")
    assert site.reviews.claim(case, li, then)
    site.reviews.decide(case, li, "correct", {"type": "other"}, now=then)
    site.store.keys.create("centre", ["score"])
    page = open_page(width=width, height=height, scheme=scheme)
    page.goto(f"{site.url}/login")
    check(page)
    page = open_page("chief", width=width, height=height, scheme=scheme)
    for path in PATHS:
        page.goto(f"{site.url}{path}")
        check(page)
        # Nothing is cut off, and nobody scrolls sideways.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    for id in ("lamp", "call", "fire", "rude"):
        page.goto(f"{site.url}/cases/{site.case_of(id)}")
        page.keyboard.press("e")
        check(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), id
    page.keyboard.press("Escape")
    page.locator("h1").first.click()
    page.keyboard.press("?")
    check(page)
