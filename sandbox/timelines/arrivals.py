"""How messages and chats come into the workspace, and who is told about it."""

import uuid
from datetime import datetime

from sandbox.timelines import events, memory
from sandbox.timelines.service import Service


def new_uid() -> str:
    """Make a uid."""
    return str(uuid.uuid4())


def open_chat(service: Service, account: memory.Account, jid: str, *, phone: str | None, name: str) -> memory.Chat:
    """Begin a chat; its first message tells the subscribers."""
    chat = memory.Chat(
        id=service.workspace.next_chat_id(),
        name=name,
        phone=phone,
        jid=jid,
        is_group=jid.endswith("@g.us"),
        account_id=account.id,
        created=service.clock.now().replace(microsecond=0),
    )
    service.workspace.add_chat(chat)
    return chat


def take_in(service: Service, message: memory.Message) -> None:
    """Store a message and tell the subscribers, of a new chat first when it is the first message there.

    Only WhatsApp messages are events; notes and calls are not.
    """
    chat = service.workspace.chats[message.chat_id]
    begins_chat = not chat.messages
    service.workspace.add_message(message)
    chat.read = message.from_me
    if message.message_type != "whatsapp":
        return
    if begins_chat:
        _announce_chat(service, chat, outgoing=message.from_me)
    announce(service, message)


def announce(service: Service, message: memory.Message) -> None:
    """Tell the subscribers of a message; doing it twice is the duplicate that webhooks are known for."""
    direction = "message:sent:new" if message.from_me else "message:received:new"
    for event_type in ("message:new", direction):
        service.deliveries.emit(event_type, events.message_payload(service.shapes, message))


def shift_pages(service: Service, chat: memory.Chat) -> None:
    """Let a message arrive in a chat, so that whoever is reading page by page meets a list that moved."""
    now = service.clock.now().replace(microsecond=0)
    take_in(service, whatsapp_message(chat, "...", at=now, received=now))


def whatsapp_message(
    chat: memory.Chat,
    text: str | None,
    *,
    at: datetime,
    received: datetime,
    from_me: bool = False,
    uid: str | None = None,
    status: str | None = None,
    sender_name: str | None = None,
) -> memory.Message:
    """Make a message that comes from WhatsApp: of the other side, or `from_me` of the phone behind the number."""
    return memory.Message(
        uid=uid or new_uid(),
        chat_id=chat.id,
        timestamp=at,
        received=received,
        from_me=from_me,
        text=text,
        statuses=[(at, status or "Delivered")],
        sender_name=sender_name or ("" if from_me else chat.name),
        data={"whatsapp_from_me": from_me},
    )


def _announce_chat(service: Service, chat: memory.Chat, *, outgoing: bool) -> None:
    service.deliveries.emit("chat:new", events.chat_payload(service.shapes, chat))
    if not chat.is_group:
        event_type = "chat:outgoing:new" if outgoing else "chat:incoming:new"
        service.deliveries.emit(event_type, events.chat_payload(service.shapes, chat))
