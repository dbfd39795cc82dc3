"""News reach an open page by themselves: told by webhooks or own sends, else asked for, once for all pages."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from chatledger.web.live_chat import polling


class Events:
    """A page's stream of events, read in a thread of its own."""

    def __init__(self, visitor, address) -> None:
        self.got: list[tuple[str, dict]] = []
        self.arrived = threading.Condition()
        self._visitor, self._address = visitor, address
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for("ready")

    def _read(self) -> None:
        with suppress(httpx.HTTPError, httpx.StreamError):  # the test is over
            self._listen()

    def _listen(self) -> None:
        with self._visitor.stream("GET", self._address, headers={"Accept": "application/json"}, timeout=90) as answer:
            event = ""
            for line in answer.iter_lines():
                if line.startswith("event:"):
                    event = line.partition(":")[2].strip()
                elif line.startswith("data:"):
                    with self.arrived:
                        self.got.append((event, json.loads(line.partition(":")[2])))
                        self.arrived.notify_all()

    def wait_for(self, event: str, text: str = "") -> dict:
        """Return the first event of this name that holds the text."""
        with self.arrived:
            found = self.arrived.wait_for(lambda: self._find(event, text), timeout=60)
        assert found, f"no {event} with {text!r} among {[name for name, _ in self.got]}"
        return found[0]

    def _find(self, event: str, text: str) -> list[dict]:
        return [data for name, data in self.got if name == event and text in data.get("html", "")]


@pytest.fixture
def soon(monkeypatch) -> Iterator[None]:
    """Chats are asked for sooner than in earnest."""
    monkeypatch.setattr(polling, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(polling, "LONGEST_SECONDS", 0.4)


def test_an_open_page_gets_what_somebody_else_sends(live):
    page = Events(live.seller(), live.address("/live-chat/events", chat=live.chat_id()))
    live.send(live.site.visitor("admin"), "desde otra página")

    assert page.wait_for("messages", "desde otra página")["chat"] == live.chat_id()


@pytest.mark.usefixtures("soon")
def test_without_webhooks_an_open_chat_is_asked_for(live):
    page = Events(live.seller(), live.address("/live-chat/events", chat=live.chat_id()))
    live.stage.receive("¿sigue ahí?")

    assert page.wait_for("messages", "¿sigue ahí?")


@pytest.mark.usefixtures("soon")
def test_ticks_arrive_by_themselves(live):
    live.timelines.faults.delivery_seconds = 60
    page = Events(live.seller(), live.address("/live-chat/events", chat=live.chat_id()))
    live.send(live.site.visitor("admin"), "¿llegó?")
    live.stage.advance(61)

    assert page.wait_for("messages", 'aria-label="Delivered"')


def test_many_pages_ask_timelines_once(live):
    address = live.address("/live-chat/events", chat=live.chat_id())
    seller = live.seller()
    pages = [Events(seller, address) for _ in range(10)]
    live.stage.forget_calls()
    live.send(live.site.visitor("admin"), "a todos")
    for page in pages:
        page.wait_for("messages", "a todos")

    reads = [one for one in live.timelines.requests if one["method"] == "GET" and one["path"].endswith("/messages")]
    assert len(reads) <= 3


def test_news_of_another_chat_of_the_record_are_told(live):
    live.stage.receive("otro número", account="573105550900@s.whatsapp.net")
    newest, older = (chat["id"] for chat in live.timelines.state()["chats"])
    page = Events(live.seller(), live.address("/live-chat/events", chat=newest))
    live.post(live.site.visitor("admin"), f"/live-chat/chats/{older}/messages", text="hola", attempt="a")

    assert page.wait_for("chat")["chat"] == older


def test_nobody_hears_of_chats_that_are_not_theirs(live):
    own = live.chat_id()
    page = Events(live.seller(), live.address("/live-chat/events", chat=own))
    live.stage.receive("geheim", phone="+573119998877")
    other = live.stage.zoho.add_record("Leads", {"Last_Name": "Vega", "Mobile": "+573119998877"})
    chat_id = next(chat["id"] for chat in live.timelines.state()["chats"] if chat["phone"] == "+573119998877")
    admin = live.site.visitor("admin")
    form = {"csrf_token": admin.csrf(), "text": "hola", "attempt": "a"}
    sent = admin.post(f"/live-chat/chats/{chat_id}/messages?module=Leads&record={other}", data=form)
    live.post(admin, f"/live-chat/chats/{own}/messages", text="para Ana", attempt="b")
    page.wait_for("messages", "para Ana")

    assert sent.status_code == 303
    assert not [name for name, data in page.got if data.get("chat") == chat_id]
