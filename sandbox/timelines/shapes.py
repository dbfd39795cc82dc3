"""The JSON that TimelinesAI shows of what it knows about chats and messages."""

import zlib
from datetime import datetime
from typing import Any

from sandbox.clock import Clock
from sandbox.timelines import memory
from sandbox.timelines.downloads import DownloadLinks
from sandbox.timelines.faults import Faults
from sandbox.timelines.timestamps import written

_CANNOT_BE_WRITTEN_TO = ("@broadcast", "@newsletter")


class Shapes:
    """Draws chats and messages as the API gives them, bent by the fault switches that bend single objects."""

    def __init__(self, workspace: memory.Workspace, faults: Faults, clock: Clock, links: DownloadLinks) -> None:
        self.workspace = workspace
        self.faults = faults
        self.clock = clock
        self.links = links

    def moment(self, moment: datetime) -> str:
        """Write a moment in the workspace's zone."""
        return written(moment, self.workspace.zone)

    def chat(self, chat: memory.Chat, *, with_last_message: bool = False) -> dict[str, Any]:
        """Draw ChatInfo; `group_members` exists for groups only."""
        last = chat.last_message
        shape: dict[str, Any] = {
            "id": self._chat_id(chat.id),
            "name": chat.name,
            "phone": chat.phone,
            "jid": chat.jid,
            "is_group": chat.is_group,
            "closed": chat.closed,
            "read": chat.read,
            "labels": list(chat.labels),
            "chatgpt_autoresponse_enabled": chat.chatgpt_autoresponse_enabled,
            **self._responsible(chat),
            "whatsapp_account_id": chat.account_id,
            "chat_url": self.chat_url(chat),
            "created_timestamp": self.moment(chat.created),
            "last_message_uid": last.uid if last else None,
            "last_message_timestamp": self.moment(last.timestamp) if last else None,
            "unattended": chat.unattended,
            "photo": f"/static/img/default_avatar.{zlib.crc32(b'avatar'):08x}.jpeg",
            "is_allowed_to_message": self.may_write_to(chat),
        }
        if chat.is_group:
            shape["group_members"] = chat.group_members
        if with_last_message:
            shape["last_message"] = self._summary(last) if last else None
        return self._bent(shape)

    def chat_url(self, chat: memory.Chat) -> str:
        """Link to the chat in the inbox; captured answers have it relative, the documentation absolute."""
        path = f"/chat/{chat.id}/messages/"
        return path if self.faults.chat_url == "relative" else self.links.base_url + path

    def may_write_to(self, chat: memory.Chat) -> bool:
        """Say whether a send would be taken: not on a disconnected number, nor to a broadcast or a channel."""
        active = self.workspace.accounts[chat.account_id].status == "active"
        return active and not chat.jid.endswith(_CANNOT_BE_WRITTEN_TO)

    def message(self, message: memory.Message) -> dict[str, Any]:
        """Draw MessageInfo."""
        return self._bent({**self._bare_message(message), "reactions": self.reactions(message)})

    def reactions(self, message: memory.Message) -> dict[str, Any]:
        """Draw the reactions to a message with their count per emoji."""
        counted: dict[str, int] = {}
        for user in message.reactions:
            counted[user["reaction"]] = counted.get(user["reaction"], 0) + 1
        return {"users": list(message.reactions), "reactions": counted, "total": len(message.reactions)}

    def status_history(self, message: memory.Message) -> list[dict[str, Any]]:
        """Draw what became of a message so far; empty until it left."""
        history = message.history(self.clock.now())
        return [{"status": status, "timestamp": self.moment(at)} for at, status in history]

    def parties(self, message: memory.Message) -> tuple[tuple[str, str], tuple[str, str]]:
        """Give (name, phone) of the sender and of the recipient; a group as a whole has no phone."""
        chat = self.workspace.chats[message.chat_id]
        account = self.workspace.accounts[chat.account_id]
        ours = (account.account_name or account.owner_name, account.phone)
        theirs = (chat.name, chat.phone or "")
        if message.from_me:
            return (message.sender_name or ours[0], ours[1]), theirs
        return (message.sender_name or theirs[0], message.sender_phone or theirs[1]), ours

    def _summary(self, message: memory.Message) -> dict[str, Any]:
        return self._bent(self._bare_message(message))

    def _bare_message(self, message: memory.Message) -> dict[str, Any]:
        sender, recipient = self.parties(message)
        attachment = message.attachment
        shape = {
            "uid": message.uid,
            "chat_id": self._chat_id(message.chat_id),
            "timestamp": self.moment(message.timestamp),
            "received_timestamp": self.moment(message.received),
            "sender_phone": sender[1],
            "sender_name": sender[0],
            "recipient_phone": recipient[1],
            "recipient_name": recipient[0],
            "from_me": message.from_me,
            "text": message.text,
            "attachment_url": self.links.to(message.uid, attachment.filename) if attachment else None,
            "attachment_filename": attachment.filename if attachment else None,
            "status": self._word(message.status(self.clock.now())),
            "origin": self._word(message.origin),
            "has_attachment": attachment is not None,
            "message_type": message.message_type,
            "data": message.data,
            "created_by": message.created_by,
        }
        if message.failure_reason:
            shape["failure_reason"] = message.failure_reason
        if self.faults.received_timestamp_absent:
            del shape["received_timestamp"]
        return shape

    def _responsible(self, chat: memory.Chat) -> dict[str, str | None]:
        mate = self.workspace.teammate(chat.responsible_email)
        return {"responsible_email": chat.responsible_email, "responsible_name": mate.display_name if mate else None}

    def _chat_id(self, chat_id: int) -> int | str:
        return str(chat_id) if self.faults.ids_as_strings else chat_id

    def _word(self, word: str) -> str:
        return "Shimmering" if self.faults.unknown_enum_values else word

    def _bent(self, shape: dict[str, Any]) -> dict[str, Any]:
        for name in self.faults.null_fields:
            if name in shape:
                shape[name] = None
        for name in self.faults.missing_fields:
            shape.pop(name, None)
        if self.faults.unknown_fields:
            shape |= {"sentiment": {"score": 0.5}, "is_archived": None}
        return shape
