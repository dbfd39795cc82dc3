"""The whole path in a real browser: connect, open a lead in the CRM, read and answer its chat, start a new one.

The CRM's page stands on another site than ours (localhost and 127.0.0.1): the browser keeps our sign-in out of the frame.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from blocks.environment import WebSettings
from chatledger.ledger import webhook_registrations
from deployments.live_chat import LiveChatConnections
from sandbox.serving import running
from tests.browser import DESKTOP, PHONE
from tests.stage import LAURA, ORGANISATION, OTHER_NUMBER, Stage
from tests.web.live_chat.conftest import LiveChatStage

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf500f000385018024"
    "0aebf50000000049454e44ae426082"
)
PICTURES = os.environ.get("CHATLEDGER_PICTURES")

pytestmark = pytest.mark.slow


@pytest.fixture
def delivering(stage: Stage) -> Iterator[str]:
    """TimelinesAI's stand-in on a server of its own, which delivers webhooks."""
    with running(stage.timelines.app) as url:
        yield url


@pytest.fixture
def connected(serve_chat, stage: Stage, delivering: str) -> LiveChatStage:
    """The pages as they are put together in earnest; nothing is connected yet."""
    zoho = stage.zoho_url.replace("127.0.0.1", "localhost")
    settings = WebSettings(
        chatledger_organisation=ORGANISATION, timelines_api_url=f"{stage.timelines_url}/integrations/api",
        zoho_accounts_url=zoho, zoho_client_id="1000.A", zoho_client_secret="secret",
        timelines_api_token=None, zoho_refresh_token=None, chatledger_http_timeout_seconds=10,
    )  # fmt: skip
    connections = LiveChatConnections(settings, stage.ledger)
    return serve_chat(look_up=connections.look_up, timelines=connections.timelines, zoho_accounts_url=zoho)


def connect(page: Page, live: LiveChatStage) -> None:
    live.site.sign_in(page, "admin")
    page.goto(f"{live.site.base}/connect")
    page.get_by_role("button", name="Connect the organisation").click()
    page.get_by_role("button", name="Accept").click()
    page.get_by_label("API token").fill("tl-token")
    page.get_by_role("button", name="Connect TimelinesAI").click()
    page.get_by_role("button", name="Connect my Zoho").click()
    page.get_by_label("Signed in as").select_option(LAURA)
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Your Zoho account is connected.").wait_for()


def open_lead(page: Page, live: LiveChatStage, lead: str) -> FrameLocator:
    zoho = live.site.parts.zoho_accounts_url
    page.goto(f"{zoho}/crm/Leads/{lead}?widget={live.site.base}/zoho-widget")
    return page.frame_locator("#widget")


def picture(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look; the test itself looks at words."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def send(chat: FrameLocator, text: str | None = None) -> None:
    if text is not None:
        chat.get_by_label("Message", exact=True).fill(text)
    chat.get_by_role("button", name="Send", exact=True).click()


def sent(chat: FrameLocator, text: str) -> None:
    expect(chat.locator(".bubble.ours", has_text=text)).to_be_visible()


def send_template(page: Page, chat: FrameLocator) -> None:
    chat.get_by_role("button", name="Templates").click()
    chat.get_by_role("button", name="Saludo").click()
    picture(page, "template-1280")
    chat.get_by_label("Fill in: ciudad").fill("Café Andino")
    expect(chat.locator(".preview")).to_have_text("Hola Ana Ruiz, gracias por escribir a Café Andino.")
    chat.get_by_role("button", name="Put into the message").click()
    send(chat)
    sent(chat, "gracias por escribir a Café Andino")


def send_file(chat: FrameLocator) -> None:
    chat.get_by_label("Attach a file").set_input_files({"name": "foto.png", "mimeType": "image/png", "buffer": PNG})
    expect(chat.get_by_text("foto.png is attached")).to_be_visible()
    send(chat)
    shown = chat.get_by_alt_text("Picture: foto.png")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 1)


def send_emoji(page: Page, chat: FrameLocator) -> None:
    chat.get_by_role("button", name="Emoji").click()
    picture(page, "emoji-1280")
    chat.get_by_role("button", name="🎉").click()
    chat.get_by_label("Message", exact=True).press("Enter")
    sent(chat, "🎉")


def test_the_whole_path(connected, stage, chromium_page):
    page, live = chromium_page, connected
    stage.receive("Hola, ¿me envías el catálogo?", name="Ana R.")
    page.set_viewport_size(DESKTOP)
    connect(page, live)
    subscribe(live)
    add_template(stage, "Saludo", "Hola {{name}}, gracias por escribir a {{ciudad}}.")

    chat = open_lead(page, live, live.lead)
    with page.expect_popup():
        chat.get_by_role("button", name="Sign in").click()
    expect(chat.get_by_text("Hola, ¿me envías el catálogo?")).to_be_visible()
    send(chat, "Claro, un momento.")
    sent(chat, "Claro, un momento.")
    picture(page, "frame-1280")
    send_template(page, chat)
    send_file(chat)
    send_emoji(page, chat)
    stage.receive("¡Qué bonito, gracias!")
    expect(chat.get_by_text("¡Qué bonito, gracias!")).to_be_visible()
    picture(page, "answered-1280")
    assert [message["text"] for message in live.sent()] == [
        "Claro, un momento.", "Hola Ana Ruiz, gracias por escribir a Café Andino.", None, "🎉",
    ]  # fmt: skip


def test_a_new_chat_is_started_in_a_narrow_panel(connected, stage, chromium_page):
    page, live = chromium_page, connected
    connect(page, live)
    page.set_viewport_size(PHONE)
    lead = stage.zoho.add_record("Leads", {"Last_Name": "Vega", "Phone": "+57 311 555 66 77"})
    chat = open_lead(page, live, lead)
    with page.expect_popup():
        chat.get_by_role("button", name="Sign in").click()
    expect(chat.get_by_text("No chat matches this person's number.")).to_be_visible()
    chat.locator("#composer").scroll_into_view_if_needed()
    picture(page, "new-chat-360")
    chat.get_by_label("From").select_option(OTHER_NUMBER)
    send(chat, "Buenas tardes, soy Pedro.")
    sent(chat, "Buenas tardes, soy Pedro.")
    picture(page, "started-360")

    [started] = stage.timelines.state()["chats"]
    assert (started["phone"], started["whatsapp_account_id"]) == ("+573115556677", OTHER_NUMBER)
    assert page.frames[-1].evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def add_template(stage: Stage, name: str, text: str) -> None:
    """Add a template as a teammate would in TimelinesAI."""
    _ask_timelines(stage, "templates", {"name": name, "text": text})


def subscribe(live: LiveChatStage) -> None:
    """Have TimelinesAI tell our pages of new messages."""
    secret = webhook_registrations.secret_of(live.stage.ledger, ORGANISATION)
    url = f"{live.site.base}/webhooks/timelines/{secret}"
    _ask_timelines(live.stage, "webhooks", {"event_type": "message:received:new", "url": url})


def _ask_timelines(stage: Stage, what: str, body: dict) -> None:
    address = f"{stage.timelines_url}/integrations/api/{what}"
    assert httpx.post(address, json=body, headers={"Authorization": "Bearer tl-token"}).status_code == 200
