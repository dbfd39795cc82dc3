"""Chats of the data files and their messages, in the form of the world."""

import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.world.moments import Calendar, Moment, moment
from sandbox.world.script import Draft, drafts

UIDS = uuid.UUID("6f1d5c2e-4f0b-5a53-9a39-0c6a2f1b7d11")


@dataclass(slots=True)
class DraftChat:
    """A chat as its file describes it, with the account it belongs to."""

    id: int
    row: dict[str, Any]
    account: dict[str, Any]
    drafts: list[Draft]

    @property
    def is_group(self) -> bool:
        """Whether it is a WhatsApp group."""
        return self.jid.endswith("@g.us")

    @property
    def phone(self) -> str | None:
        """The phone as TimelinesAI gives it."""
        return self.row.get("phone")

    @property
    def jid(self) -> str:
        """The WhatsApp id; of a direct chat it is made of the phone's digits."""
        return self.row.get("jid") or f"{(self.phone or '').lstrip('+')}@s.whatsapp.net"


def draft_chat(chat_id: int, row: dict[str, Any], accounts: dict[str, dict[str, Any]]) -> DraftChat:
    """Read one chat of a data file; `accounts` by account name."""
    try:
        return DraftChat(chat_id, row, accounts[row["account"]], drafts(row.get("talk", "")))
    except ValueError as error:
        raise ValueError(f"chat {chat_id}: {error}") from error


def written_chat(chat: DraftChat, calendar: Calendar) -> dict[str, Any]:
    """Return a chat as the world holds it, its messages oldest first."""
    row = chat.row
    written = {
        "id": chat.id,
        "name": row["name"],
        "phone": chat.phone,
        "jid": chat.jid,
        "is_group": chat.is_group,
        "whatsapp_account_id": chat.account["id"],
        "created_timestamp": calendar.text(_created(chat)),
        "responsible_email": row.get("responsible"),
        "labels": row.get("labels", []),
        "messages": [_message(chat, number, draft, calendar) for number, draft in enumerate(chat.drafts)],
    }
    if chat.is_group:
        written["group_members"] = [{"chat_id": None, **member} for member in row["group_members"]]
    return written


def _created(chat: DraftChat) -> Moment:
    if "created_days_ago" in chat.row:
        return moment(chat.row["created_days_ago"], "08:00")
    # A chat exists from its first message on; messages of one day are written in order, days are not always.
    return min(
        (draft.when for draft in chat.drafts), key=lambda when: (-when.days_ago, when.second), default=moment(12, "08:00")
    )


def _message(chat: DraftChat, number: int, draft: Draft, calendar: Calendar) -> dict[str, Any]:
    said = draft.said
    return {
        "uid": str(uuid.uuid5(UIDS, f"{chat.id}/{number}")),
        "timestamp": calendar.text(draft.when),
        "received_timestamp": calendar.text(draft.when, said.get("late", 1)),
        "from_me": draft.from_me,
        "text": draft.body,
        "sender_name": said.get("sender") or (chat.account["owner_name"] if draft.from_me else chat.row["name"]),
        "created_by": said.get("by", _typist(chat) if draft.from_me else ""),
        "status": said.get("status", "Read" if draft.from_me else "Delivered"),
        "origin": said.get("origin", "Shared Inbox" if draft.from_me else "synced from WhatsApp"),
        "message_type": said.get("type", "whatsapp"),
        "attachment": draft.attachment,
        "reactions": said.get("reactions", {}),
        "failure_reason": said.get("failure_reason"),
    }


def _typist(chat: DraftChat) -> str:
    return f"{chat.account['owner_name']} ({chat.account['owner_email']})"
