"""Writing on while a message leaves, in a real browser: what belongs to the next message is neither lost nor sent twice."""

import pytest
from playwright.sync_api import Page, expect

from sandbox.timelines.faults import Failure
from tests.web.live_chat.conftest import LiveChatStage

PDF = {"name": "lista.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n1 0 obj"}

pytestmark = pytest.mark.slow


def opened(page: Page, live: LiveChatStage, address: str) -> Page:
    live.site.sign_in(page, "seller")
    page.goto(live.site.base + address)
    expect(page.get_by_role("button", name="Emoji")).to_be_visible()  # the script is at work
    return page


def next_send(live: LiveChatStage, **how: object) -> None:
    live.timelines.faults.failures.append(Failure(**{"path": "messages$", "method": "POST", **how}))


def text(page: Page):
    return page.get_by_label("Message", exact=True)


def texts(live: LiveChatStage) -> list[str | None]:
    return [message["text"] for message in live.sent()]


def test_what_is_written_while_a_message_leaves_is_kept_and_sent_after_it(live, chromium_page):
    page = opened(chromium_page, live, live.address())
    live.timelines.faults.latency_ms = 700
    text(page).fill("Uno")
    text(page).press("Enter")
    text(page).press("Enter")  # once more, out of impatience
    text(page).fill("Dos")
    text(page).press("Enter")
    expect(page.locator(".bubble.ours", has_text="Dos")).to_be_visible()
    expect(text(page)).to_have_value("")

    assert texts(live) == ["Uno", "Dos"]


def test_a_file_attached_while_a_message_leaves_stays_attached(live, chromium_page):
    page = opened(chromium_page, live, live.address())
    live.timelines.faults.latency_ms = 700
    text(page).fill("Uno")
    text(page).press("Enter")
    page.get_by_label("Attach a file").set_input_files(PDF)
    expect(page.get_by_text("Sent", exact=True)).to_be_visible()
    expect(page.get_by_text("lista.pdf is attached")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".bubble.ours", has_text="lista.pdf")).to_be_visible()

    assert texts(live) == ["Uno", None]


def test_what_is_written_while_the_first_message_leaves_goes_into_the_new_chat(serve_chat, chromium_page):
    live = serve_chat()
    page = opened(chromium_page, live, live.address())
    live.timelines.faults.latency_ms = 700
    text(page).fill("Buenas tardes")
    text(page).press("Enter")
    text(page).fill("Soy Laura")
    expect(page.locator(".bubble.ours", has_text="Buenas tardes")).to_be_visible()
    expect(text(page)).to_have_value("Soy Laura")
    text(page).press("Enter")
    expect(page.locator(".bubble.ours", has_text="Soy Laura")).to_be_visible()

    assert texts(live) == ["Buenas tardes", "Soy Laura"]
    assert len(live.timelines.state()["chats"]) == 1


def test_a_refused_message_waits_with_what_was_written_since(live, chromium_page):
    page = opened(chromium_page, live, live.address())
    next_send(live, status=500, times=9, delay_seconds=0.5)
    text(page).fill("Uno")
    text(page).press("Enter")
    text(page).fill("Dos")
    text(page).press("Enter")
    again = page.locator(".trouble button")
    expect(again).to_be_visible()
    expect(text(page)).to_have_value("Dos")
    live.timelines.faults.failures.clear()
    again.click()
    expect(page.locator(".bubble.ours", has_text="Uno")).to_be_visible()
    expect(text(page)).to_have_value("Dos")

    assert texts(live) == ["Uno"]
