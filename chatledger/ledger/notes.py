"""Notes: one row per chat, local date and part, with the hash of the body Zoho last confirmed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Change, Note
from chatledger.models import RecordRef

# Built once: a day's notes are asked for when they are planned, and when Zoho has answered.
_OF_DAYS = (
    select(Note)
    .where(
        col(Note.organisation_id) == bindparam("organisation"),
        col(Note.chat_id).in_(bindparam("chats", expanding=True)),
        col(Note.local_date).in_(bindparam("days", expanding=True)),
    )
    .order_by(col(Note.part))
)


def of_day(session: Session, organisation_id: str, chat_id: int, day: date) -> dict[int, Note]:
    """Return the notes of a chat's day by part."""
    query = select(Note).where(Note.organisation_id == organisation_id, Note.chat_id == chat_id, Note.local_date == day)
    return {row.part: row for row in session.exec(query)}


def of_days(
    session: Session, organisation_id: str, days: Mapping[int, Collection[date]]
) -> dict[tuple[int, date], list[Note]]:
    """Return the notes of these chats' days."""
    found: dict[tuple[int, date], list[Note]] = {}
    for chunk in chunks(days):
        asked = {"organisation": organisation_id, "chats": chunk, "days": set().union(*(days[chat_id] for chat_id in chunk))}
        for row in session.exec(_OF_DAYS, params=asked):
            found.setdefault((row.chat_id, row.local_date), []).append(row)
    return found


def elsewhere(session: Session, organisation_id: str, chat_ids: Iterable[int], record: RecordRef) -> list[str]:
    """Return the records (module/id) other than this one that notes of these chats stand on."""
    found: set[str] = set()
    for chunk in chunks(chat_ids):
        query = select(Note.module, Note.record_id).where(
            Note.organisation_id == organisation_id, col(Note.chat_id).in_(chunk), col(Note.zoho_id).is_not(None)
        )
        found |= {f"{module}/{record_id}" for module, record_id in session.exec(query.distinct()) if record_id}
    return sorted(found - {f"{record.module}/{record.id}"})


def any_known(session: Session, organisation_id: str) -> bool:
    """Say whether the ledger holds any note of the organisation."""
    return session.exec(select(Note.id).where(Note.organisation_id == organisation_id).limit(1)).first() is not None


class NewNote(NamedTuple):
    """A planned note: where it belongs, and what it is called at first."""

    chat_id: int
    local_date: date
    part: int
    chat_name: str
    title: str


def planned(session: Session, organisation_id: str, plans: Sequence[NewNote]) -> list[Note]:
    """Return the stored rows of planned notes, adding new ones; their titles stay as first planned."""
    stored: dict[tuple[int, date, int], Note] = {}
    for chunk in chunks(plan.chat_id for plan in plans):
        asked = {"organisation": organisation_id, "chats": chunk, "days": {plan.local_date for plan in plans}}
        stored.update((_position(row), row) for row in session.exec(_OF_DAYS, params=asked))
    for plan in plans:
        if plan[:3] not in stored:
            stored[plan[:3]] = Note(organisation_id=organisation_id, **plan._asdict())
            session.add(stored[plan[:3]])
    session.flush()
    return [stored[plan[:3]] for plan in plans]


def _position(note: Note) -> tuple[int, date, int]:
    return (note.chat_id, note.local_date, note.part)


def written(
    session: Session, note_row_id: int, *, zoho_id: str, record: RecordRef, body_hash: str | None, run_id: str, now: datetime
) -> None:
    """Write down that Zoho confirmed (or a look-up found) this note with this body."""
    row = session.get_one(Note, note_row_id)
    created = row.zoho_id != zoho_id
    session.add(
        Change(
            organisation_id=row.organisation_id,
            at=now,
            run_id=run_id,
            what="note_created" if created else "note_updated",
            chat_id=row.chat_id,
            module=record.module,
            record_id=record.id,
            note_id=zoho_id,
            before={"body_hash": row.body_hash, "note": row.zoho_id},
            after={"body_hash": body_hash, "part": row.part, "date": row.local_date.isoformat()},
        )
    )
    row.zoho_id, row.module, row.record_id, row.body_hash = zoho_id, record.module, record.id, body_hash
    row.created_at = now if created or row.created_at is None else row.created_at
    row.changed_at, row.run_id = now, run_id


def gone(session: Session, note_row_id: int) -> None:
    """Write down that the note no longer exists in Zoho; it is made anew when it is next planned."""
    row = session.get_one(Note, note_row_id)
    row.zoho_id, row.body_hash = None, None


def body_unknown(session: Session, note_row_id: int) -> None:
    """Forget which body the note has, so that the current one is sent again."""
    session.get_one(Note, note_row_id).body_hash = None
