"""Messages and their outcomes: which wait for a decision, and what was decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func
from sqlmodel import Session, col, or_, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import rows_of
from chatledger.ledger.tables import Message
from chatledger.models import Outcome, Reason, RecordRef


def _is_open() -> ColumnElement[bool]:
    due = or_(col(Message.next_try_at).is_(None), col(Message.next_try_at) <= bindparam("now"))
    pending = (col(Message.outcome) == Outcome.PENDING.value) & due
    parked = (col(Message.outcome) == Outcome.PARKED.value) & (col(Message.next_try_at) <= bindparam("now"))
    # said twice for the planner: alternatives alone do not lead it to the index by outcome
    # (not by in_(), which statements for many rows cannot hold)
    undone = or_(col(Message.outcome) == Outcome.PENDING.value, col(Message.outcome) == Outcome.PARKED.value)
    return undone & or_(pending, parked)


IS_OPEN = _is_open()
"""The condition of a message that waits for a decision at the moment `now`."""

# Built once, because every tick asks for them.
_OF_ORGANISATION = select(Message).where(col(Message.organisation_id) == bindparam("organisation"))
_OPEN = _OF_ORGANISATION.where(IS_OPEN).order_by(col(Message.timestamp), col(Message.id))
_OPEN_OF_CHATS = _OPEN.where(col(Message.chat_id).in_(bindparam("chats", expanding=True)))
_UNDECIDED = _OF_ORGANISATION.where(
    IS_OPEN, or_(col(Message.reason) == Reason.NEW.value, col(Message.run_id) != bindparam("run"))
)
_OF_DAYS = _OF_ORGANISATION.where(
    col(Message.chat_id).in_(bindparam("chats", expanding=True)),
    col(Message.local_date).in_(bindparam("days", expanding=True)),
    col(Message.kind) == "whatsapp",
    col(Message.reason).not_in([Reason.EMPTY_MESSAGE.value, Reason.ERASED.value]),
).order_by(col(Message.timestamp), col(Message.id))
_OF_CHATS = (
    col(Message.organisation_id) == bindparam("organisation"),
    col(Message.chat_id).in_(bindparam("chats", expanding=True)),
)
_SET_ASIDE = col(Message.outcome).in_([Outcome.SKIPPED.value, Outcome.PARKED.value])
_CHATS_HELD = (
    select(Message.chat_id)
    .where(*_OF_CHATS, _SET_ASIDE, col(Message.reason).in_(bindparam("reasons", expanding=True)))
    .distinct()
)
_WITH_INCOMING = (
    select(Message.chat_id)
    .where(
        *_OF_CHATS,
        col(Message.direction) == "incoming",
        col(Message.kind) == "whatsapp",
        col(Message.reason) != Reason.EMPTY_MESSAGE.value,
    )
    .distinct()
)
_TOTALS = (
    select(Message.outcome, func.count())
    .where(col(Message.organisation_id) == bindparam("organisation"), col(Message.run_id) == bindparam("run"))
    .group_by(col(Message.outcome))
)
_DECIDED = (
    update(Message)
    .where(col(Message.id).in_(bindparam("ids", expanding=True)))
    .values(attempts=col(Message.attempts) + bindparam("tries"))
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a message: outcome, reason and, for a refusal, the code and field of the system that refused."""

    outcome: Outcome
    reason: Reason
    detail: str = ""
    next_try_at: datetime | None = None
    counts_as_attempt: bool = False


def known_uids(session: Session, organisation_id: str, uids: Sequence[str]) -> set[str]:
    """Return those of the uids that are already stored."""
    rows = session.exec(select(Message.uid).where(Message.organisation_id == organisation_id, col(Message.uid).in_(uids)))
    return set(rows)


def open_messages(
    session: Session, organisation_id: str, now: datetime, chat_ids: Iterable[int] | None = None
) -> list[Message]:
    """Return every message that waits for a decision (of these chats): pending ones, and parked ones whose pause is over."""
    asked = {"organisation": organisation_id, "now": now}
    if chat_ids is None:
        return list(session.exec(_OPEN, params=asked))
    return [row for chunk in chunks(chat_ids) for row in session.exec(_OPEN_OF_CHATS, params=asked | {"chats": chunk})]


def undecided(session: Session, organisation_id: str, run_id: str, now: datetime) -> list[Message]:
    """Return the messages that wait for a decision and that this run has written none down for."""
    return list(session.exec(_UNDECIDED, params={"organisation": organisation_id, "now": now, "run": run_id}))


def chats_held(session: Session, organisation_id: str, chat_ids: Iterable[int], reasons: Sequence[Reason]) -> set[int]:
    """Return those of the chats that `take_up` would open a message of."""
    found: set[int] = set()
    for chunk in chunks(chat_ids):
        asked = {"organisation": organisation_id, "chats": chunk, "reasons": [reason.value for reason in reasons]}
        found.update(rows_of(session, _CHATS_HELD, asked).scalars())
    return found


def take_up(session: Session, organisation_id: str, chat_ids: Iterable[int], reasons: Sequence[Reason]) -> int:
    """Open the messages of these chats again that were skipped or parked for one of these reasons; return how many."""
    opened = 0
    for chunk in chunks(chat_ids):
        done = session.exec(
            update(Message)
            .where(
                col(Message.organisation_id) == organisation_id,
                col(Message.chat_id).in_(chunk),
                _SET_ASIDE,
                col(Message.reason).in_([reason.value for reason in reasons]),
            )
            .values(outcome=Outcome.PENDING.value, reason=Reason.NEW.value, next_try_at=None)
        )
        opened += done.rowcount
    return opened


def end_pauses(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> None:
    """Have the next run try what is pending in these chats, however long it was to rest."""
    for chunk in chunks(chat_ids):
        session.exec(
            update(Message)
            .where(
                col(Message.organisation_id) == organisation_id,
                col(Message.chat_id).in_(chunk),
                col(Message.outcome) == Outcome.PENDING.value,
            )
            .values(next_try_at=None)
        )


def reopen(session: Session, message_id: int) -> None:
    """Have the note of a message written again, because something it says of the message has changed."""
    row = session.get_one(Message, message_id)
    row.outcome, row.reason, row.next_try_at = Outcome.PENDING.value, Reason.NEW.value, None


def chats_with_incoming(session: Session, organisation_id: str, chat_ids: Iterable[int]) -> set[int]:
    """Return those of the chats in which the contact wrote to us."""
    found: set[int] = set()
    for chunk in chunks(chat_ids):
        found.update(rows_of(session, _WITH_INCOMING, {"organisation": organisation_id, "chats": chunk}).scalars())
    return found


def of_days(
    session: Session, organisation_id: str, days: Mapping[int, Collection[date]]
) -> dict[tuple[int, date], list[Message]]:
    """Return everything of these chats' days that belongs into their notes, by time, then by arrival."""
    found: dict[tuple[int, date], list[Message]] = {}
    for chunk in chunks(days):
        asked = {"organisation": organisation_id, "chats": chunk, "days": set().union(*(days[chat_id] for chat_id in chunk))}
        for row in session.exec(_OF_DAYS, params=asked):
            if row.local_date is not None and row.local_date in days[row.chat_id]:
                found.setdefault((row.chat_id, row.local_date), []).append(row)
    return found


def decide(
    session: Session,
    ids: Iterable[int],
    verdict: Verdict,
    *,
    run_id: str,
    now: datetime,
    record: RecordRef | None = None,
    note_id: str | None = None,
) -> None:
    """Write down what became of the messages with these ledger ids, and where they went.

    Rows that the session holds already do not notice.
    """
    values: dict[str, Any] = {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.value,
        "detail": verdict.detail,
        "next_try_at": verdict.next_try_at,
        "run_id": run_id,
        "decided_at": now,
        "tries": int(verdict.counts_as_attempt),
    }
    if record is not None:
        values |= {"module": record.module, "record_id": record.id, "note_id": note_id}
    session.flush()
    for chunk in chunks(ids):
        session.connection().execute(_DECIDED, values | {"ids": chunk})


def totals(session: Session, organisation_id: str, run_id: str) -> dict[str, int]:
    """Count the messages this run first stored, decided or tried, by outcome."""
    return dict(rows_of(session, _TOTALS, {"organisation": organisation_id, "run": run_id}).tuples().all())


def reasons(session: Session, organisation_id: str, run_id: str) -> dict[tuple[str, str], int]:
    """Count this run's messages by outcome and reason."""
    query = (
        select(Message.outcome, Message.reason, func.count())
        .where(Message.organisation_id == organisation_id, Message.run_id == run_id)
        .group_by(col(Message.outcome), col(Message.reason))
    )
    return {(outcome, reason): count for outcome, reason, count in session.exec(query)}


def by_uid(session: Session, organisation_id: str, uid: str) -> Message:
    """Return a message by its uid; raises sqlalchemy's NoResultFound for an unknown one."""
    return session.exec(select(Message).where(Message.organisation_id == organisation_id, Message.uid == uid)).one()
