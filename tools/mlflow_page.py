"""MLflow's pages in Chromium, for the README's picture and for the tests that look at them."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIZE = {"width": 1600, "height": 900}
ASSISTANT_MS = 3000
"""It opens on a first visit, a moment after the page; where it does not, this is waited in vain."""

CLOSE_ASSISTANT = '[data-component-id="mlflow.assistant.chat_panel.close"]'


@contextmanager
def served(store: str) -> Iterator[str]:
    """Run MLflow's own server over a store, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--workers",
        "1",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    server = subprocess.Popen(
        [*command, "--backend-store-uri", store], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the system's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        yield browser
        browser.close()


def opened(browser: Browser, address: str, shows: str) -> Page:
    """Open a page of MLflow's, wait until it shows a text, and close its assistant, which opens by itself."""
    page = browser.new_page(viewport=SIZE)
    page.set_default_timeout(120_000)
    page.goto(address)
    page.get_by_text(shows, exact=True).first.wait_for()
    with suppress(PlaywrightTimeout):
        page.locator(CLOSE_ASSISTANT).click(timeout=ASSISTANT_MS)
    return page


def _wait(address: str) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise TimeoutError(f"MLflow's server did not answer at {address} within three minutes")
