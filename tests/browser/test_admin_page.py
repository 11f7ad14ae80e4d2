"""Dashboard, export and administration, as their users go about them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from page_site import APPEALS, PASSWORD, Site

OpenPage = Callable[..., Page]


@pytest.fixture
def worked(site: Site) -> Site:
    """Return a site where two supervisors have decided some cases and an audit."""
    li, wang = site.user("li"), site.user("wang")
    site.user("chief", "admin")
    site.user("guest", "viewer")
    then = datetime.now(UTC) - timedelta(hours=2)
    site.add(*APPEALS[:3], now=then)
    site.add(APPEALS[3], action="auto", now=then)
    site.add({"id": "formula", "text": "=1+1 路灯坏了"}, now=then)
    for id, user, changes in (
        ("lamp", li, {"type": "suggestion"}),
        ("rent", wang, None),
        ("formula", li, {"type": "report"}),
    ):
        case = site.case_of(id)
        assert site.reviews.claim(case, user, then)
        action = "correct" if changes else "accept"
        site.reviews.decide(case, user, action, changes, "=cmd|' /C calc'!A0", now=then)
    site.reviews.sample_audits(1.0, "seed", now=then)
    audit = site.case_of("call")
    assert site.reviews.claim(audit, wang, then)
    site.reviews.decide(audit, wang, "accept", now=then)
    site.reviews.sample_second(1.0, "seed", now=then)
    return site


def test_the_dashboard_has_charts_with_tables(worked: Site, open_page: OpenPage) -> None:
    page = open_page("chief")
    page.goto(f"{worked.url}/dashboard")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(6)
    expect(tiles.nth(0)).to_contain_text("5")
    expect(tiles.nth(1)).to_contain_text("20%")
    expect(tiles.nth(2)).to_contain_text("≤ 95.0%")
    charts = page.locator("figure:has(svg.plot)")
    assert charts.count() == 6
    for chart in charts.all():
        title = chart.locator("h2").inner_text()
        plot = chart.get_by_role("img")
        named = (plot.get_attribute("aria-labelledby") or "").split()
        assert page.locator(f"#{named[0]}").inner_text() == title
        assert "合计" in (plot.locator("desc").text_content() or "")
        chart.locator("summary").click()
        expect(chart.locator("table tbody tr").first).to_be_visible()
    people = page.locator("figure", has_text="各复核员")
    expect(people.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="1 天", exact=True).click()
    expect(page).to_have_url(re.compile("days=1$"))


def test_supervisors_see_their_own_rates_alone(worked: Site, open_page: OpenPage) -> None:
    page = open_page("li")
    page.goto(f"{worked.url}/dashboard")
    people = page.locator("figure", has_text="各复核员")
    expect(people.locator("tbody tr")).to_have_count(1)
    expect(people.locator("tbody tr")).to_contain_text("li")
    page = open_page("guest")
    page.goto(f"{worked.url}/dashboard")
    expect(page.locator("figure", has_text="各复核员").locator("tbody tr")).to_have_count(0)


def test_a_dashboard_of_nothing_says_so(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    page = open_page("li")
    page.goto(f"{site.url}/dashboard")
    expect(page.get_by_text("这段时间没有数据。").first).to_be_visible()
    expect(page.locator(".tile").nth(2)).to_contain_text("59 件无误")


def download(page: Page, site: Site, kind: str, only: str, folder: Path) -> Path:
    page.goto(f"{site.url}/export")
    page.get_by_label(kind).check()
    page.get_by_label(only).check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载").click()
    name = waiting.value.suggested_filename
    target = folder / name
    waiting.value.save_as(target)
    return target


def test_corrections_are_exported_without_formulas(
    worked: Site, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("chief")
    sheet = download(page, worked, "Excel 工作簿", "全部复核", tmp_path)
    book = load_workbook(sheet)
    lines = list(book.active.iter_rows(values_only=True))  # type: ignore[union-attr]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    by_id = {row["id"]: row for row in rows}
    assert by_id["formula"]["text"] == "'=1+1 路灯坏了"
    assert by_id["lamp"]["type"] == "suggestion"
    assert by_id["lamp"]["reviewers"] == "user:li"
    assert by_id["lamp"]["bundle"].startswith("tiny")
    table = download(page, worked, "CSV", "仅改判", tmp_path)
    with table.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert {row["id"] for row in found} == {"lamp", "formula"}
    assert not any(
        value.startswith(("=", "+", "-", "@")) for row in found for value in row.values()
    )
    plain = download(page, worked, "JSON Lines", "仅改判", tmp_path)
    made = [json.loads(line) for line in plain.read_text("utf-8").splitlines()]
    assert {row["id"] for row in made} == {"lamp", "formula"}
    kinds = [entry.kind for entry in worked.store.log.entries(after=0, limit=500)]
    assert kinds.count("export") == 3


def test_supervisors_export_nothing_that_waits_for_a_blind_view(
    worked: Site, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("wang")
    target = download(page, worked, "JSON Lines", "全部复核", tmp_path)
    waiting = {
        case.appeal_id
        for id in ("lamp", "rent", "formula", "call")
        for case in worked.reviews.cases_of(id)
        if case.kind == "second" and case.is_open
    }
    assert waiting
    ids = {json.loads(line)["id"] for line in target.read_text("utf-8").splitlines()}
    assert not ids & waiting


def test_administrators_manage_users(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    page = open_page("chief")
    page.get_by_role("link", name="管理").click()
    form = page.locator("form[action='/admin/users']")
    form.get_by_label("名称").fill("newcomer")
    form.get_by_role("button", name="创建").click()
    link = page.locator("#secret").inner_text()
    guest = open_page()
    guest.goto(link)
    guest.get_by_role("button", name="用此链接登录").click()
    expect(guest.get_by_role("heading", name="复核队列")).to_be_visible()
    page.goto(f"{site.url}/admin/users")
    row = page.locator("tr", has_text="newcomer")
    row.get_by_label("newcomer 的角色").select_option("viewer")
    row.get_by_role("button", name="更改").first.click()
    expect(page.get_by_text("角色已更改")).to_be_visible()
    # Another role ends the session.
    guest.goto(f"{site.url}/queue")
    expect(guest.get_by_role("heading", name="登录")).to_be_visible()
    row.locator("summary").click()
    row.get_by_label("newcomer 的新密码").fill(PASSWORD)
    row.locator("details button").click()
    expect(page.get_by_text("密码已更改")).to_be_visible()
    assert site.store.users.verify("newcomer", PASSWORD, datetime.now(UTC)) is not None
    row.get_by_role("button", name="停用").click()
    expect(row).to_contain_text("已停用")
    # Nobody locks himself out.
    expect(page.locator("tr", has_text="chief").get_by_role("button", name="停用")).to_have_count(0)


def test_administrators_manage_keys(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    page = open_page("chief")
    page.goto(f"{site.url}/admin/keys")
    form = page.locator("form[action='/admin/keys']")
    form.get_by_label("名称").fill("call-centre")
    form.get_by_role("button", name="创建").click()
    secret = page.locator("#secret").inner_text()
    answer = httpx.get(f"{site.url}/v1/model", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    page.goto(f"{site.url}/admin/keys")
    assert secret not in page.content()
    page.locator("tr", has_text="call-centre").get_by_role("button", name="更换").click()
    assert page.locator("#secret").inner_text() != secret
    page.goto(f"{site.url}/admin/keys")
    page.locator("tr", has_text="call-centre").get_by_role("button", name="吊销").click()
    expect(page.locator("tr", has_text="call-centre")).to_contain_text("吊销")
    assert site.store.keys.verify(secret, datetime.now(UTC)) is None


def test_thresholds_are_told_in_words_and_not_edited(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    page = open_page("chief")
    page.goto(f"{site.url}/admin/model")
    expect(page.locator(".certificate")).to_have_count(2)
    expect(page.locator(".certificate").first).to_contain_text("诉求类型")
    expect(page.locator(".certificate").first).to_contain_text("未参与训练的诉求")
    expect(page.locator("main")).to_contain_text("tiny")
    assert page.locator("main form, main input").count() == 0


def test_draws_and_checks(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    site.add(APPEALS[0], action="auto")
    site.add(APPEALS[1])
    page = open_page("chief")
    page.goto(f"{site.url}/admin/quality")
    page.get_by_label("抽取").select_option("audit")
    page.get_by_label("比例").select_option("100")
    page.get_by_role("button", name="抽取").click()
    expect(page.get_by_text("共 1 件")).to_be_visible()
    page.get_by_label("诉求编号").fill("rent")
    page.get_by_role("button", name="放入队列").click()
    expect(page.get_by_text("请至少给出类型或者单位")).to_be_visible()
    page.get_by_label("诉求编号").fill("rent")
    page.get_by_label("诉求类型").select_option("consultation")
    page.get_by_label("份数").fill("3")
    page.get_by_role("button", name="放入队列").click()
    expect(page.get_by_text("共 3 件")).to_be_visible()
    kinds = site.reviews.counts(now=datetime.now(UTC)).kinds
    assert kinds == {"check": 3, "audit": 1, "review": 1}


def test_the_log_is_shown_and_verified(site: Site, open_page: OpenPage) -> None:
    site.user("chief", "admin")
    for number in range(60):
        site.store.log.append("note", "user:test", f"thing {number}", {"n": number})
    page = open_page("chief")
    page.goto(f"{site.url}/admin/log")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="更早").click()
    expect(page.locator("tbody")).to_contain_text("thing 3")
    page.get_by_role("link", name="校验全部").click()
    expect(page.get_by_text("与写入时一致")).to_be_visible()
