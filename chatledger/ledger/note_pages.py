"""A note as it grew: each time it was written, and which messages had arrived by then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from chatledger.ledger.tables import Change, Message, Note
from chatledger.models import Reason

MOST_REMAKES = 20


@dataclass(frozen=True, slots=True)
class Writing:
    """One writing of a note: what changed, and the messages that came in with it, in the order of the note.

    A message whose text was edited later is given as it is now: the ledger keeps what TimelinesAI said last.
    """

    change: Change
    added: tuple[Message, ...]
    standing: int


def of_chat(
    session: Session, organisation_id: str, chat_id: int, *, before: date | None = None, limit: int = 31
) -> Sequence[Note]:
    """Return the notes of a chat, newest day first."""
    query = select(Note).where(Note.organisation_id == organisation_id, Note.chat_id == chat_id)
    if before is not None:
        query = query.where(col(Note.local_date) < before)
    return session.exec(query.order_by(col(Note.local_date).desc(), col(Note.part)).limit(limit)).all()


def find(session: Session, organisation_id: str, note_row_id: int) -> Note | None:
    """Return a note of the organisation by its ledger id."""
    note = session.get(Note, note_row_id)
    return note if note is not None and note.organisation_id == organisation_id else None


def row_of(session: Session, organisation_id: str, zoho_id: str) -> int | None:
    """Return the ledger id of the note with this id in Zoho."""
    query = select(Note.id).where(Note.organisation_id == organisation_id, Note.zoho_id == zoho_id)
    return session.exec(query).first()


def writings(session: Session, note: Note) -> list[Writing]:
    """Return how a note came about, oldest first; earlier notes that it was made in place of included."""
    shown = _messages(session, note)
    found: list[Writing] = []
    for change in _changes(session, note):
        arrived = [row for row in shown if row.first_seen_at <= change.at]
        earlier = {row.id for writing in found for row in writing.added}
        found.append(Writing(change, tuple(row for row in arrived if row.id not in earlier), len(arrived)))
    return found


def _changes(session: Session, note: Note) -> list[Change]:
    """Follow a note back through those it replaced: a deleted one, or one on a record that is gone."""
    found: list[Change] = []
    zoho_id, seen = note.zoho_id or _last_id(session, note), set[str]()
    while zoho_id and zoho_id not in seen and len(seen) < MOST_REMAKES:
        seen.add(zoho_id)
        query = select(Change).where(Change.organisation_id == note.organisation_id, Change.note_id == zoho_id)
        changes = session.exec(query.order_by(col(Change.id))).all()
        found = [*(change for change in changes if change.what.startswith("note_")), *found]
        replaced = [(change.before or {}).get("note") for change in changes]
        zoho_id = next((earlier for earlier in replaced if earlier), None)
    return sorted(found, key=lambda change: change.id or 0)


def _last_id(session: Session, note: Note) -> str | None:
    """Return the id of a note that is gone, as its messages still name it."""
    query = select(Message.note_id).where(
        Message.organisation_id == note.organisation_id,
        Message.chat_id == note.chat_id,
        Message.local_date == note.local_date,
        col(Message.note_id).is_not(None),
    )
    return session.exec(query).first()


def _messages(session: Session, note: Note) -> list[Message]:
    query = select(Message).where(
        Message.organisation_id == note.organisation_id,
        Message.chat_id == note.chat_id,
        Message.local_date == note.local_date,
        Message.kind == "whatsapp",
        col(Message.reason).not_in([Reason.EMPTY_MESSAGE.value, Reason.ERASED.value]),
    )
    rows = session.exec(query.order_by(col(Message.timestamp), col(Message.id))).all()
    if note.zoho_id is None or len({row.note_id for row in rows if row.note_id}) <= 1:
        return list(rows)
    return [row for row in rows if row.note_id in (None, note.zoho_id)]
