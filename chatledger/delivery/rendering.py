"""Rendering: the notes that open messages ask for, compared with the notes that are known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from chatledger.delivery import index_reading
from chatledger.delivery.resolving import as_message
from chatledger.delivery.tick import Tick
from chatledger.ledger import Session, attachments, chats, messages, notes
from chatledger.ledger.tables import Chat, Message, Note
from chatledger.models import RecordRef
from chatledger.planning import KnownNote, PlannedNote, batches, planned_notes
from chatledger.transcript import Part, Wording, contact_name, note_parts

Day = tuple[int, date]


@dataclass(frozen=True, slots=True)
class StoredDays:
    """What the ledger holds of some days of chats: the messages their notes show, the notes, and what notes say of them."""

    messages: Mapping[Day, Sequence[Message]]
    notes: Mapping[Day, Sequence[Note]]
    remarks: Mapping[tuple[str, str], str]
    owners: Mapping[str, str]


def rendered(tick: Tick, session: Session, chat_ids: Iterable[int]) -> Iterator[PlannedNote]:
    """Render every day that these chats have open messages of, as far as their record is known."""
    known = [row for row in chats.load(session, tick.organisation_id, chat_ids) if (row.phone_key or "") in tick.records]
    for some in batches(known):
        days = _open_days(tick, session, [row.id for row in some])
        stored = stored_days(session, tick.organisation_id, days)
        for chat in some:
            for day in sorted(days.get(chat.id, ())):
                yield from _of_day(tick, session, chat, day, stored)


def _open_days(tick: Tick, session: Session, chat_ids: Sequence[int]) -> Mapping[int, set[date]]:
    days: dict[int, set[date]] = defaultdict(set)
    for row in messages.open_messages(session, tick.organisation_id, tick.ledger.now(), chat_ids):
        if row.local_date is not None:
            days[row.chat_id].add(row.local_date)
    return days


def stored_days(session: Session, organisation_id: str, days: Mapping[int, set[date]]) -> StoredDays:
    """Read everything that the notes of these chats' days are made from."""
    told = messages.of_days(session, organisation_id, days)
    return StoredDays(
        messages=told,
        notes=notes.of_days(session, organisation_id, days),
        remarks=attachments.remarks(session, organisation_id, [row.uid for rows in told.values() for row in rows]),
        owners={number.id: number.owner_name for number in chats.accounts(session, organisation_id).values()},
    )


def parts_of_day(
    chat: Chat, name: str, shown: Sequence[Message], stored: StoredDays, wording: Wording, zone: str
) -> list[Part]:
    """Render messages of one day of a chat, whose note calls the contact `name`."""
    return note_parts(
        wording,
        [as_message(row) for row in shown],
        chat_url=chat.url,
        contact=contact_name(wording, name, chat.phone_key or ""),
        owner=stored.owners.get(chat.account_id, ""),
        zone=zone,
        remarks=stored.remarks,
    )


def _of_day(tick: Tick, session: Session, chat: Chat, day: date, stored: StoredDays) -> list[PlannedNote]:
    record = tick.records[chat.phone_key or ""]
    known = {note.part: _known(tick, session, note, record) for note in stored.notes.get((chat.id, day), ())}
    name = known[1].chat_name if 1 in known else chat.name
    shown = stored.messages.get((chat.id, day), ())
    parts = parts_of_day(chat, name, shown, stored, tick.wording, tick.settings.timezone)
    return planned_notes(
        chat_id=chat.id,
        day=day,
        record=record,
        name=name,
        phone=chat.phone_key or "",
        url_path=urlsplit(chat.url).path,
        parts=parts,
        known=known,
        wording=tick.wording,
    )


def _known(tick: Tick, session: Session, note: Note, record: RecordRef) -> KnownNote:
    """Leave a note that stands on another, living record than the chat now belongs to: it is made anew."""
    stood_on = RecordRef(note.module, note.record_id) if note.module and note.record_id else None
    if stood_on in (None, record) or not index_reading.is_alive(session, tick.organisation_id, stood_on):
        return KnownNote(note.part, note.chat_name, note.title, note.zoho_id, note.body_hash, stood_on)
    return KnownNote(note.part, note.chat_name, note.title, None, None)
