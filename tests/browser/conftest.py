"""A real headless Chromium, and a site of its own for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from jiesu.engine import Engine
from page_site import Site

CHROMIUM = "/usr/bin/chromium"
# The machine may be busy with other things.
MILLISECONDS = 20_000

OpenPage = Callable[..., Page]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes the pictures of the documentation."""
    parser.addoption(
        "--screenshots",
        metavar="FOLDER",
        help="write pictures of the pages to a folder, such as docs/images",
    )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a browser."""
    if shutil.which(CHROMIUM) is None:
        pytest.fail(f"found no {CHROMIUM}: tests/services.sh installs it")
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(tmp_path: Path, tiny_engine: Engine) -> Iterator[Site]:
    """Return a site with nothing in it."""
    made = Site(tmp_path, tiny_engine)
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Return a function that opens a page in a browser of its own, logged in as a user if named.

    At the end no page may have complained: a breach of the content security policy is a complaint.
    """
    complaints: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        # That a page was answered 404 or 422 is no fault of the page.
        if message.type == "error" and "the server responded with a status" not in message.text:
            complaints.append(message.text)

    def make(
        name: str | None = None, *, width: int = 1280, height: int = 800, scheme: str = "light"
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            accept_downloads=True,
        )
        context.set_default_timeout(MILLISECONDS)
        contexts.append(context)
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if name is not None:
            page.goto(site.link(name))
            page.get_by_role("button", name="用此链接登录").click()
            page.wait_for_url("**/queue")
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
