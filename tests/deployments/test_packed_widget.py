"""The widget that Zoho hosts, unpacked and opened in a real browser: it leads to our page for the record that is open."""

import zipfile

import pytest
from playwright.sync_api import Page, expect

from deployments.widget_package import pack_widget
from tests.browser import chromium, chromium_page

__all__ = ["chromium", "chromium_page"]

HOST, OURS = "https://hosted-by-zoho.example", "https://chat.example.com"
SDK = """
let opened;
window.ZOHO = {
  embeddedApp: {
    on: (event, then) => { opened = then; },
    init: async () => opened({ Entity: "Leads", EntityId: %s }),
  },
  CRM: { UI: { Resize: async () => {} } },
};
"""

pytestmark = pytest.mark.slow


def open_packed(page: Page, folder, record: str) -> None:
    """Open the packed app as Zoho serves it; its SDK names the record as it does for a related list or a button."""
    with zipfile.ZipFile(pack_widget(OURS, folder / "widget.zip")) as package:
        package.extractall(folder)
    page.route(f"{HOST}/**", lambda route: route.fulfill(path=folder / route.request.url.removeprefix(f"{HOST}/")))
    page.route("https://live.zwidgets.com/**", lambda route: route.fulfill(body=SDK % record, content_type="text/javascript"))
    page.route(f"{OURS}/**", lambda route: route.fulfill(body="<p>our page</p>", content_type="text/html"))
    page.goto(f"{HOST}/app/widget.html")


@pytest.mark.parametrize("record", ['"5725767000000411001"', '["5725767000000411001"]'])
def test_packed_widget_shows_our_page_for_the_open_record(chromium_page, tmp_path, record):
    open_packed(chromium_page, tmp_path, record)

    expect(chromium_page.frame_locator("#chat").get_by_text("our page")).to_be_visible()
    assert chromium_page.frames[-1].url == f"{OURS}/zoho-widget?module=Leads&record=5725767000000411001"


def test_packed_widget_asks_for_a_single_record_when_several_are_chosen(chromium_page, tmp_path):
    open_packed(chromium_page, tmp_path, '["1", "2"]')

    expect(chromium_page.get_by_text("Open a single record.")).to_be_visible()
    assert len(chromium_page.frames) == 1 or chromium_page.frames[-1].url in ("", "about:blank")
