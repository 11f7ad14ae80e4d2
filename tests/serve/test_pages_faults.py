"""Errors as pages for browsers, as problems for everybody else; what a script is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jiesu.engine import Engine
from jiesu.errors import StoreError
from page_site import APPEALS, Site


@pytest.fixture
def site(tmp_path: Path, tiny_engine: Engine) -> Iterator[Site]:
    made = Site(tmp_path, tiny_engine)
    try:
        made.start()
        made.user("li")
        yield made
    finally:
        made.close()


def test_an_unknown_page_is_friendly_to_browsers_alone(site: Site) -> None:
    page = httpx.get(f"{site.url}/nowhere", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "没有这个页面" in page.text
    problem = httpx.get(f"{site.url}/nowhere")
    assert problem.headers["content-type"] == "application/problem+json"
    api = httpx.get(f"{site.url}/v1/nowhere", headers={"Accept": "text/html"})
    assert api.headers["content-type"] == "application/problem+json"


def test_pages_speak_the_language_of_the_browser(site: Site) -> None:
    cookies = {"jiesu_language": "en"}
    page = httpx.get(f"{site.url}/nowhere", headers={"Accept": "text/html"}, cookies=cookies)
    assert "There is no such page" in page.text
    assert '<html lang="en"' in page.text


def test_a_script_without_a_session_is_sent_to_the_login_as_a_whole(site: Site) -> None:
    found = httpx.get(
        f"{site.url}/queue?after=x",
        headers={"HX-Request": "true"},
        cookies={"jiesu_session": "jss_over"},
    )
    assert found.status_code == 401
    assert found.headers["hx-redirect"] == "/login?next=%2Fqueue%3Fafter%3Dx&expired=1"
    assert found.content == b""


@pytest.mark.parametrize(
    "target",
    ["https://evil.test/", "//evil.test/", "/\\evil.test", "javascript:alert(1)", "/\tx", "queue"],
)
def test_the_login_leads_nowhere_else(site: Site, target: str) -> None:
    shown = httpx.get(f"{site.url}/login", params={"next": target}, headers={"Accept": "text/html"})
    assert 'name="next" value="/queue"' in shown.text


def test_a_place_in_the_list_that_is_none(site: Site) -> None:
    with site.client("li") as client:
        found = client.get("/queue?after=nonsense")
    assert found.status_code == 422
    assert "列表位置已失效" in found.text


def test_an_unforeseen_error_is_a_page_and_a_line_of_the_log(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("路灯坏了")

    monkeypatch.setattr("jiesu.serve.pages.queue._row", broken)
    site.add(APPEALS[0])
    with site.client("li") as client:
        found = client.get("/queue")
    assert found.status_code == 500
    assert "服务内部出错" in found.text
    assert "unforeseen RuntimeError" in caplog.text
    assert "路灯" not in caplog.text


def test_a_store_that_is_down_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise StoreError("store_down", "the store cannot be reached")

    with site.client("li") as client:
        monkeypatch.setattr("jiesu.store.reviews.Reviews.queue", down)
        found = client.get("/queue")
    assert found.status_code == 503
    assert "数据库暂时连不上" in found.text
    assert 'href="/queue">再试一次' in found.text
    assert found.headers["retry-after"] == "1"


def test_pages_carry_no_script_or_style_of_their_own(site: Site) -> None:
    site.add(*APPEALS)
    with site.client("li") as client:
        for path in ("/login", "/queue", f"/cases/{site.case_of('lamp')}", "/dashboard", "/export"):
            text = client.get(path, follow_redirects=True).text
            assert "<style" not in text
            assert " style=" not in text
            assert " on" + "click=" not in text
            assert text.count("<script") == text.count('<script src="/static/')
            assert "//" not in text.replace("http://127.0.0.1", "").split("</head>")[0]
