"""Messages and chats as webhooks bring them, into values of the project. No I/O.

A message is taken from a webhook only when nothing a note shows can be missing; otherwise `Incomplete` says what, and its chat
has to be read.
"""

from typing import Any

from pydantic import ValidationError

from chatledger.clients.timelines.payloads import read_chat, read_message, why
from chatledger.clients.timelines.webhook_events import chat_part, event_type_of, message_part
from chatledger.models import Chat, Direction, Message

WRITTEN_ON_THE_PHONE = ("whatsapp", "synced from whatsapp")
"""Origins of outgoing messages that no agent of TimelinesAI wrote; the other ones have an agent, which no webhook names."""

DIRECTION_OF_TYPE = {"message:sent:new": Direction.OUTGOING, "message:received:new": Direction.INCOMING}


class Incomplete(ValueError):
    """The event does not say everything; the text says what is missing, without any value."""


def read_brought_message(part: dict[str, Any], chat_id: int, uid: str | None, origin: str) -> Message:
    """Return the message of an event; raise `Incomplete` when the chat has to be read for it."""
    raw = message_part(part)
    if uid is None:
        raise Incomplete("the uid is not named")
    sender = raw.get("sender")
    named = sender.get("full_name") if isinstance(sender, dict) else raw.get("sender_name")
    try:
        message = read_message({**raw, "uid": uid, "chat_id": chat_id, "sender_name": named, "reactions": None}, origin)
    except ValidationError as error:
        raise Incomplete(why(error)) from None
    if not message.text and not message.attachments:
        raise Incomplete("neither text nor file is named")
    if DIRECTION_OF_TYPE.get(event_type_of(part), message.direction) is not message.direction:
        raise Incomplete("type and direction contradict each other")
    if message.direction is Direction.OUTGOING and not message.agent and message.origin.lower() not in WRITTEN_ON_THE_PHONE:
        raise Incomplete("the agent is not named")
    return message


def read_brought_chat(part: dict[str, Any], origin: str) -> Chat | None:
    """Return the chat of a chat event; None when its identity (jid) is not told, which message events never tell."""
    try:
        chat = read_chat(chat_part(part), origin)
    except ValidationError:
        return None
    return chat if chat.jid and chat.account_id else None


def read_brought_reactions(part: dict[str, Any]) -> dict[str, int] | None:
    """Return the reactions a message has now; None where the event only tells the change."""
    reaction = part.get("reaction")
    counts = reaction.get("reactions") if isinstance(reaction, dict) else None
    if not isinstance(counts, dict):
        return None
    return {emoji: n for emoji, n in counts.items() if isinstance(n, int) and not isinstance(n, bool) and n > 0}
