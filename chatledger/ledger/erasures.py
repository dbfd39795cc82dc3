"""Erasing a person from the ledger, and recognising the person again without knowing the number."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, SQLModel, col, delete, or_, select, update

from chatledger.ledger import chunking
from chatledger.ledger.database import Ledger, rows_of
from chatledger.ledger.encryption import Cipher
from chatledger.ledger.intents import UNSETTLED
from chatledger.ledger.tables import (
    Change,
    Chat,
    Erasure,
    InboxItem,
    IndexedRecord,
    Intent,
    Link,
    Message,
    MessageAttachment,
    Note,
)
from chatledger.models import Outcome, Reason
from chatledger.phones import alias_key


@dataclass(frozen=True, slots=True)
class Traces:
    """Where the ledger holds something of a person: phone keys, chats, Zoho's ids of notes, and records (module/id)."""

    keys: tuple[str, ...]
    chat_ids: tuple[int, ...]
    note_ids: tuple[str, ...]
    records: tuple[str, ...]
    unconfirmed: bool


# Built once: every page of chats and every batch of index rows asks.
_HASHES = select(Erasure.phone_hash).where(col(Erasure.organisation_id) == bindparam("organisation"))
_ERASED_CHATS = select(Chat.id).where(
    col(Chat.organisation_id) == bindparam("organisation"),
    col(Chat.id).in_(bindparam("ids", expanding=True)),
    col(Chat.erased).is_(True),
)

NOBODY: dict[str, Any] = {
    "name": "",
    "phone": "",
    "jid": "",
    "url": "",
    "phone_key": None,
    "name_folded": None,
    "erased": True,
}
"""What is left of a chat."""


def hash_of(cipher: Cipher, phone_key: str) -> str:
    """Return what the receipt holds instead of a number; the same for all spellings of one subscriber's number."""
    return cipher.keyed_hash(f"erased {alias_key(phone_key)}")


def is_erased(session: Session, organisation_id: str) -> Callable[[str | None], bool]:
    """Return a test for phone keys: whether the person behind one was erased."""
    hashes = frozenset(rows_of(session, _HASHES, {"organisation": organisation_id}).scalars())
    cipher: Cipher = session.info["cipher"]
    return lambda key: bool(hashes) and key is not None and hash_of(cipher, key) in hashes


def receipt(session: Session, organisation_id: str, phone_hash: str) -> Erasure | None:
    """Return the receipt of an erasure, None where there was none."""
    return session.get(Erasure, (organisation_id, phone_hash))


def erased_chats(session: Session, organisation_id: str, chat_ids: Collection[int]) -> set[int]:
    """Return those of the chats whose person was erased."""
    found: set[int] = set()
    for chunk in chunking.chunks(chat_ids):
        found.update(rows_of(session, _ERASED_CHATS, {"organisation": organisation_id, "ids": chunk}).scalars())
    return found


def traces(session: Session, organisation_id: str, phone_key: str) -> Traces:
    """Find everything the ledger holds of the person behind a number, in any of its spellings."""
    tables: tuple[type[Chat | Link | Change | IndexedRecord], ...] = (Chat, Link, Change, IndexedRecord)
    known = {key for table in tables for key in _keys_like(session, organisation_id, table, phone_key)}
    keys = tuple(sorted({key for key in known if alias_key(key) == alias_key(phone_key)} | {phone_key}))
    chats = session.exec(select(Chat.id).where(Chat.organisation_id == organisation_id, col(Chat.phone_key).in_(keys)))
    chat_ids = tuple(chats.all())
    notes = session.exec(select(Note).where(Note.organisation_id == organisation_id, col(Note.chat_id).in_(chat_ids))).all()
    intents = session.exec(select(Intent.state).where(_of(Intent, organisation_id, keys, chat_ids))).all()
    rows = session.exec(
        select(IndexedRecord).where(
            IndexedRecord.organisation_id == organisation_id,
            col(IndexedRecord.phone_key).in_(keys),
            col(IndexedRecord.alive),
        )
    ).all()
    return Traces(
        keys=keys,
        chat_ids=chat_ids,
        note_ids=tuple(note.zoho_id for note in notes if note.zoho_id),
        records=tuple(sorted(f"{row.module}/{row.record_id}" for row in rows)),
        unconfirmed=any(state in UNSETTLED for state in intents),
    )


def _keys_like(session: Session, organisation_id: str, table: Any, phone_key: str) -> Collection[str]:
    """Return phone keys that could be spellings of a number: those that end alike."""
    column = col(table.phone_key)
    alike = column.endswith(phone_key[-7:], autoescape=True)
    found = session.exec(select(column).where(table.organisation_id == organisation_id, alike).distinct())
    return [key for key in found if key]


def _of(table: Any, organisation_id: str, keys: Collection[str], chat_ids: Collection[int]) -> ColumnElement[bool]:
    of_person = or_(col(table.phone_key).in_(keys), col(table.chat_id).in_(chat_ids))
    return (col(table.organisation_id) == organisation_id) & of_person


def erase(
    session: Session, organisation_id: str, found: Traces, *, phone_hash: str, zoho_notes: str, actor: str, now: datetime
) -> Erasure:
    """Remove a person's name, number, texts and files; that messages existed, and their count, stays.

    Return the receipt. One of an earlier erasure keeps its moment and counts what is found now in addition.
    """
    done = receipt(session, organisation_id, phone_hash) or Erasure(
        organisation_id=organisation_id, phone_hash=phone_hash, erased_at=now, actor=actor, zoho_notes=zoho_notes,
        chats=0, messages=0, notes=0,
    )  # fmt: skip
    session.add(done)
    done.chats += len(found.chat_ids)
    done.notes += len(found.note_ids)
    for chunk in chunking.chunks(found.chat_ids):
        done.messages += _erase_messages(session, organisation_id, chunk)
        _forget_events(session, (col(InboxItem.organisation_id) == organisation_id) & col(InboxItem.chat_id).in_(chunk))
        _delete(session, Note, (col(Note.organisation_id) == organisation_id) & col(Note.chat_id).in_(chunk))
        _update(session, Chat, (col(Chat.organisation_id) == organisation_id) & col(Chat.id).in_(chunk), NOBODY)
    for key in found.keys:
        named = col(InboxItem.body).contains(key.removeprefix("+"), autoescape=True)
        _forget_events(session, (col(InboxItem.organisation_id) == organisation_id) & named)
    _delete(session, Link, (col(Link.organisation_id) == organisation_id) & col(Link.phone_key).in_(found.keys))
    _delete(session, Intent, _of(Intent, organisation_id, found.keys, found.chat_ids))
    nothing = {"phone_key": None, "before": None, "after": None}
    _update(session, Change, _of(Change, organisation_id, found.keys, found.chat_ids), nothing)
    index = (col(IndexedRecord.organisation_id) == organisation_id) & col(IndexedRecord.phone_key).in_(found.keys)
    _update(session, IndexedRecord, index, {"phone_key": None, "alias_key": None})
    return done


def erase_again(session: Session, receipts: Sequence[Erasure]) -> None:
    """Erase the people of these receipts anew, from a ledger that may know them again; the receipts stay as they are."""
    cipher: Cipher = session.info["cipher"]
    known = {
        (organisation_id, hash_of(cipher, key)): key
        for organisation_id in {each.organisation_id for each in receipts}
        for key in _known_keys(session, organisation_id)
    }
    for each in receipts:
        key = known.get((each.organisation_id, each.phone_hash))
        if key is not None:
            found = traces(session, each.organisation_id, key)
            erase(
                session, each.organisation_id, found, phone_hash=each.phone_hash, zoho_notes=each.zoho_notes,
                actor=each.actor, now=each.erased_at,
            )  # fmt: skip
        session.merge(each)


def _known_keys(session: Session, organisation_id: str) -> set[str]:
    tables: tuple[type[Chat | Link | IndexedRecord], ...] = (Chat, Link, IndexedRecord)
    queries = [select(table.phone_key).where(table.organisation_id == organisation_id).distinct() for table in tables]
    return {key for query in queries for key in session.exec(query) if key}


def _forget_events(session: Session, where: ColumnElement[bool]) -> None:
    """Empty what webhooks brought; an event that still waits has nothing left to say."""
    _update(session, InboxItem, where, {"body": "{}", "state": "done", "reason": "erased"})


def _erase_messages(session: Session, organisation_id: str, chat_ids: Collection[int]) -> int:
    of_chats = (col(Message.organisation_id) == organisation_id) & col(Message.chat_id).in_(chat_ids)
    uids = select(Message.uid).where(of_chats)
    of_messages = col(MessageAttachment.message_uid).in_(uids)
    _delete(session, MessageAttachment, (col(MessageAttachment.organisation_id) == organisation_id) & of_messages)
    return _update(session, Message, of_chats, blank_message())


def blank_message() -> dict[str, Any]:
    """Return the values of a message of which nothing but its existence is kept."""
    texts = dict.fromkeys(("text", "sender_name", "agent", "status", "failure", "detail", "content_hash"), "")
    gone = dict.fromkeys(("raw", "next_try_at", "module", "record_id", "note_id"))
    state = {"outcome": Outcome.SKIPPED.value, "reason": Reason.ERASED.value, "attachments": [], "reactions": {}}
    return texts | gone | state


def _delete(session: Session, table: type[SQLModel], where: ColumnElement[bool]) -> None:
    session.exec(delete(table).where(where).execution_options(synchronize_session=False))


def _update(session: Session, table: type[SQLModel], where: ColumnElement[bool], values: dict[str, Any]) -> int:
    done = session.exec(update(table).where(where).values(**values).execution_options(synchronize_session=False))
    return int(done.rowcount)


def shred(ledger: Ledger) -> None:
    """Have the database forget the very bytes of what was erased; takes a moment on a large ledger."""
    ledger.rewrite([Message, MessageAttachment, Note, Chat, Link, Intent, Change, IndexedRecord, InboxItem])
