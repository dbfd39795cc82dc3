"""What became of messages by the notes that show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.messages import IS_OPEN
from chatledger.ledger.tables import Message
from chatledger.models import Outcome, Reason, RecordRef

_SYNCED = (
    update(Message)
    .where(col(Message.organisation_id) == bindparam("organisation"), col(Message.uid) == bindparam("its_uid"), IS_OPEN)
    .values(outcome=Outcome.SYNCED.value, detail="", next_try_at=None)
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A note that Zoho confirmed and the messages whose outcome it decides."""

    uids: Sequence[str]
    reason: Reason
    record: RecordRef
    note_id: str


def synced(session: Session, organisation_id: str, shown: Iterable[Shown], *, run_id: str, now: datetime) -> None:
    """Write down for the open ones of these messages that their notes show them, for many notes at once."""
    session.flush()
    of_run = {"organisation": organisation_id, "now": now, "run_id": run_id, "decided_at": now}
    rows = [
        {
            **of_run,
            "its_uid": uid,
            "reason": note.reason.value,
            "module": note.record.module,
            "record_id": note.record.id,
            "note_id": note.note_id,
        }
        for note in shown
        for uid in note.uids
    ]
    if rows:
        session.connection().execute(_SYNCED, rows)


def stand_on(session: Session, organisation_id: str, uids: Iterable[str], record: RecordRef, note_id: str) -> None:
    """Write down where synced messages stand now that their note was made anew or moved along with its record."""
    for chunk in chunks(uids):
        session.exec(
            update(Message)
            .where(
                col(Message.organisation_id) == organisation_id,
                col(Message.uid).in_(chunk),
                col(Message.outcome) == Outcome.SYNCED.value,
            )
            .values(module=record.module, record_id=record.id, note_id=note_id)
        )
