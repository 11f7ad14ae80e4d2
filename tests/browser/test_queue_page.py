"""The queue: filters, counts, pages of thousands of rows, moving by keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect

from page_site import APPEALS, Site
from store_rows import scored

OpenPage = Callable[..., Page]
MANY = 4_000


def test_filters_narrow_the_list_and_the_count(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    now = datetime.now(UTC)
    site.store.appeals.put(
        [
            scored("a", "一", type="complaint", confidence=0.4, area="龙华区"),
            scored("b", "二", type="help", confidence=0.9, area="美兰区", reasons=["type_unsure"]),
            scored("c", "三", type="help", confidence=0.97, function="教育局", unit="市教育局"),
            scored("old", "四", received_at=(now - timedelta(days=20)).isoformat()),
        ],
        now=now,
    )
    page = open_page("li")
    rows = page.locator(".queue tbody tr")
    expect(rows).to_have_count(4)
    page.locator("select[name=type]").select_option("help")
    expect(rows).to_have_count(2)
    expect(page.locator(".counts")).to_contain_text("2 件待复核 / 4")
    expect(page).to_have_url(re.compile("type=help"))
    page.locator("select[name=confidence]").select_option("top")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("市教育局")
    # What is begun from here stays within the filters.
    page.get_by_role("button", name=re.compile("开始复核")).click()
    page.wait_for_url("**/cases/**")
    assert "type=help" in page.url
    page.goto(f"{site.url}/queue?reason=type_unsure")
    expect(page.locator(".queue tbody tr")).to_have_count(1)
    day = (now - timedelta(days=10)).date().isoformat()
    page.goto(f"{site.url}/queue?until={day}")
    expect(page.locator(".queue tbody tr")).to_contain_text("old")
    page.goto(f"{site.url}/queue?area=秀英区")
    expect(page.get_by_text("没有符合条件的案件")).to_be_visible()
    page.locator(".empty").get_by_role("link", name="清除").click()
    expect(page.locator(".queue tbody tr")).to_have_count(4)


def test_thousands_of_rows_stay_quick(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    now = datetime.now(UTC)
    for start in range(0, MANY, 1_000):
        site.store.appeals.put(
            [
                scored(
                    f"a{n}", f"路灯坏了 {n}", received_at=(now - timedelta(minutes=n)).isoformat()
                )
                for n in range(start, start + 1_000)
            ],
            now=now,
        )
    page = open_page("li")
    expect(page.locator(".counts")).to_contain_text(f"{MANY} 件待复核")
    rows = page.locator(".queue tbody tr:not(#more)")
    expect(rows).to_have_count(50)
    for count in (100, 150):
        page.get_by_role("link", name="加载更多").click()
        expect(rows).to_have_count(count)
    shown = page.locator(".queue tbody .id").all_inner_texts()
    assert len(set(shown)) == 150
    # The address did not move, so the first rows are still there after going back to the top.
    assert page.url.endswith("/queue")
    with site.client("li") as client:
        begun = time.perf_counter()
        for _ in range(5):
            assert client.get("/queue").status_code == 200
        seconds = (time.perf_counter() - begun) / 5
    # 0.03 s on a quiet machine; this one may be busy.
    assert seconds < 1.5


def test_more_rows_need_no_script(site: Site) -> None:
    site.user("li")
    site.store.appeals.put([scored(f"a{n}", f"路灯 {n}") for n in range(60)])
    with site.client("li") as client:
        first = client.get("/queue").text
        found = re.search(r'id="more".*?href="([^"]+)"', first, re.S)
        assert found is not None
        second = client.get(found.group(1).replace("&amp;", "&")).text
    assert len(re.findall(r'class="row-', first)) == 50
    assert len(re.findall(r'class="row-', second)) == 10
    assert "回到最前" in second


def test_j_and_k_move_and_enter_opens(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.add(*APPEALS[:3])
    page = open_page("li")
    links = page.locator(".open")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    target = links.nth(0).get_attribute("href") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{target}")


def test_urgent_ones_are_told_by_a_word_and_a_sign(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.store.appeals.put(
        [
            scored("calm", "一"),
            scored("fire", "二", risk="urgent", reasons=["disposition_emergency"]),
            scored("rude", "三", flags=["abuse"], reasons=["advisory"]),
        ]
    )
    page = open_page("li")
    first = page.locator(".queue tbody tr").first
    expect(first).to_contain_text("紧急")
    expect(first.locator(".level svg")).to_be_visible()
    expect(page.locator(".row-watch")).to_contain_text("留意")


def test_an_appeal_is_found_by_its_number(site: Site, open_page: OpenPage) -> None:
    site.user("li")
    site.add(APPEALS[0])
    page = open_page("li")
    field = page.get_by_role("textbox", name="按编号查诉求")
    field.fill("lamp")
    field.press("Enter")
    expect(page.locator(".said")).to_contain_text("路灯")
    page.goto(f"{site.url}/appeal?id=nowhere")
    expect(page.get_by_role("heading", name="没有这个编号的诉求")).to_be_visible()
    expect(page.get_by_role("link", name="返回队列")).to_be_visible()
