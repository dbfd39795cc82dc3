"""Removing by age what is no longer needed: texts, payloads as they came, and old runs with their history."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, delete, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Change, InboxItem, Message, Run
from chatledger.models import Outcome

SHORTEST_KEPT_DAYS = 8
"""Texts are kept at least so long: a chat is read 7 days back for late messages."""
_DECIDED = (Outcome.SYNCED.value, Outcome.SKIPPED.value)


@dataclass(frozen=True, slots=True)
class Kept:
    """For how long what is kept; None for ever."""

    texts: timedelta | None = None
    raw: timedelta | None = None
    runs: timedelta | None = None


def apply(session: Session, organisation_id: str, kept: Kept, now: datetime) -> dict[str, int]:
    """Remove what is older than that and return how many texts, payloads and runs it was.

    Of a message its existence, times, outcome and hash stay; what is pending or parked keeps its text until it is decided.
    """
    return {
        "texts": _remove_texts(session, organisation_id, now - kept.texts) if kept.texts else 0,
        "payloads": _remove_raw(session, organisation_id, now - kept.raw) if kept.raw else 0,
        "runs": _remove_runs(session, organisation_id, now - kept.runs) if kept.runs else 0,
    }


def _remove_texts(session: Session, organisation_id: str, before: datetime) -> int:
    done = session.exec(
        update(Message)
        .where(
            col(Message.organisation_id) == organisation_id,
            col(Message.timestamp) < before,
            col(Message.outcome).in_(_DECIDED),
            col(Message.text_removed).is_not(True),
        )
        .values(text="", sender_name="", failure="", attachments=[], reactions={}, text_removed=True)
    )
    return int(done.rowcount)


def _remove_raw(session: Session, organisation_id: str, before: datetime) -> int:
    parked = session.exec(
        update(Message)
        .where(
            col(Message.organisation_id) == organisation_id,
            col(Message.first_seen_at) < before,
            col(Message.timestamp).is_(None),
            col(Message.text_removed).is_not(True),
        )
        .values(raw=None, text_removed=True)
    )
    inbox = session.exec(
        delete(InboxItem).where(
            col(InboxItem.organisation_id) == organisation_id,
            col(InboxItem.received_at) < before,
            col(InboxItem.state) != "waiting",
        )
    )
    return int(parked.rowcount) + int(inbox.rowcount)


def _remove_runs(session: Session, organisation_id: str, before: datetime) -> int:
    session.exec(delete(Change).where(col(Change.organisation_id) == organisation_id, col(Change.at) < before))
    ended = (col(Run.organisation_id) == organisation_id) & (col(Run.ended_at) < before)
    return int(session.exec(delete(Run).where(ended)).rowcount)


def closed_days(session: Session, organisation_id: str, chat_ids: Collection[int]) -> set[tuple[int, date | None]]:
    """Return the days of these chats whose texts were removed: their notes cannot be written anew without losing them."""
    found: set[tuple[int, date | None]] = set()
    for chunk in chunks(chat_ids):
        query = select(col(Message.chat_id), col(Message.local_date)).where(
            Message.organisation_id == organisation_id,
            col(Message.chat_id).in_(chunk),
            col(Message.text_removed).is_(True),
        )
        found.update((chat_id, day) for chat_id, day in session.exec(query.distinct()))
    return found
