"""Numbers whose record a person has to choose, and the choices that were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from chatledger.ledger import chats
from chatledger.ledger.tables import Chat, Link, Message
from chatledger.matching import Rule
from chatledger.models import Reason


@dataclass(frozen=True, slots=True)
class HeldNumber:
    """A number that several records hold: its chats and how many messages wait for the choice, since when."""

    phone_key: str
    chats: tuple[Chat, ...]
    messages: int
    since: datetime


def numbers(session: Session, organisation_id: str) -> list[HeldNumber]:
    """Return the numbers that wait for a choice, the longest waiting first."""
    query = (
        select(Message.chat_id, func.count(), func.min(Message.first_seen_at))
        .where(Message.organisation_id == organisation_id, Message.reason == Reason.SEVERAL_MATCHES.value)
        .group_by(col(Message.chat_id))
    )
    waiting = {chat_id: (count, since) for chat_id, count, since in session.exec(query)}
    families: dict[str, list[Chat]] = {}
    for chat in chats.load(session, organisation_id, waiting):
        if chat.phone_key:
            families.setdefault(chat.phone_key, []).append(chat)
    held = [
        HeldNumber(
            key, tuple(family), sum(waiting[chat.id][0] for chat in family), min(waiting[chat.id][1] for chat in family)
        )
        for key, family in families.items()
    ]
    return sorted(held, key=lambda number: number.since)


def pins(session: Session, organisation_id: str, *, before: datetime | None = None, limit: int = 50) -> Sequence[Link]:
    """Return the links that a person made, the newest first."""
    query = select(Link).where(Link.organisation_id == organisation_id, Link.rule == Rule.PINNED.value)
    if before is not None:
        query = query.where(col(Link.changed_at) < before)
    return session.exec(query.order_by(col(Link.changed_at).desc()).limit(limit)).all()
