"""What a webhook carries, with the payload at the top level and no wrapper around it."""

from typing import Any

from sandbox.timelines import memory
from sandbox.timelines.shapes import Shapes

EVENT_TYPES = frozenset(
    {
        *("message:new", "message:sent:new", "message:received:new", "message:reaction"),
        *("chat:new", "chat:incoming:new", "chat:outgoing:new"),
        *("chat:responsible:assigned", "chat:responsible:unassigned"),
        *("call:incoming:missed", "call:incoming:ended", "call:outgoing:ended"),
        *(f"whatsapp:account:{state}" for state in ("connected", "disconnected", "suspended", "resumed")),
        *(f"waba:message:{state}" for state in ("received", "delivered", "failed", "read")),
        *(f"waba:chat:{state}" for state in ("incoming", "outgoing", "assigned", "unassigned", "closed", "reopened")),
        *(f"waba:account:{state}" for state in ("active", "disabled", "disconnected")),
        *(f"waba:template:{state}" for state in ("approved", "rejected", "disabled")),
    }
)


def message_payload(shapes: Shapes, message: memory.Message) -> dict[str, Any]:
    """Draw `message:*`; here the chat's id is `chat_id`, the message's is `message_uid`, and no jid is given."""
    chat = shapes.workspace.chats[message.chat_id]
    account = shapes.workspace.accounts[chat.account_id]
    sender, recipient = shapes.parties(message)
    drawn: dict[str, Any] = {
        "text": message.text or "",
        "direction": "sent" if message.from_me else "received",
        "origin": message.origin,
        "timestamp": shapes.moment(message.timestamp),
        "received_timestamp": shapes.moment(message.received),
        "message_uid": message.uid,
        "sender": {"full_name": sender[0], "phone": sender[1]},
        "recipient": {"full_name": recipient[0], "phone": recipient[1]},
    }
    if message.reply_to:
        drawn["reply_to_uid"] = message.reply_to
    if message.attachment:
        drawn["attachments"] = [_attachment(shapes, message.uid, message.attachment)]
    return {
        "chat": {
            "full_name": chat.name,
            "chat_url": shapes.chat_url(chat),
            "chat_id": chat.id,
            "is_group": chat.is_group,
            "phone": chat.phone or "",
            **_responsible(shapes, chat),
        },
        "whatsapp_account": {"full_name": account.owner_name, "email": account.owner_email, "phone": account.phone},
        "message": drawn,
    }


def chat_payload(shapes: Shapes, chat: memory.Chat, *, previous_responsible: str | None = None) -> dict[str, Any]:
    """Draw `chat:*`; here the chat's id is `id`."""
    last = chat.last_message
    drawn = {
        "id": chat.id,
        "name": chat.name,
        "phone": chat.phone or "",
        "jid": chat.jid,
        "is_group": chat.is_group,
        "closed": chat.closed,
        "read": chat.read,
        "labels": list(chat.labels),
        "unattended_customer": chat.unattended,
        "chatgpt_autoresponse_enabled": chat.chatgpt_autoresponse_enabled,
        "whatsapp_account_id": chat.account_id,
        "chat_url": shapes.chat_url(chat),
        "created_timestamp": shapes.moment(chat.created),
        **({"last_message_uid": last.uid, "last_message_timestamp": shapes.moment(last.timestamp)} if last else {}),
        **_responsible(shapes, chat),
    }
    if mate := shapes.workspace.teammate(previous_responsible):
        drawn |= {"previous_responsible_name": mate.display_name, "previous_responsible_email": mate.email}
    return {"chat": drawn, **account_payload(shapes, shapes.workspace.accounts[chat.account_id])}


def account_payload(shapes: Shapes, account: memory.Account) -> dict[str, Any]:
    """Draw `whatsapp:account:*`."""
    drawn = {
        "id": account.id,
        "phone": account.phone,
        "connected_on": shapes.moment(account.connected_on),
        "status": account.status,
        "account_name": account.account_name,
        "owner_name": account.owner_name,
        "owner_email": account.owner_email,
    }
    if account.disconnected_on:
        drawn["disconnected_on"] = shapes.moment(account.disconnected_on)
    return {"whatsapp_account": drawn}


def _attachment(shapes: Shapes, uid: str, attachment: memory.Attachment) -> dict[str, Any]:
    return {
        "temporary_download_url": shapes.links.to(uid, attachment.filename),
        "filename": attachment.filename,
        "size": attachment.size,
        "mimetype": attachment.mimetype,
    }


def _responsible(shapes: Shapes, chat: memory.Chat) -> dict[str, str]:
    mate = shapes.workspace.teammate(chat.responsible_email)
    return {"responsible_name": mate.display_name, "responsible_email": mate.email} if mate else {}
