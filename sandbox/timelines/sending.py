"""Sends: accepted at once, leaving one after the other, paid in credits that come back when a send fails."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.timelines import memory, phones
from sandbox.timelines.arrivals import new_uid, open_chat, take_in
from sandbox.timelines.bodies import Outgoing, OutgoingReply, ToJid, ToPhone
from sandbox.timelines.chats import chat_named
from sandbox.timelines.credits import Credits
from sandbox.timelines.messages import message_named
from sandbox.timelines.refusals import invalid, not_found
from sandbox.timelines.service import Call, Service


@dataclass(frozen=True)
class _Draft:
    text: str | None
    attachment: memory.Attachment | None
    reply_to: str | None = None
    label: str | None = None

    @property
    def price(self) -> int:
        return 2 if self.text and self.attachment else 1


class Sending:
    """The sends of one workspace; messages leave in turn, about two seconds apart, on the stand-in's clock."""

    def __init__(self, service: Service, credit: Credits) -> None:
        self.service = service
        self.credit = credit
        self._last_left: datetime | None = None

    @property
    def routes(self) -> list[tuple[str, str, Any]]:
        """The endpoints."""
        return [
            ("POST", "/chats/{chat_id:int}/messages", self.to_chat),
            ("POST", "/v2/chats/{chat_id:int}/messages", self.to_chat_without_reply),
            ("POST", "/messages", self.to_phone),
            ("POST", "/v2/messages", self.to_phone),
            ("POST", "/messages/to_jid", self.to_jid),
        ]

    def to_chat(self, _service: Service, call: Call) -> dict[str, Any]:
        """Send into a chat, from the number it belongs to."""
        chat, outgoing = chat_named(self.service, call), call.read(OutgoingReply)
        return self._accept(call, chat, self._draft(outgoing, outgoing.reply_to))

    def to_chat_without_reply(self, _service: Service, call: Call) -> dict[str, Any]:
        """Send into a chat as version 2 does, which knows no `reply_to`."""
        return self._accept(call, chat_named(self.service, call), self._draft(call.read(Outgoing)))

    def to_phone(self, _service: Service, call: Call) -> dict[str, Any]:
        """Send to a number; the chat is opened when there is none."""
        outgoing = call.read(ToPhone)
        phone = phones.sendable(outgoing.phone)
        if phone is None:
            raise invalid(f'Wrong phone number "{outgoing.phone}"')
        account, draft = self._account(outgoing.whatsapp_account_phone), self._draft(outgoing)
        jid = f"{phone.removeprefix('+')}@s.whatsapp.net"
        return self._accept(call, self._chat_with(account, jid, phone, outgoing), draft)

    def to_jid(self, _service: Service, call: Call) -> dict[str, Any]:
        """Send to a contact or a group by WhatsApp identity."""
        outgoing = call.read(ToJid)
        digits, _, kind = outgoing.jid.partition("@")
        if not digits or kind not in {"s.whatsapp.net", "c.us", "lid", "g.us"}:
            raise invalid(f'Wrong jid "{outgoing.jid}"')
        account, draft = self._account(outgoing.whatsapp_account_phone), self._draft(outgoing, outgoing.reply_to)
        phone = None if kind == "g.us" else f"+{digits}"
        return self._accept(call, self._chat_with(account, outgoing.jid, phone, outgoing), draft)

    def send_file(self, call: Call, chat: memory.Chat, attachment: memory.Attachment, caption: str | None) -> dict[str, Any]:
        """Send a file that came with the request itself."""
        return self._accept(call, chat, _Draft(caption or None, attachment))

    def _draft(self, outgoing: Outgoing, reply_to: str | None = None) -> _Draft:
        draft = _Draft(outgoing.text or None, self._attachment(outgoing), reply_to or None, outgoing.label)
        if not draft.text and draft.attachment is None:
            raise invalid("Either text or attachment is required")
        self.credit.check(draft.price)  # before a chat is opened for it
        return draft

    def _accept(self, call: Call, chat: memory.Chat, draft: _Draft) -> dict[str, Any]:
        if not self.service.shapes.may_write_to(chat):
            raise invalid("The WhatsApp account is not connected or the chat does not take messages")
        self._check_answered(chat, draft.reply_to)
        self.credit.spend(draft.price)
        call.costs(draft.price)
        message = self._message(chat, draft)
        take_in(self.service, message)
        if draft.label and draft.label not in chat.labels:
            chat.labels.append(draft.label)
        return {"message_uid": message.uid}

    def _message(self, chat: memory.Chat, draft: _Draft) -> memory.Message:
        now = self.service.clock.now()
        sender = self._author()
        return memory.Message(
            uid=new_uid(),
            chat_id=chat.id,
            timestamp=now.replace(microsecond=0),
            received=now.replace(microsecond=0),
            from_me=True,
            text=draft.text,
            statuses=self._fate(chat, now, draft.price),
            sender_name=sender.display_name if sender else "",
            created_by=f"{sender.display_name} ({sender.email})" if sender else "",
            origin="Public API",
            attachment=draft.attachment,
            reply_to=draft.reply_to,
            data={"whatsapp_from_me": True},
        )

    def _author(self) -> memory.Teammate | None:
        return self.service.workspace.teammates[0] if self.service.workspace.teammates else None

    def _fate(self, chat: memory.Chat, now: datetime, price: int) -> list[tuple[datetime, str]]:
        """Decide when the message leaves and what becomes of it; nothing of it is visible before its time."""
        faults = self.service.faults
        gap = timedelta(seconds=faults.send_gap_seconds)
        leaves = max(now, self._last_left or now) + gap
        self._last_left = leaves
        if faults.failing_sends > 0 or chat.phone in faults.phones_without_whatsapp:
            faults.failing_sends = max(0, faults.failing_sends - 1)
            self.credit.give_back(price, leaves + timedelta(seconds=faults.credit_restore_seconds))
            return [(leaves, "Failed")]
        return [(leaves, "Sent"), (leaves + timedelta(seconds=faults.delivery_seconds), "Delivered")]

    def _chat_with(self, account: memory.Account, jid: str, phone: str | None, outgoing: Outgoing) -> memory.Chat:
        known = self.service.workspace.chat_of(account.id, jid)
        return known or open_chat(self.service, account, jid, phone=phone, name=outgoing.chat_name or phone or jid)

    def _account(self, phone: str | None) -> memory.Account:
        active = [account for account in self.service.workspace.accounts.values() if account.status == "active"]
        if phone:
            active = [account for account in active if account.phone == phones.sendable(phone)]
        if not active:
            raise invalid("No connected WhatsApp account")
        return max(active, key=lambda account: account.connected_on)

    def _check_answered(self, chat: memory.Chat, uid: str | None) -> None:
        if uid is None:
            return
        answered = message_named(self.service, uid)
        if self.service.workspace.chats[answered.chat_id].account_id != chat.account_id:
            raise invalid("reply_to must belong to the same WhatsApp account")

    def _attachment(self, outgoing: Outgoing) -> memory.Attachment | None:
        if outgoing.attachment_template_id is not None:
            raise not_found("The template has no attachment")
        if not outgoing.file_uid:
            return None
        file = self.service.workspace.files.get(outgoing.file_uid)
        if file is None:
            raise not_found(f'File uid "{outgoing.file_uid}" not found')
        return memory.Attachment(file.filename, len(file.content), file.mimetype, file.content)
