"""A real, headless Chromium for the tests of the pages."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.system_packages import find_chromium

expect.set_options(timeout=60_000)  # what does not come at all fails late, what comes slowly passes

PHONE, DESKTOP = {"width": 360, "height": 780}, {"width": 1280, "height": 900}


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Start a browser for one test: Playwright's event loop would be in the way of every later `asyncio.run`."""
    path = find_chromium()
    assert path, "Chromium is missing: python -m tests.system_packages installs it"
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*as_root, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def chromium_page(chromium: Browser) -> Iterator[Page]:
    """Give an empty page in a fresh profile. Nothing may go wrong in its scripts or against the policy."""
    context = chromium.new_context(viewport=DESKTOP, locale="en-US")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert not complaints, complaints
