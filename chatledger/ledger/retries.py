"""Messages that are tried again because a person asked for it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, and_, col, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Change, Message
from chatledger.models import Outcome, Reason


def held_back(
    session: Session,
    organisation_id: str,
    reasons: Sequence[Reason],
    *,
    uids: Sequence[str] | None = None,
    run_id: str | None = None,
) -> list[Message]:
    """Return what is not synced for one of these reasons, of these uids or decided by this run, oldest first."""
    query = select(Message).where(Message.organisation_id == organisation_id, _open_to_retry(reasons))
    if run_id is not None:
        query = query.where(Message.run_id == run_id)
    ordered = query.order_by(col(Message.timestamp), col(Message.id))
    if uids is None:
        return list(session.exec(ordered))
    return [row for chunk in chunks(uids) for row in session.exec(ordered.where(col(Message.uid).in_(chunk)))]


def _open_to_retry(reasons: Sequence[Reason]) -> ColumnElement[bool]:
    undone = col(Message.outcome) != Outcome.SYNCED.value
    return and_(undone, col(Message.reason).in_([reason.value for reason in reasons]))


def unknown_uids(session: Session, organisation_id: str, uids: Iterable[str]) -> list[str]:
    """Return those of the uids that the ledger has never heard of."""
    wanted = list(dict.fromkeys(uids))
    known: set[str] = set()
    for chunk in chunks(wanted):
        known.update(
            session.exec(select(Message.uid).where(Message.organisation_id == organisation_id, col(Message.uid).in_(chunk)))
        )
    return [uid for uid in wanted if uid not in known]


def open_again(session: Session, ids: Iterable[int]) -> None:
    """Have the messages with these ledger ids decided anew, however long they were to rest."""
    for chunk in chunks(ids):
        session.exec(
            update(Message)
            .where(col(Message.id).in_(chunk))
            .values(outcome=Outcome.PENDING.value, reason=Reason.NEW.value, next_try_at=None)
        )


def tried_in_vain(session: Session, ids: Iterable[int], *, run_id: str, now: datetime) -> None:
    """Write down that a run tried to read these messages again and could not: they stay parked."""
    for chunk in chunks(ids):
        session.exec(
            update(Message)
            .where(col(Message.id).in_(chunk))
            .values(run_id=run_id, decided_at=now, attempts=col(Message.attempts) + 1)
        )


def outcomes(session: Session, ids: Iterable[int]) -> dict[str, int]:
    """Count the messages with these ledger ids by outcome."""
    found: dict[str, int] = {}
    for chunk in chunks(ids):
        query = select(Message.outcome, func.count()).where(col(Message.id).in_(chunk)).group_by(col(Message.outcome))
        for outcome, count in session.exec(query):
            found[outcome] = found.get(outcome, 0) + count
    return found


def write_down(session: Session, organisation_id: str, run_id: str, counts: dict[str, Any], *, now: datetime) -> None:
    """Add a retry to the history: how many messages a person had tried again, and what became of them."""
    session.add(Change(organisation_id=organisation_id, at=now, run_id=run_id, actor="person", what="retried", after=counts))


def of_run(session: Session, organisation_id: str, run_id: str) -> dict[str, int]:
    """Return what became of the messages that a run was asked to try again, empty counts when it was asked for none."""
    query = select(Change).where(Change.organisation_id == organisation_id, Change.run_id == run_id, Change.what == "retried")
    change = session.exec(query).first()
    return dict(change.after or {}) if change else {}
