"""Intents: every write, committed before its request leaves, and settled before it is repeated."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, select, update

from chatledger.ledger.database import rows_of
from chatledger.ledger.tables import Intent

UNSETTLED = ("open", "unknown")
_UNSETTLED = (
    select(Intent)
    .where(col(Intent.organisation_id) == bindparam("organisation"), col(Intent.state).in_(UNSETTLED))
    .order_by(col(Intent.id))
)
"""Built once: a tick asks again and again what it has to wait for."""
_DUE = (
    select(Intent)
    .where(
        col(Intent.organisation_id) == bindparam("organisation"),
        col(Intent.state) == "unknown",
        col(Intent.settle_after) <= bindparam("now"),
    )
    .order_by(col(Intent.id))
)
_ANY_DUE = _DUE.with_only_columns(col(Intent.id)).limit(1)
_LEFT_BEHIND = select(Intent).where(
    col(Intent.organisation_id) == bindparam("organisation"),
    col(Intent.state) == "open",
    col(Intent.fence) < bindparam("fence"),
)
_ADDED = insert(Intent).returning(col(Intent.id), sort_by_parameter_order=True)
_CLOSED = (
    update(Intent)
    .where(col(Intent.id) == bindparam("intent"))
    .values(state=bindparam("state"), result_id=bindparam("result_id"), refusal=bindparam("refusal"))
)
_EXPIRED = select(Intent.id).where(
    col(Intent.id).in_(bindparam("ids", expanding=True)), col(Intent.may_leave_until) < bindparam("now")
)


class NewIntent(NamedTuple):
    """What is to be written; the columns of `Intent` of the same names."""

    kind: str
    module: str
    record_id: str | None = None
    phone_key: str | None = None
    chat_id: int | None = None
    local_date: date | None = None
    part: int | None = None
    message_uid: str | None = None
    position: int | None = None
    zoho_note_id: str | None = None
    title: str = ""
    url_path: str = ""
    body_hash: str = ""
    index_cursor: datetime | None = None


class Decided(NamedTuple):
    """By which run intents were decided and when, and until when their requests may leave."""

    organisation_id: str
    run_id: str
    fence: int
    decided_at: datetime
    may_leave_until: datetime


def add(session: Session, intents: Sequence[NewIntent], decided: Decided) -> list[int]:
    """Add open intents and return their ids in the same order."""
    shared = {**decided._asdict(), "state": "open", "refusal": ""}
    rows = [intent._asdict() | shared for intent in intents]
    return [intent_id or 0 for intent_id in session.connection().execute(_ADDED, rows).scalars()] if rows else []


def close(session: Session, intent_id: int, state: str, *, result_id: str | None = None, refusal: str = "") -> None:
    """Give an intent its final state."""
    close_each(session, [(intent_id, state, result_id, refusal)])


def close_each(session: Session, closed: Sequence[tuple[int, str, str | None, str]]) -> None:
    """Give many intents their final state at once: id, state, id of the result, code of the refusal.

    Rows that the session holds already do not notice.
    """
    if closed:
        rows = [dict(zip(("intent", "state", "result_id", "refusal"), row, strict=True)) for row in closed]
        session.connection().execute(_CLOSED, rows)


def mark_unknown(session: Session, ids: Iterable[int], settle_after: datetime) -> None:
    """Write down that nobody knows whether these writes were done; they may be looked up from then on."""
    session.exec(
        update(Intent)
        .where(col(Intent.id).in_(list(ids)), col(Intent.state) == "open")
        .values(state="unknown", settle_after=settle_after)
    )


def take_over(session: Session, organisation_id: str, *, fence: int, wait: timedelta) -> int:
    """Make the open intents of earlier holders unknown: they wait from the last moment their request may have left."""
    left_behind = session.exec(_LEFT_BEHIND, params={"organisation": organisation_id, "fence": fence}).all()
    for intent in left_behind:
        intent.state, intent.settle_after = "unknown", intent.may_leave_until + wait
    return len(left_behind)


def unsettled(session: Session, organisation_id: str) -> list[Intent]:
    """Return every intent whose outcome nobody knows yet, oldest first."""
    return list(session.exec(_UNSETTLED, params={"organisation": organisation_id}))


def due(session: Session, organisation_id: str, now: datetime) -> list[Intent]:
    """Return the intents whose outcome nobody knows and that may be looked up by now, oldest first."""
    return list(session.exec(_DUE, params={"organisation": organisation_id, "now": now}))


def any_due(session: Session, organisation_id: str, now: datetime) -> bool:
    """Say whether there is any such intent."""
    return rows_of(session, _ANY_DUE, {"organisation": organisation_id, "now": now}).first() is not None


def created_records(session: Session, organisation_id: str, phone_key: str) -> list[Intent]:
    """Return the intents to create a record for a phone key, oldest first."""
    query = select(Intent).where(
        Intent.organisation_id == organisation_id, Intent.phone_key == phone_key, Intent.kind == "create_record"
    )
    return list(session.exec(query.order_by(col(Intent.id))))


def expired(session: Session, ids: Sequence[int], now: datetime) -> bool:
    """Say whether one of these open intents is older than it may be when its request leaves."""
    return rows_of(session, _EXPIRED, {"ids": list(ids), "now": now}).first() is not None
