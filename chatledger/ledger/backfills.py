"""Backfills: which history was asked for, and how far each chat of it has been read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from chatledger.counting import counted
from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import insert_if_missing
from chatledger.ledger.tables import Backfill, BackfillChat, Message, Run


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is: its row, its chats, those read to their end, and the messages found in them."""

    backfill: Backfill
    chats: int
    done: int
    messages: int

    @property
    def percent(self) -> float:
        """What is done of a hundred; the chat list counts for little, the chats for the rest."""
        if self.backfill.state == "done":
            return 100.0
        return round(100 * self.done / self.chats, 1) if self.backfill.state == "reading" and self.chats else 0.0

    @property
    def in_words(self) -> str:
        """How far it is, without personal data."""
        return f"{self.done} of {self.chats} chats, {counted(self.messages, 'message')} brought in"


def add(session: Session, backfill: Backfill) -> None:
    """Store a new backfill."""
    session.add(backfill)


def find(session: Session, organisation_id: str, backfill_id: str) -> Backfill | None:
    """Return a backfill of the organisation, None when there is none of that id."""
    backfill = session.get(Backfill, backfill_id)
    return backfill if backfill is not None and backfill.organisation_id == organisation_id else None


def unfinished(
    session: Session, organisation_id: str, since: datetime, until: datetime | None, chat_ids: Sequence[int] | None
) -> Backfill | None:
    """Return the newest backfill of the same range and chats that was not finished; None as `until` stands for any end."""
    query = select(Backfill).where(
        Backfill.organisation_id == organisation_id, Backfill.since == since, Backfill.state != "done"
    )
    if until is not None:
        query = query.where(Backfill.until == until)
    rows = session.exec(query.order_by(col(Backfill.created_at).desc()))
    wanted = sorted(chat_ids) if chat_ids is not None else None
    return next((row for row in rows if (sorted(row.chat_ids) if row.chat_ids is not None else None) == wanted), None)


def earliest(session: Session, organisation_id: str) -> datetime | None:
    """Return from which moment on history was brought in, or began to be."""
    return session.exec(select(func.min(Backfill.since)).where(Backfill.organisation_id == organisation_id)).one()


def brought_in(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Return from when to when (not included) the whole history of these chats was brought in."""
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    for chunk in chunks(chat_ids):
        query = select(BackfillChat.chat_id, Backfill.since, Backfill.until).where(
            BackfillChat.organisation_id == organisation_id,
            col(BackfillChat.chat_id).in_(chunk),
            col(BackfillChat.done),
            Backfill.id == BackfillChat.backfill_id,
        )
        for chat_id, since, until in session.exec(query):
            found.setdefault(chat_id, []).append((since, until))
    return found


def add_chats(session: Session, backfill: Backfill, chat_ids: Iterable[int]) -> None:
    """Add chats whose history is to be read; known ones are left as they are."""
    for chat_id in chat_ids:
        insert_if_missing(
            session, BackfillChat(backfill_id=backfill.id, chat_id=chat_id, organisation_id=backfill.organisation_id)
        )


def waiting(session: Session, backfill_id: str, limit: int) -> list[BackfillChat]:
    """Return chats whose history has not been read to its end, those begun first."""
    query = select(BackfillChat).where(BackfillChat.backfill_id == backfill_id, col(BackfillChat.done).is_(False))
    begun_first = query.order_by(col(BackfillChat.before).is_(None), col(BackfillChat.chat_id))
    return list(session.exec(begun_first.limit(limit)))


def chat(session: Session, backfill_id: str, chat_id: int) -> BackfillChat:
    """Return a chat of a backfill."""
    return session.get_one(BackfillChat, (backfill_id, chat_id))


def progress(session: Session, backfill_id: str) -> Progress:
    """Return how far a backfill is; raises sqlalchemy's NoResultFound for an unknown one."""
    mine = BackfillChat.backfill_id == backfill_id
    chats, messages = session.exec(select(func.count(), func.sum(BackfillChat.messages)).where(mine)).one()
    done = session.exec(select(func.count()).where(mine, col(BackfillChat.done))).one()
    return Progress(session.get_one(Backfill, backfill_id), chats, done, messages or 0)


def oldest_known(session: Session, organisation_id: str, chat_id: int, not_before: datetime) -> str | None:
    """Return the uid of a chat's oldest readable message at or after a moment: what is older begins behind it."""
    query = select(Message.uid).where(
        Message.organisation_id == organisation_id, Message.chat_id == chat_id, col(Message.timestamp) >= not_before
    )
    return session.exec(query.order_by(col(Message.timestamp), col(Message.id)).limit(1)).first()


def slices(session: Session, organisation_id: str, flow_run_id: str) -> list[Run]:
    """Return the runs in which one flow run of a backfill wrote, oldest first."""
    query = select(Run).where(Run.organisation_id == organisation_id, Run.flow_run_id == flow_run_id)
    return list(session.exec(query.order_by(col(Run.started_at))))


def outcomes(session: Session, organisation_id: str, run_ids: Iterable[str]) -> dict[str, int]:
    """Count the messages that these runs were the last to decide, by outcome."""
    found: dict[str, int] = {}
    for chunk in chunks(run_ids):
        query = (
            select(Message.outcome, func.count())
            .where(Message.organisation_id == organisation_id, col(Message.run_id).in_(chunk))
            .group_by(col(Message.outcome))
        )
        for outcome, count in session.exec(query):
            found[outcome] = found.get(outcome, 0) + count
    return found
