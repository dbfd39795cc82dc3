"""The overview: figures that add up, charts that can be seen, numbers to take along."""

import csv
import io
import re

import pytest

from chatledger.web.wording import wording
from tests.browser import DESKTOP, PHONE

WORDS = wording("sync_log", "en")
CHARTS = ("messages", "reasons", "lag", "numbers", "credits")


def test_figures_of_a_period_add_up(site):
    page = site.visitor("viewer").get("/sync-log/overview?days=7").text

    figures = dict(re.findall(r'<div class="figure"><dt>([^<]+)</dt><dd>([^<]+)</dd>', page))
    assert [figures[WORDS["outcomes"][name]] for name in ("synced", "skipped", "pending", "parked")] == ["2", "2", "0", "2"]
    assert (figures["Messages"], figures["Runs"]) == ("6", "2")
    assert "Laura: 5 messages, 2 in Zoho, 1 parked" in page


def test_period_without_messages_says_so(site):
    page = site.visitor("viewer").get("/sync-log/overview?from=2020-01-01&to=2020-01-31").text

    assert WORDS["overview"]["no_messages"] in page
    assert WORDS["overview"]["no_lag"] in page


@pytest.mark.parametrize(
    "query", ["from=2020-01-01", "from=2026-06-01&to=9999-12-31", "to=2026-01-01&from=2026-06-01", "days=0"]
)
def test_every_period_can_be_asked_for(site, query):
    assert site.visitor("viewer").get(f"/sync-log/overview?{query}").status_code == 200


@pytest.mark.slow
def test_each_chart_is_an_image_of_its_own_for_light_and_dark(site):
    viewer = site.visitor("viewer")

    for name in CHARTS:
        light, dark = (viewer.get(f"/sync-log/overview/{name}.svg?days=7&theme={theme}") for theme in ("light", "dark"))

        assert light.headers["content-type"] == "image/svg+xml"
        assert light.text.startswith("<?xml")
        assert "<script" not in light.text
        assert light.text != dark.text


def test_figures_can_be_taken_along_as_a_table(site):
    answer = site.visitor("viewer").get("/sync-log/overview.csv?days=7")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sum(int(row["messages"]) for row in rows) == 6
    assert {row["owner"] for row in rows} == {"Laura", "Pedro"}
    assert answer.headers["content-disposition"].startswith("attachment")


def test_every_chart_has_a_table_beside_it(site):
    page = site.visitor("viewer").get("/sync-log/overview?days=7").text

    assert page.count(f"<summary>{WORDS['overview']['table']}</summary>") == page.count('class="chart"') == len(CHARTS)


@pytest.mark.slow
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360", "1280"])
def test_pages_fit_the_screen_and_show_their_charts(site, chromium_page, size):
    chromium_page.set_viewport_size(size)
    site.sign_in(chromium_page, "operator")
    for path in ("", "/messages", "/held", "/overview", "/notes/1"):
        chromium_page.goto(f"{site.base}/sync-log{path}")

        assert chromium_page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    chromium_page.goto(f"{site.base}/sync-log/overview")
    chromium_page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    chromium_page.wait_for_load_state("networkidle")
    widths = chromium_page.eval_on_selector_all("img.chart", "images => images.map(image => image.naturalWidth)")
    assert len(widths) == len(CHARTS)
    assert all(widths)


@pytest.mark.slow
def test_selection_is_made_by_one_click_and_sent(site, chromium_page, asked):
    site.sign_in(chromium_page, "operator")
    chromium_page.goto(f"{site.base}/sync-log/messages")

    chromium_page.get_by_role("button", name=WORDS["select_all"]).click()
    chromium_page.get_by_role("button", name=WORDS["retry_selected"]).click()

    chromium_page.get_by_text(WORDS["done"]["retried"]).wait_for()
    assert [len(uids) for uids, _ in asked.retries] == [2]
