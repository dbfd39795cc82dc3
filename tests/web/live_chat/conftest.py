"""The live chat on stage: both stand-ins, a lead with its chat, and the pages with look-ups as that stage's Zoho user."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from chatledger.delivery.looking_up import Known, look_up_chats
from chatledger.models import ChatsOfRecord, RecordRef
from sandbox.timelines.app import TimelinesStandIn
from tests.browser import chromium, chromium_page
from tests.stage import ANA, ORGANISATION, Stage
from tests.web.conftest import Visitor, Website, serve_pages

__all__ = ["chromium", "chromium_page", "serve_pages"]


@dataclass
class LiveChatStage:
    """The served pages with the stage behind them. `lead` is Ana's record; `looked_up` counts look-ups."""

    site: Website
    stage: Stage
    lead: str
    looked_up: list[RecordRef]

    @property
    def timelines(self) -> TimelinesStandIn:
        """The TimelinesAI stand-in."""
        return self.stage.timelines

    def address(self, path: str = "/live-chat", **more: object) -> str:
        """Return an address about Ana's lead."""
        query = "".join(f"&{name}={value}" for name, value in more.items())
        return f"{path}?module=Leads&record={self.lead}{query}"

    def post(self, visitor: Visitor, path: str, *, files: dict | None = None, **form: object) -> dict:
        """Post a form of ours as its script does; gives the answer with its status."""
        data = {"csrf_token": visitor.csrf(), **{name: str(value) for name, value in form.items()}}
        answer = visitor.post(self.address(path), data=data, files=files, headers={"Accept": "application/json"})
        return {"status": answer.status_code, **answer.json()}

    def send(self, visitor: Visitor, text: str = "", attempt: str = "a-1", **more: object) -> dict:
        """Send into the only chat."""
        return self.post(visitor, f"/live-chat/chats/{self.chat_id()}/messages", text=text, attempt=attempt, **more)

    def seller(self) -> Visitor:
        """Return a signed-in seller without scripts."""
        return self.site.visitor("seller")

    def sent(self) -> list[dict]:
        """Return what was sent by the API, oldest first."""
        messages = [one for chat in self.timelines.state()["chats"] for one in chat["messages"]]
        return [one for one in messages if one["origin"] == "Public API"]

    def chat_id(self) -> int:
        """Return the id of the only chat."""
        [chat] = self.timelines.state()["chats"]
        return chat["id"]


@pytest.fixture
def serve_chat(stage: Stage, serve_pages: Callable[..., Website]) -> Iterator[Callable[..., LiveChatStage]]:
    """Give a function that serves the live chat for a lead with these fields."""

    def serve(values: dict | None = None, **fields: object) -> LiveChatStage:
        record = {"Last_Name": "Ruiz", "First_Name": "Ana", "Full_Name": "Ana Ruiz", "Company": "Café Sol", "Mobile": ANA}
        lead = stage.zoho.add_record("Leads", record if values is None else values)
        timelines, zoho, _ = stage.clients()
        known, looked_up = Known(), []

        async def look_up(_person_id: str, record: RecordRef) -> ChatsOfRecord:
            looked_up.append(record)
            return await look_up_chats(stage.ledger, ORGANISATION, record, timelines=timelines, zoho=zoho, known=known)

        site = serve_pages(**{"look_up": look_up, "timelines": lambda: timelines, **fields})
        stage.timelines.faults.send_gap_seconds = 0
        return LiveChatStage(site, stage, lead, looked_up)

    return serve


@pytest.fixture
def live(serve_chat: Callable[..., LiveChatStage]) -> LiveChatStage:
    """The live chat for a lead with one chat of two messages."""
    served = serve_chat()
    served.stage.receive("Hola, quiero el catálogo")
    served.stage.receive("Claro, aquí va", from_me=True)
    return served
