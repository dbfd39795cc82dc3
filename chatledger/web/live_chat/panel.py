"""What a page shows of a record: its chats, one of them open, and what can be done. Builds contexts for the templates."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from starlette.requests import Request

from chatledger.clients.timelines.messaging import LONGEST_TEXT
from chatledger.errors import OutsideError
from chatledger.models import Account, Chat, ChatsOfRecord, Message, Page
from chatledger.phones import written_form
from chatledger.web.live_chat.conversation import by_day, readable
from chatledger.web.live_chat.desk import Desk, number_of
from chatledger.web.live_chat.file_kinds import SENDABLE
from chatledger.web.live_chat.visitors import Visitor

NAMES = ("Full_Name", "Last_Name", "Name", "Account_Name", "Deal_Name", "Subject")


NOTHING: dict[str, Any] = {"days": (), "older": None}


@dataclass(frozen=True, slots=True)
class Listed:
    """A chat in the list: its contact, the connected number it is on, and whether that number can send."""

    id: int
    name: str
    phone: str
    number: str
    connected: bool
    url: str


def listed(found: ChatsOfRecord, chat: Chat) -> Listed:
    """Return a chat as the list shows it."""
    number = number_of(found, chat.account_id)
    label = number_label(number) if number else chat.account_id.partition("@")[0]
    # Unknown numbers are taken for connected: TimelinesAI decides when something is sent.
    # A chat whose contact nobody has saved is named by its number; the record knows better.
    unnamed = not any(letter.isalpha() for letter in chat.name)
    name = (record_name(found) if unnamed else "") or readable(chat.name or chat.phone)
    return Listed(chat.id, name, chat.phone, label, number is None or number.connected, chat.url)


def number_label(number: Account) -> str:
    """Return how a connected number is named to a person."""
    return readable(f"{number.owner_name} · {number.phone}" if number.owner_name else number.phone)


def record_name(found: ChatsOfRecord) -> str:
    """Return the name of a record, empty when it has none of the usual fields."""
    said = (found.values.get(name) for name in NAMES)
    return readable(next((text.strip() for text in said if isinstance(text, str) and text.strip()), ""))


async def panel(request: Request, desk: Desk, visitor: Visitor, found: ChatsOfRecord) -> dict[str, Any]:
    """Return the context of the panel with the chat that was asked for open, or the newest."""
    chosen = chosen_chat(request, found)
    zone, page, _ = await asyncio.gather(
        desk.zone(request.query_params.get("zone", "")), _page_of(request, desk, found, chosen), _noted(desk, visitor, chosen)
    )
    shown = conversation(desk, visitor, chosen, page, zone) if chosen and page else NOTHING
    connected = [number for number in found.numbers if number.connected]
    return {
        "record": visitor.record,
        "framed": visitor.framed,
        "name": record_name(found),
        "found": found,
        "chats": [listed(found, chat) for chat in found.chats],
        "chat": listed(found, chosen) if chosen else None,
        "numbers": [(number.id, number_label(number)) for number in connected],
        "phones": [(position, written_form(phone.key, None)) for position, phone in enumerate(found.phones)],
        "starting": bool(found.phones) and (chosen is None or "new" in request.query_params),
        "attempt": uuid4().hex,
        "longest_text": LONGEST_TEXT,
        "accepted": ",".join(f".{extension}" for extension in SENDABLE),
        "zone": zone,
        **shown,
    }


def chosen_chat(request: Request, found: ChatsOfRecord) -> Chat | None:
    """Return the chat the address names, else the newest; none while a new one is being started."""
    if "new" in request.query_params:
        return None
    asked = request.query_params.get("chat", "")
    return next((chat for chat in found.chats if str(chat.id) == asked), found.chats[0] if found.chats else None)


async def _page_of(request: Request, desk: Desk, found: ChatsOfRecord, chat: Chat | None) -> Page[Message] | None:
    before = request.query_params.get("before")
    if chat is None:
        return None
    try:
        return await older_page(desk, chat, before) if before else await desk.newest.of(chat.id, since=desk.newest.now())
    except OutsideError:
        if found.only_ledger is None:
            raise
        return None  # the chats are listed all the same, and the page says why nothing else is


async def _noted(desk: Desk, visitor: Visitor, chat: Chat | None) -> None:
    if chat is not None:
        await desk.note_down(visitor, "looked", chat)


async def older_page(desk: Desk, chat: Chat, before: str) -> Page[Message]:
    """Return the messages before one of them."""
    return await desk.timelines().messages(chat.id, before=before[:200])


def conversation(desk: Desk, visitor: Visitor, chat: Chat, page: Page[Message], zone: str) -> dict[str, Any]:
    """Return a page of messages by day, and the uid from which older ones are asked for."""
    return {"days": by_day(desk.bubbles(visitor, chat, page.items, zone)), "older": page.next_token}
