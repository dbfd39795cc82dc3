"""Reading TimelinesAI back to a moment: its list of chats, and the messages of one, without storing anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chatledger.clients import TimelinesClient
from chatledger.errors import SchemaDrift
from chatledger.models import Chat, Message, Page

OVERLAP = timedelta(hours=1)
"""Chats a little older than asked for are listed too: the list moves while it is read."""


@dataclass(frozen=True, slots=True)
class HeldChat:
    """The messages TimelinesAI holds of a chat, by uid, as far back as was asked and a little further.

    `gone` says that it knows the chat no more.
    """

    messages: dict[str, Message]
    gone: bool = False


async def read_back(timelines: TimelinesClient, chat_id: int, start: datetime) -> HeldChat:
    """Read a chat from its newest message back to `start`. Raises OutsideError, NotFound for a chat that is no more."""
    items: dict[str, Message] = {}
    before: str | None = None
    while True:
        page = await timelines.messages(chat_id, before=before)
        fresh = [item for item in page.items if item.uid not in items]
        items.update((item.uid, item) for item in fresh)
        if not page.more or (page.items and min(item.timestamp for item in page.items) < start):
            return HeldChat(items)
        if not fresh and page.next_token == before:
            raise _endless(f"the same messages of chat {chat_id}")
        before = fresh[-1].uid if fresh else page.next_token


async def list_chats(timelines: TimelinesClient, start: datetime, *, in_order: bool) -> list[Chat]:
    """Return the chats with a message since `start`. Raises OutsideError.

    Where the list is newest first (`in_order`, and checked on the way) it is read only as far as needed, else to its end.
    """
    found: dict[int, Chat] = {}
    number, oldest = 1, None
    while True:
        page = await timelines.chats(number)
        if page.more and page.items and all(chat.id in found for chat in page.items):
            raise _endless("the same page of chats")
        in_order = in_order and _newest_first(page, oldest)
        found.update((chat.id, chat) for chat in page.items)
        oldest = min((chat.last_message_at for chat in page.items if chat.last_message_at), default=oldest)
        if not page.more or not page.items or (in_order and oldest is not None and oldest < start - OVERLAP):
            return [chat for chat in found.values() if chat.last_message_at and chat.last_message_at >= start]
        number += 1


def _newest_first(page: Page[Chat], before: datetime | None) -> bool:
    moments: Sequence[datetime | None] = [before, *(chat.last_message_at for chat in page.items)]
    dated = [moment for moment in moments if moment]
    return len(dated) >= len(page.items) and dated == sorted(dated, reverse=True)


def _endless(what: str) -> SchemaDrift:
    return SchemaDrift(f"TimelinesAI gives {what} again and again; nothing can be compared by that.", system="TimelinesAI")
