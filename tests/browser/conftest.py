"""A page with every figure, in the Chromium of this machine, which may not leave it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from whole import write_whole_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_whole_report(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so no page was opened")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, report: Path) -> Iterator:
    """Open the page at a width and in a colour scheme, offline; tell what it complains of and asks for."""
    contexts: list[BrowserContext] = []

    def opened(width: int = 1200, path: Path | None = None, alive: int = 2, **settings: object) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.complaints, page.requests = [], []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto((path or report).as_uri())
        if alive:
            page.wait_for_function(f"document.querySelectorAll('.alive').length === {alive}")
        return page

    yield opened
    for context in contexts:
        context.close()
