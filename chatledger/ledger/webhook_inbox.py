"""The inbox of webhooks: what was brought is kept as it came, once, until a tick has taken it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import InboxItem, Message

WAITING, DONE, PARKED = "waiting", "done", "parked"
NEWEST_MESSAGES = 500


_WAITING = (
    select(InboxItem)
    .where(
        col(InboxItem.organisation_id) == bindparam("organisation"),
        col(InboxItem.state) == WAITING,
        col(InboxItem.id) > bindparam("after"),
    )
    .order_by(col(InboxItem.id))
    .limit(bindparam("most"))
)
"""Built once: every tick looks into the inbox."""


@dataclass(frozen=True, slots=True)
class Brought:
    """An event to be kept. `problem` parks it at once; `reopens` says that it counts anew when it comes again."""

    fingerprint: str
    event_type: str
    body: str
    chat_id: int | None = None
    message_uid: str | None = None
    problem: str = ""
    reopens: bool = False


def add(session: Session, organisation_id: str, events: Sequence[Brought], now: datetime) -> None:
    """Keep events; one that is known is only counted, whichever process kept it."""
    # One statement may meet a row only once.
    distinct = {event.fingerprint: event for event in events}
    times = Counter(event.fingerprint for event in events)
    for reopens in (False, True):
        rows = [_row(organisation_id, event, times[key], now) for key, event in distinct.items() if event.reopens is reopens]
        if rows:
            _insert(session, rows, reopens=reopens)


def _row(organisation_id: str, event: Brought, deliveries: int, now: datetime) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "fingerprint": event.fingerprint,
        "event_type": event.event_type,
        "chat_id": event.chat_id,
        "message_uid": event.message_uid,
        "body": event.body,
        "received_at": now,
        "deliveries": deliveries,
        "state": PARKED if event.problem else WAITING,
        "reason": event.problem,
        "settled_at": now if event.problem else None,
    }


def _insert(session: Session, rows: list[dict[str, Any]], *, reopens: bool) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(InboxItem)
    changes: dict[str, Any] = {"deliveries": InboxItem.deliveries + statement.excluded.deliveries}
    if reopens:
        changes |= {"state": WAITING, "reason": "", "received_at": statement.excluded.received_at}
    keyed = statement.on_conflict_do_update(index_elements=["organisation_id", "fingerprint"], set_=changes)
    session.connection().execute(keyed, rows)


def waiting(session: Session, organisation_id: str, *, after: int, limit: int) -> list[InboxItem]:
    """Return up to `limit` items nobody has taken, in order of arrival, behind the one with the id `after`."""
    asked = {"organisation": organisation_id, "after": after, "most": limit}
    return list(session.exec(_WAITING, params=asked))


def settle(session: Session, ids: Sequence[int], state: str, reason: str, *, run_id: str, now: datetime) -> None:
    """Write down what became of items."""
    for chunk in chunks(ids):
        values = {"state": state, "reason": reason, "settled_at": now, "run_id": run_id}
        session.exec(update(InboxItem).where(col(InboxItem.id).in_(chunk)).values(**values))


def empty(session: Session, ids: Sequence[int]) -> None:
    """Forget what items said; that they came stays."""
    for chunk in chunks(ids):
        session.exec(update(InboxItem).where(col(InboxItem.id).in_(chunk)).values(body="{}"))


def last_heard(session: Session, organisation_id: str) -> datetime | None:
    """Return when the newest event about a message came."""
    query = select(func.max(InboxItem.received_at)).where(
        InboxItem.organisation_id == organisation_id, col(InboxItem.message_uid).is_not(None)
    )
    return session.exec(query).one()


def parked_since(session: Session, organisation_id: str, moment: datetime) -> int:
    """Return how many items were parked since then."""
    query = select(func.count()).where(
        InboxItem.organisation_id == organisation_id, InboxItem.state == PARKED, col(InboxItem.settled_at) >= moment
    )
    return session.exec(query).one()


def newest_reasons(session: Session, organisation_id: str, moment: datetime, most: int) -> list[str]:
    """Return why the newest items were parked since then, each reason once, at most so many."""
    query = (
        select(InboxItem.reason)
        .where(InboxItem.organisation_id == organisation_id, InboxItem.state == PARKED, col(InboxItem.settled_at) >= moment)
        .group_by(InboxItem.reason)
        .order_by(func.max(InboxItem.id).desc())
    )
    return list(session.exec(query.limit(most)))


def count_waiting(session: Session, organisation_id: str) -> int:
    """Return how many items no tick has taken yet."""
    query = select(func.count()).where(InboxItem.organisation_id == organisation_id, InboxItem.state == WAITING)
    return session.exec(query).one()


def brought_uids(session: Session, organisation_id: str, uids: Collection[str]) -> set[str]:
    """Return those of the message uids that some webhook named."""
    found: set[str] = set()
    for chunk in chunks(uids):
        query = select(InboxItem.message_uid).where(
            InboxItem.organisation_id == organisation_id, col(InboxItem.message_uid).in_(chunk)
        )
        found.update(uid for uid in session.exec(query) if uid)
    return found


def newest_unbrought(
    session: Session, organisation_id: str, *, stored_after: datetime, written: tuple[datetime, datetime]
) -> datetime | None:
    """Return when the newest message was stored that was written between two moments and that no webhook named.

    Only the newest 500 messages are looked at, notes and calls are not: those come by no message event.
    """
    query = select(Message.uid, Message.kind, Message.timestamp, Message.first_seen_at)
    newest = query.where(Message.organisation_id == organisation_id).order_by(col(Message.id).desc()).limit(NEWEST_MESSAGES)
    due = {
        uid: stored_at
        for uid, kind, timestamp, stored_at in session.exec(newest)
        if kind == "whatsapp" and timestamp and stored_at > stored_after and written[0] < timestamp < written[1]
    }
    brought = brought_uids(session, organisation_id, due)
    return max((stored_at for uid, stored_at in due.items() if uid not in brought), default=None)


def newest_id(session: Session) -> int:
    """Return the id of the newest item of any organisation, 0 when there is none."""
    return session.exec(select(func.max(InboxItem.id))).one() or 0


def chats_since(session: Session, after: int) -> dict[int, int]:
    """Return the chat of each item behind the one with the id `after`, by item id; items without a chat are left out."""
    query = select(InboxItem.id, InboxItem.chat_id).where(col(InboxItem.id) > after, col(InboxItem.chat_id).is_not(None))
    return {item_id: chat_id for item_id, chat_id in session.exec(query) if item_id is not None and chat_id is not None}
