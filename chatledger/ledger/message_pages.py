"""Messages in pages, newest first, fast with millions of them.

Every choice is walked along an index that is sorted by time. Where a choice has several values (the reasons of an outcome, the
numbers of an owner), each is walked for itself, and the few rows found are put in order afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, or_, select

from chatledger.ledger.chunking import CHUNK, chunks
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.tables import Message
from chatledger.models import Outcome, Reason


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are listed; `start` is included, `end` is not. An empty sequence chooses nothing, None everything."""

    start: datetime | None = None
    end: datetime | None = None
    outcome: str | None = None
    reasons: tuple[str, ...] | None = None
    account_ids: tuple[str, ...] | None = None
    chat_ids: tuple[int, ...] | None = None
    run_id: str | None = None
    detail: str | None = None

    @property
    def reason_codes(self) -> tuple[str, ...] | None:
        """The reasons that are left once the outcome is taken into account."""
        if self.outcome is None:
            return self.reasons
        of_outcome = tuple(code for code, words in reasons_in_words().items() if words.outcome == self.outcome)
        return of_outcome if self.reasons is None else tuple(code for code in of_outcome if code in self.reasons)


@dataclass(frozen=True, slots=True)
class MessagePosition:
    """The place of a message in the list: its time, or that of its arrival where it has none, and its ledger id."""

    at: datetime
    id: int


Condition = ColumnElement[bool]


def page(
    session: Session, organisation_id: str, chosen: MessageFilter, *, after: MessagePosition | None = None, limit: int = 50
) -> list[Message]:
    """Return messages, newest first, that follow a position. What has no readable time is dated by its arrival."""
    found: set[tuple[datetime, int | None]] = set()
    for conditions, dated in _walks(organisation_id, chosen):
        query = select(dated, col(Message.id)).where(*conditions, *_within(dated, chosen, after))
        found.update(session.exec(query.order_by(dated.desc(), col(Message.id).desc()).limit(limit)).all())
    newest = sorted(found, key=lambda each: (each[0], each[1] or 0), reverse=True)[:limit]
    ids = [message_id or 0 for _, message_id in newest]
    rows = {row.id: row for chunk in chunks(ids) for row in session.exec(select(Message).where(col(Message.id).in_(chunk)))}
    return [rows[message_id] for message_id in ids]


def position(row: Message) -> MessagePosition:
    """Return where a message stands in the list."""
    return MessagePosition(row.timestamp or row.first_seen_at, row.id or 0)


def _walks(organisation_id: str, chosen: MessageFilter) -> Iterator[tuple[tuple[Condition, ...], Any]]:
    """Yield the conditions of each walk with the column that dates its messages."""
    for conditions, reason in _choices(organisation_id, chosen):
        if reason in (None, Reason.UNREADABLE.value):
            unreadable = (col(Message.reason) == Reason.UNREADABLE.value, col(Message.timestamp).is_(None))
            yield (*conditions, *unreadable), col(Message.first_seen_at)
        # a message in the hands of a retry has no time either, for as long as it takes
        yield (*conditions, col(Message.timestamp).is_not(None)), col(Message.timestamp)


def _choices(organisation_id: str, chosen: MessageFilter) -> Iterator[tuple[tuple[Condition, ...], str | None]]:
    mine = (col(Message.organisation_id) == organisation_id, *_few(chosen))
    codes = chosen.reason_codes
    if chosen.chat_ids is not None or chosen.run_id is not None:
        for chunk in _chat_chunks(chosen.chat_ids):
            of_chats = () if chunk is None else (col(Message.chat_id).in_(chunk),)
            of_run = () if chosen.run_id is None else (col(Message.run_id) == chosen.run_id,)
            of_reasons = () if codes is None else (col(Message.reason).in_(codes),)
            of_numbers = () if chosen.account_ids is None else (col(Message.account_id).in_(chosen.account_ids),)
            yield (*mine, *of_chats, *of_run, *of_reasons, *of_numbers), None
        return
    if chosen.account_ids is not None:
        for account, code in product(chosen.account_ids, codes if codes is not None else list(Reason)):
            yield (*mine, col(Message.account_id) == account, col(Message.reason) == str(code)), str(code)
        return
    if codes is not None:
        for code in codes:
            yield (*mine, col(Message.reason) == code), code
        return
    yield mine, None


def _few(chosen: MessageFilter) -> Iterator[Condition]:
    """Yield the condition on a refusal's detail: only the few messages that are held back have one."""
    if chosen.detail is not None:
        yield col(Message.outcome).in_([Outcome.PARKED.value, Outcome.PENDING.value])
        yield col(Message.detail).icontains(chosen.detail, autoescape=True)


def _chat_chunks(chat_ids: Sequence[int] | None) -> Iterable[list[int] | None]:
    if chat_ids is None:
        return [None]
    return [list(chat_ids[start : start + CHUNK]) for start in range(0, len(chat_ids), CHUNK)]


def _within(dated: Any, chosen: MessageFilter, after: MessagePosition | None) -> Iterator[Condition]:
    if chosen.start is not None:
        yield dated >= chosen.start
    if chosen.end is not None:
        yield dated < chosen.end
    if after is not None:
        yield dated <= after.at
        yield or_(dated < after.at, and_(dated == after.at, col(Message.id) < after.id))
