"""Storing messages: once by their uid, before anything else happens with them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from chatledger.ledger import numbers
from chatledger.ledger.chunking import chunks
from chatledger.ledger.erasures import erased_chats
from chatledger.ledger.messages import known_uids
from chatledger.ledger.tables import Message, MessageAttachment
from chatledger.models import Message as ReadMessage
from chatledger.models import Outcome, Reason, Unreadable

_BY_UID = select(Message).where(
    col(Message.organisation_id) == bindparam("organisation"), col(Message.uid).in_(bindparam("uids", expanding=True))
)


def content_hash(message: ReadMessage) -> str:
    """Hash what a note shows of a message, so that an edit is noticed and a delivery receipt is not."""
    shown = [
        message.text,
        [attachment.filename for attachment in message.attachments],
        sorted(message.reactions.items()),
        message.failure or (message.status == "Failed"),
        message.kind,
        message.timestamp.isoformat(),
    ]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode()).hexdigest()


def store(
    session: Session, organisation_id: str, run_id: str, items: Sequence[ReadMessage], *, days: Sequence[date], now: datetime
) -> None:
    """Store messages, oldest first; one that is known is updated only where its content changed, and is then open again.

    One that could not be read before is filled in under its place in the order of arrival.
    """
    known = _rows_by_uid(session, organisation_id, [item.uid for item in items])
    accounts = numbers.of_chats(session, organisation_id, [item.chat_id for item in items])
    erased = erased_chats(session, organisation_id, {item.chat_id for item in items})
    new: list[Message] = []
    for item, day in zip(items, days, strict=True):
        row = known.get(item.uid)
        if item.chat_id in erased:
            known[item.uid] = row or _counted_only(
                session, organisation_id, run_id, item, accounts.get(item.chat_id), day, now
            )
            continue
        digest = content_hash(item)
        if row is not None and row.content_hash == digest:
            continue
        if row is None:
            row = _opened(organisation_id, run_id, item.uid, item.chat_id, accounts.get(item.chat_id), now)
            new.append(row)
            known[item.uid] = row
        if not row.content_hash:  # new, or unreadable until now
            row.sender_name, row.agent, row.local_date = item.sender_name, item.agent, day
            _add_attachments(session, organisation_id, item)
        _describe(row, item, digest)
        row.local_date = row.local_date or day
        row.outcome, row.reason, row.next_try_at = Outcome.PENDING.value, Reason.NEW.value, None
    session.bulk_save_objects(new)  # one statement for all of them, because nobody asks for their ids here


def _opened(organisation_id: str, run_id: str, uid: str, chat_id: int, account_id: str | None, now: datetime) -> Message:
    return Message(
        organisation_id=organisation_id,
        uid=uid,
        chat_id=chat_id,
        account_id=account_id,
        first_run_id=run_id,
        first_seen_at=now,
        outcome=Outcome.PENDING.value,
        reason=Reason.NEW.value,
        run_id=run_id,
        decided_at=now,
        # Given although they are the defaults: pydantic takes its time to find out how to make a default list.
        attachments=[],
        reactions={},
    )


def _counted_only(
    session: Session, organisation_id: str, run_id: str, item: ReadMessage, account_id: str | None, day: date, now: datetime
) -> Message:
    """Keep of a message that it exists, and nothing of what it says."""
    row = _opened(organisation_id, run_id, item.uid, item.chat_id, account_id, now)
    row.timestamp, row.local_date, row.kind, row.direction = item.timestamp, day, item.kind, item.direction.value
    row.outcome, row.reason = Outcome.SKIPPED.value, Reason.ERASED.value
    session.add(row)
    return row


def _describe(row: Message, item: ReadMessage, digest: str) -> None:
    row.timestamp = item.timestamp
    row.kind, row.direction, row.origin = item.kind, item.direction.value, item.origin
    row.text, row.status, row.failure = item.text, item.status, item.failure
    row.attachments = [_lasting(asdict(attachment)) for attachment in item.attachments]
    row.reactions = dict(item.reactions)
    row.content_hash, row.raw = digest, None


def _lasting(attachment: dict[str, Any]) -> dict[str, Any]:
    """Leave the URL out: it lives 15 minutes and would be a key to the file for whoever reads the ledger."""
    return {name: value for name, value in attachment.items() if name != "url"}


def _add_attachments(session: Session, organisation_id: str, item: ReadMessage) -> None:
    for position, attachment in enumerate(item.attachments):
        session.add(
            MessageAttachment(
                organisation_id=organisation_id,
                message_uid=item.uid,
                position=position,
                filename=attachment.filename,
                size=attachment.size,
            )
        )


def park_unreadable(
    session: Session, organisation_id: str, run_id: str, items: Sequence[Unreadable], *, chat_id: int, now: datetime
) -> None:
    """Keep messages that could not be read, raw and with the reason; a known one is left as it is."""
    if erased_chats(session, organisation_id, [chat_id]):
        return
    known = known_uids(session, organisation_id, [item.id for item in items])
    account = numbers.of_chats(session, organisation_id, [chat_id]).get(chat_id)
    for item in items:
        if item.id in known:
            continue
        row = _opened(organisation_id, run_id, item.id, chat_id, account, now)
        row.raw, row.detail = item.payload, item.why
        row.outcome, row.reason = Outcome.PARKED.value, Reason.UNREADABLE.value
        session.add(row)
        known.add(item.id)


def _rows_by_uid(session: Session, organisation_id: str, uids: Sequence[str]) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for chunk in chunks(uids):
        rows = session.exec(_BY_UID, params={"organisation": organisation_id, "uids": chunk})
        found.update((row.uid, row) for row in rows)
    return found
