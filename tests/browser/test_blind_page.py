"""Second views are blind on the page too; a third one sees what the two said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from page_site import APPEALS, Site

OpenPage = Callable[..., Page]
SECRET = "初审认为应当如此"


@pytest.fixture
def second(site: Site) -> int:
    """Return the case of a second view of `lamp`, which `li` has decided with a comment."""
    people = {name: site.user(name) for name in ("li", "wang", "zhao")}
    site.user("chief", "admin")
    then = datetime.now(UTC) - timedelta(minutes=5)
    site.add(APPEALS[0], now=then)
    case = site.case_of("lamp")
    assert site.reviews.claim(case, people["li"], then)
    site.reviews.decide(case, people["li"], "correct", {"type": "suggestion"}, SECRET, now=then)
    assert site.reviews.sample_second(1.0, "seed", now=then) == 1
    return site.case_of("lamp")


def test_the_second_reviewer_sees_nothing_of_the_first(
    site: Site, second: int, open_page: OpenPage
) -> None:
    page = open_page("wang")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    assert "独立再看" not in page.content()
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{second}")
    page.locator(".history summary").click()
    shown = page.content()
    assert SECRET not in shown
    assert "独立再看" not in shown
    expect(page.locator(".events li")).to_have_count(1)
    record = site.store.appeals.get("lamp")
    assert record is not None
    # The form stands on the verdict, not on the first answer.
    chosen = page.locator("input[name=type]:checked")
    expect(chosen).to_have_value(record.verdict.type.code or "")
    page.goto(f"{site.url}/appeal?id=lamp")
    assert SECRET not in page.content()


def test_the_first_reviewer_is_not_offered_the_second_view(
    site: Site, second: int, open_page: OpenPage
) -> None:
    page = open_page("li")
    expect(page.get_by_text("队列已清空")).to_be_visible()
    page.goto(f"{site.url}/cases/{second}")
    expect(page.get_by_text("须由另一位复核员看")).to_be_visible()
    expect(page.locator("#decision")).to_have_count(0)


def test_a_third_decides_between_two_who_differ(
    site: Site, second: int, open_page: OpenPage
) -> None:
    page = open_page("wang")
    page.keyboard.press("n")
    page.wait_for_url(f"**/cases/{second}")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    expect(page.get_by_text("队列已清空")).to_be_visible()
    third = site.reviews.cases_of("lamp")[-1]
    assert third.kind == "third"
    # It waits until the second can no longer be taken back.
    later = datetime.now(UTC) + timedelta(seconds=30)
    assert site.reviews.claim(third.id, site.store.users.get("zhao").id, later)  # type: ignore[union-attr]
    page = open_page("zhao")
    page.goto(f"{site.url}/cases/{third.id}")
    expect(page.get_by_text("两位复核员意见不一")).to_be_visible()
    table = page.locator(".dispute tbody tr")
    expect(table).to_have_count(2)
    expect(table.first).to_contain_text("建议")
    expect(table.first).to_contain_text(SECRET)
    # Who said what is not told.
    assert "wang" not in page.locator("main").inner_text()


def test_administrators_are_told_what_kind_a_case_is(
    site: Site, second: int, open_page: OpenPage
) -> None:
    page = open_page("chief")
    expect(page.locator(".queue tbody")).to_contain_text("独立再看")


def test_audits_and_checks_look_like_any_other_case(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.add(APPEALS[1], action="auto")
    site.add(APPEALS[2])
    now = datetime.now(UTC)
    assert site.reviews.sample_audits(1.0, "seed", now=now) == 1
    site.reviews.seed_check("noise", {"type": "complaint"}, now=now)
    page = open_page("li")
    expect(page.locator(".queue tbody tr")).to_have_count(3)
    audit = site.case_of("rent")
    for path in ("/queue", f"/cases/{audit}", "/appeal?id=rent"):
        page.goto(f"{site.url}{path}")
        for word in ("抽查", "检验题", "自动办理"):
            assert word not in page.content()
