"""What people do: they write, rename, lose their connection, and edit or delete what they wrote."""

from datetime import datetime, timedelta
from typing import Any

import pydantic

from sandbox.timelines import events, memory
from sandbox.timelines.arrivals import announce, open_chat, take_in, whatsapp_message
from sandbox.timelines.phones import sendable
from sandbox.timelines.service import Service
from sandbox.timelines.timestamps import stored

_LATE_BY = timedelta(hours=2)
_ATTACHMENT = pydantic.TypeAdapter(memory.Attachment)


class Acts:
    """The acts of people on one workspace; every act raises LookupError or ValueError when it is impossible."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def receive_message(
        self,
        text: str | None = None,
        *,
        chat_id: int | None = None,
        phone: str | None = None,
        jid: str | None = None,
        account: str | None = None,
        name: str | None = None,
        at: str | datetime | None = None,
        attachment: dict[str, Any] | None = None,
        from_me: bool = False,
        late: bool = False,
        message_type: str = "whatsapp",
        uid: str | None = None,
        status: str | None = None,
        sender_name: str | None = None,
        agent: str | None = None,
    ) -> dict[str, Any]:
        """Let a message appear, and give `{"uid", "chat_id"}`.

        The chat is `chat_id`, or that of `phone` or `jid` on `account` (id or phone, default the first active number),
        opened if need be. `at` (default now) is the message's own time; a `late` one is taken in now although its time is
        past (by two hours, if `at` is not given). `from_me` was written on our own phone, or in TimelinesAI by the `agent`
        `"Name (e-mail)"`. `attachment` is `{"filename", "size", "mimetype"}`. A `uid` that exists is only announced again,
        as duplicates are.
        """
        with self._service.lock:
            if uid and (known := self._service.workspace.messages.get(uid)):
                return self._repeat(known)
            chat = self._chat(chat_id, phone, jid, account, name)
            own_time, received = self._times(at, late=late)
            message = whatsapp_message(
                chat, text, at=own_time, received=received, from_me=from_me, uid=uid, status=status, sender_name=sender_name
            )
            if agent:
                message.origin, message.created_by = "Shared Inbox", agent
            self._take_in(message, message_type, attachment)
            return {"uid": message.uid, "chat_id": chat.id}

    def edit_chat(self, chat_id: int, *, name: str | None = None, phone: str | None = None, jid: str | None = None) -> None:
        """Change what a chat is called or whose it is, as WhatsApp does without telling anybody."""
        with self._service.lock:
            chat = self._service.workspace.chats[chat_id]
            chat.name = name if name is not None else chat.name
            chat.phone = phone if phone is not None else chat.phone
            if jid is not None:
                self._service.workspace.change_jid(chat, jid)
            self._service.workspace.reorder()

    def change_text(self, uid: str, text: str | None) -> None:
        """Edit a message that was sent; nobody is told."""
        with self._service.lock:
            self._service.workspace.messages[uid].text = text

    def delete_message(self, uid: str) -> None:
        """Delete a message; nobody is told."""
        with self._service.lock:
            self._service.workspace.remove_message(self._service.workspace.messages[uid])

    def disconnect_account(self, account: str, *, suspended: bool = False) -> None:
        """Disconnect a number (id or phone), or suspend it: it reads `disconnected` either way, but the event differs."""
        with self._service.lock:
            found = self._account(account)
            found.status, found.disconnected_on = "disconnected", self._service.clock.now()
            self._announce_account(found, "suspended" if suspended else "disconnected")

    def reconnect_account(self, account: str, *, resumed: bool = False) -> None:
        """Connect a number again, or resume it after a suspension."""
        with self._service.lock:
            found = self._account(account)
            found.status, found.disconnected_on = "active", None
            if not resumed:
                found.connected_on = self._service.clock.now()
            self._announce_account(found, "resumed" if resumed else "connected")

    def replace_token(self, token: str) -> None:
        """Make a new API token; the old one is refused from now on."""
        self._service.workspace.token = token

    def _take_in(self, message: memory.Message, message_type: str, attachment: dict[str, Any] | None) -> None:
        message.message_type = message_type
        message.attachment = _ATTACHMENT.validate_python(attachment) if attachment else None
        take_in(self._service, message)

    def _repeat(self, message: memory.Message) -> dict[str, Any]:
        announce(self._service, message)
        return {"uid": message.uid, "chat_id": message.chat_id}

    def _announce_account(self, account: memory.Account, state: str) -> None:
        payload = events.account_payload(self._service.shapes, account)
        self._service.deliveries.emit(f"whatsapp:account:{state}", payload)

    def _times(self, at: str | datetime | None, *, late: bool) -> tuple[datetime, datetime]:
        now = stored(self._service.clock.now())
        own_time = stored(at) if at else now - (_LATE_BY if late else timedelta())
        return own_time, now if late else max(own_time, min(now, own_time + timedelta(seconds=1)))

    def _account(self, account: str | None) -> memory.Account:
        for candidate in self._service.workspace.accounts.values():
            if account in {candidate.id, candidate.phone} or (account is None and candidate.status == "active"):
                return candidate
        raise LookupError("there is no such WhatsApp account")

    def _chat(
        self, chat_id: int | None, phone: str | None, jid: str | None, account: str | None, name: str | None
    ) -> memory.Chat:
        workspace = self._service.workspace
        if chat_id is not None:
            if chat_id not in workspace.chats:
                raise LookupError("there is no such chat")
            return workspace.chats[chat_id]
        number = sendable(phone) if phone else None
        if jid is None and number is None:
            raise ValueError("say who writes: chat_id, or the jid or a whole phone number")
        owner = self._account(account)
        identity = jid or f"{str(number).removeprefix('+')}@s.whatsapp.net"
        shown = None if identity.endswith("@g.us") else number or f"+{identity.partition('@')[0]}"
        known = workspace.chat_of(owner.id, identity)
        return known or open_chat(self._service, owner, identity, phone=shown, name=name or shown or identity)
