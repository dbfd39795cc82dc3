"""Messages and their outcomes. A message is stored once by its uid, before anything else happens with it."""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func
from sqlmodel import Session, and_, col, or_, select, update

from chatledger.ledger import numbers
from chatledger.ledger.chunking import chunks
from chatledger.ledger.erasures import erased_chats
from chatledger.ledger.tables import Message, MessageAttachment
from chatledger.models import Message as ReadMessage
from chatledger.models import Outcome, Reason, RecordRef, Unreadable


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
_BY_UID = _OF_ORGANISATION.where(col(Message.uid).in_(bindparam("uids", expanding=True)))
_OF_DAYS = _OF_ORGANISATION.where(
    col(Message.chat_id).in_(bindparam("chats", expanding=True)),
    col(Message.local_date).in_(bindparam("days", expanding=True)),
    col(Message.kind) == "whatsapp",
    col(Message.reason).not_in([Reason.EMPTY_MESSAGE.value, Reason.ERASED.value]),
).order_by(col(Message.timestamp), col(Message.id))
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


def known_uids(session: Session, organisation_id: str, uids: Sequence[str]) -> set[str]:
    """Return those of the uids that are already stored."""
    rows = session.exec(select(Message.uid).where(Message.organisation_id == organisation_id, col(Message.uid).in_(uids)))
    return set(rows)


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
        query = select(Message.chat_id).where(Message.organisation_id == organisation_id, _held(chunk, reasons))
        found.update(session.exec(query.distinct()))
    return found


def _held(chat_ids: Sequence[int], reasons: Sequence[Reason]) -> ColumnElement[bool]:
    return and_(
        col(Message.chat_id).in_(chat_ids),
        col(Message.outcome).in_([Outcome.SKIPPED.value, Outcome.PARKED.value]),
        col(Message.reason).in_([reason.value for reason in reasons]),
    )


def take_up(session: Session, organisation_id: str, chat_ids: Iterable[int], reasons: Sequence[Reason]) -> int:
    """Open the messages of these chats again that were skipped or parked for one of these reasons; return how many."""
    opened = 0
    for chunk in chunks(chat_ids):
        done = session.exec(
            update(Message)
            .where(col(Message.organisation_id) == organisation_id, _held(chunk, reasons))
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
        query = select(Message.chat_id).where(
            Message.organisation_id == organisation_id,
            col(Message.chat_id).in_(chunk),
            Message.direction == "incoming",
            Message.kind == "whatsapp",
            Message.reason != Reason.EMPTY_MESSAGE.value,
        )
        found.update(session.exec(query.distinct()))
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
    return dict(session.exec(_TOTALS, params={"organisation": organisation_id, "run": run_id}).all())


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
