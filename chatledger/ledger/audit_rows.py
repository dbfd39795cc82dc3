"""The ledger as rows for the expectation suites: what an auditor compares, without a word of any message."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func
from sqlmodel import Session, col, select

from chatledger.ledger.intents import UNSETTLED
from chatledger.ledger.tables import Chat, Intent, Message, Note, Run
from chatledger.models import Outcome

ROWS_AT_ONCE = 1_000
LONG = timedelta(days=1)


def messages(session: Session, organisation_id: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Give the messages first seen since then, in the order of their arrival."""
    of_chat = (col(Chat.organisation_id) == col(Message.organisation_id)) & (col(Chat.id) == col(Message.chat_id))
    query = (
        select(Message, Chat)
        .join(Chat, of_chat, isouter=True)
        .where(Message.organisation_id == organisation_id, col(Message.first_seen_at) >= since)
        .order_by(col(Message.id))
    )
    for message, chat in session.exec(query.execution_options(yield_per=ROWS_AT_ONCE)):
        ahead = (message.timestamp - message.first_seen_at).total_seconds() if message.timestamp else None
        yield {
            "arrival": message.id, "uid": message.uid, "chat_id": message.chat_id, "kind": message.kind,
            "direction": message.direction or None, "sent_at": message.timestamp, "first_seen_at": message.first_seen_at,
            "seconds_ahead": ahead, "local_date": message.local_date, "outcome": message.outcome, "reason": message.reason,
            "attempts": message.attempts, "phone_key": chat.phone_key if chat else None,
            "chat_kind": chat.kind if chat else None, "note_id": message.note_id, "record_id": message.record_id,
            "erased": bool(chat and chat.erased),
        }  # fmt: skip


def notes(session: Session, organisation_id: str, since: datetime) -> Iterator[dict[str, Any]]:
    """Give the notes of days from then on."""
    query = select(Note).where(Note.organisation_id == organisation_id, col(Note.local_date) >= since.date())
    for note in session.exec(query.order_by(col(Note.id)).execution_options(yield_per=ROWS_AT_ONCE)):
        yield {
            "chat_id": note.chat_id, "local_date": note.local_date, "part": note.part,
            "title_units": len(note.title.encode("utf-16-le")) // 2,
            "title_tells_day": f"({note.local_date:%d/%m/%Y})" in note.title,
            "module": note.module, "record_id": note.record_id, "zoho_id": note.zoho_id, "body_hash": note.body_hash,
        }  # fmt: skip


def invariants(session: Session, organisation_id: str, now: datetime) -> dict[str, Any]:
    """Count what must never be, over the whole ledger; a healthy one counts 0 everywhere but in `runs_at_once`."""
    note_of_message = exists().where(
        col(Note.organisation_id) == col(Message.organisation_id), col(Note.zoho_id) == col(Message.note_id)
    )
    message_of_note = exists().where(
        col(Message.organisation_id) == col(Note.organisation_id),
        col(Message.chat_id) == col(Note.chat_id),
        col(Message.local_date) == col(Note.local_date),
    )
    outcomes = (
        col(Run.messages_synced) + col(Run.messages_skipped) + col(Run.messages_failed) + col(Run.messages_pending)
    )  # fmt: skip
    ended = col(Run.state).in_(["completed", "degraded"])
    long_ago = now - LONG
    counted: dict[str, tuple[Any, ColumnElement[bool]]] = {
        "synced_without_note": (Message, (col(Message.outcome) == Outcome.SYNCED.value) & ~note_of_message),
        "notes_of_no_message": (Note, col(Note.zoho_id).is_not(None) & ~message_of_note),
        "runs_that_do_not_add_up": (Run, ended & (outcomes != col(Run.messages_seen))),
        "writes_unconfirmed_for_a_day": (Intent, col(Intent.state).in_(UNSETTLED) & (col(Intent.decided_at) < long_ago)),
        "pending_for_a_day": (
            Message,
            (col(Message.outcome) == Outcome.PENDING.value) & (col(Message.first_seen_at) < long_ago),
        ),
        "runs_at_once": (Run, col(Run.state) == "running"),
    }
    return {
        name: session.exec(
            select(func.count()).select_from(table).where(col(table.organisation_id) == organisation_id, where)
        ).one()
        for name, (table, where) in counted.items()
    }
