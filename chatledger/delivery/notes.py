"""Writing notes: one per chat, local date and part, sent only when the hash of its body changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from chatledger.delivery import index_reading
from chatledger.delivery.adoption import existing_note
from chatledger.delivery.records import UNSET
from chatledger.delivery.resolving import as_message
from chatledger.delivery.sending import Write, send
from chatledger.delivery.tick import Tick
from chatledger.ledger import Session, attachments, chats, intents, messages, notes
from chatledger.ledger.messages import Verdict
from chatledger.ledger.tables import Chat, Intent, Note
from chatledger.ledger.tables import Message as MessageRow
from chatledger.models import Outcome, Reason, RecordRef, RowDone, RowRefused
from chatledger.planning import (
    KnownNote,
    PlannedNote,
    Remedy,
    note_batches,
    parked_because,
    pause_after,
    planned_notes,
    remedy_for_note,
)
from chatledger.transcript import contact_name, local_date, note_parts


def plan(tick: Tick, chat_ids: Iterable[int]) -> int:
    """Render every day these chats have open messages of, and return how many batches of notes there are to write.

    Notes whose body has not changed are settled here, without a call; notes with an unconfirmed write stay locked.
    """
    creations: list[PlannedNote] = []
    updates: list[PlannedNote] = []
    with tick.ledger.transaction() as session:
        locked = _locked(tick, session)
        owners = chats.accounts(session, tick.organisation_id)
        for chat in chats.load(session, tick.organisation_id, chat_ids):
            record = tick.records.get(chat.phone_key or "")
            if record is None:
                continue
            owner = owners[chat.account_id].owner_name if chat.account_id in owners else ""
            for planned in _of_chat(tick, session, chat, record, owner):
                tick.written.discard(planned.position)
                if planned.position in locked:
                    settle_messages(tick, session, planned, Verdict(Outcome.PENDING, Reason.WRITE_UNCONFIRMED))
                elif not planned.changed:
                    tick.unchanged.add(planned.position)
                    settle_messages(tick, session, planned, Verdict(Outcome.SYNCED, Reason.NOTE_UNCHANGED))
                else:
                    # Before any intent, so that whoever settles a write of this run after its death finds the note.
                    _row(tick, session, planned)
                    (creations if planned.creates else updates).append(planned)
    tick.note_batches = [*note_batches(creations), *note_batches(updates)]
    return len(tick.note_batches)


def _locked(tick: Tick, session: Session) -> set[tuple[int, date, int]]:
    kinds = ("create_note", "update_note")
    unsettled = intents.unsettled(session, tick.organisation_id)
    return {
        (intent.chat_id, intent.local_date, intent.part)
        for intent in unsettled
        if intent.kind in kinds and intent.chat_id is not None and intent.local_date is not None and intent.part is not None
    }


def _of_chat(tick: Tick, session: Session, chat: Chat, record: RecordRef, owner: str) -> list[PlannedNote]:
    waiting = messages.open_messages(session, tick.organisation_id, tick.ledger.now(), [chat.id])
    days = sorted({row.local_date for row in waiting if row.local_date})
    return [planned for day in days for planned in _of_day(tick, session, chat, day, record, owner)]


def _of_day(tick: Tick, session: Session, chat: Chat, day: date, record: RecordRef, owner: str) -> list[PlannedNote]:
    rows = messages.of_day(session, tick.organisation_id, chat.id, day)
    stored = notes.of_day(session, tick.organisation_id, chat.id, day)
    known = {part: _known(tick, session, note, record) for part, note in stored.items()}
    name = known[1].chat_name if 1 in known else chat.name
    parts = note_parts(
        tick.wording,
        [as_message(row) for row in rows],
        chat_url=chat.url,
        contact=contact_name(tick.wording, name, chat.phone_key or ""),
        owner=owner,
        zone=tick.settings.timezone,
        remarks=attachments.remarks(session, tick.organisation_id, [row.uid for row in rows]),
    )
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


async def write_batch(tick: Tick, number: int) -> None:
    """Write a planned batch of notes. Raises OutsideError when the rest of it certainly was not done; call again."""
    waiting = [planned for planned in tick.note_batches[number] if planned.position not in tick.written]
    if waiting and waiting[0].creates:
        waiting = await _without_existing(tick, waiting)
        await send(tick, [_creation(tick, planned) for planned in waiting], tick.zoho.create_notes)
    else:
        waiting = [planned for planned in waiting if await _still_stands(tick, planned)]
        await send(tick, [_update(tick, planned) for planned in waiting], tick.zoho.update_notes)
    _leave_unanswered(tick, waiting)


async def _without_existing(tick: Tick, batch: Sequence[PlannedNote]) -> list[PlannedNote]:
    """In adopt mode look each note up before it is made: an empty ledger may stand before a full CRM."""
    missing = []
    for planned in batch:
        found = await existing_note(tick, planned) if _may_exist(tick, planned) else None
        if found is None:
            missing.append(planned)
        else:
            with tick.ledger.transaction() as session:
                adopt(tick, session, _row(tick, session, planned), found, planned.record, body_hash=None)
            tick.rework.add(planned.chat_id)
            tick.written.add(planned.position)
    return missing


def _may_exist(tick: Tick, planned: PlannedNote) -> bool:
    """Say whether another ledger may have made this note: not for a day that began after adopt mode did."""
    return tick.adopts_until is not None and planned.day <= local_date(tick.adopts_until, tick.settings.timezone)


async def _still_stands(tick: Tick, planned: PlannedNote) -> bool:
    """Look at a note whose chat has moved: unless a merge or conversion took it along, it is made anew on the new record."""
    if planned.stood_on in (None, planned.record) or planned.zoho_id is None:
        return True
    found = await tick.zoho.note(planned.zoho_id)
    if found is not None and found.parent.id == planned.record.id:
        return True
    with tick.ledger.transaction() as session:
        notes.gone(session, _row(tick, session, planned).id or 0)
    tick.rework.add(planned.chat_id)
    tick.written.add(planned.position)
    return False


def adopt(tick: Tick, session: Session, row: Note, zoho_id: str, record: RecordRef, *, body_hash: str | None) -> None:
    """Take a note that stands in Zoho already as ours; the current body follows as an ordinary update."""
    notes.written(
        session, row.id or 0, zoho_id=zoho_id, record=record, body_hash=body_hash, run_id=tick.run_id, now=tick.ledger.now()
    )
    tick.notes_created += 1


def _row(tick: Tick, session: Session, planned: PlannedNote) -> Note:
    fresh = Note(
        organisation_id=tick.organisation_id, chat_id=planned.chat_id, local_date=planned.day, part=planned.part,
        chat_name=planned.chat_name, title=planned.title,
    )  # fmt: skip
    return notes.planned(session, fresh)


def _creation(tick: Tick, planned: PlannedNote) -> Write:
    parent = {"module": {"api_name": planned.record.module}, "id": planned.record.id}
    row = {"Note_Title": planned.title, "Note_Content": planned.body, "Parent_Id": parent}
    return _write(tick, planned, "create_note", row)


def _update(tick: Tick, planned: PlannedNote) -> Write:
    return _write(tick, planned, "update_note", {"id": planned.zoho_id, "Note_Content": planned.body})


def _write(tick: Tick, planned: PlannedNote, kind: str, row: dict[str, Any]) -> Write:
    return Write(
        intent=partial(_intent, planned, kind),
        row=row,
        done=partial(_done, tick, planned),
        refused=partial(_refused, tick, planned),
    )


def _intent(planned: PlannedNote, kind: str) -> Intent:
    return Intent(
        organisation_id="", run_id="", fence=0, kind=kind, module=planned.record.module, record_id=planned.record.id,
        chat_id=planned.chat_id, local_date=planned.day, part=planned.part, zoho_note_id=planned.zoho_id,
        title=planned.title, url_path=planned.url_path, body_hash=planned.body_hash,
        decided_at=UNSET, may_leave_until=UNSET,
    )  # fmt: skip


def _done(tick: Tick, planned: PlannedNote, session: Session, done: RowDone) -> None:
    row = _row(tick, session, planned)
    zoho_id = planned.zoho_id or done.id
    moved = row.created_at is not None and (planned.creates or planned.stood_on != planned.record)
    notes.written(
        session, row.id or 0, zoho_id=zoho_id, record=planned.record, body_hash=planned.body_hash, run_id=tick.run_id,
        now=tick.ledger.now(),
    )  # fmt: skip
    if moved:
        messages.stand_on(session, tick.organisation_id, planned.uids, planned.record, zoho_id)
        attachments.stand_on(session, tick.organisation_id, planned.uids, zoho_id)
    tick.written.add(planned.position)
    if planned.creates:
        tick.notes_created += 1
    else:
        tick.notes_updated += 1
    reason = Reason.NOTE_CREATED if planned.creates else Reason.NOTE_UPDATED
    settle_messages(tick, session, planned, Verdict(Outcome.SYNCED, reason), zoho_id)


def _refused(tick: Tick, planned: PlannedNote, session: Session, refused: RowRefused) -> None:
    row = _row(tick, session, planned)
    tick.written.add(planned.position)
    match remedy_for_note(refused, creates=planned.creates):
        case Remedy.NOTE_GONE:
            notes.gone(session, row.id or 0)
            tick.rework.add(planned.chat_id)
        case Remedy.PARENT_CHANGED:
            tick.doubted[planned.record].append((planned, refused))
        case Remedy.WAIT:
            verdict = Verdict(Outcome.PENDING, Reason.BACK_OFF, refused.code, counts_as_attempt=True)
            settle_messages(tick, session, planned, verdict)
        case _:
            _park(tick, session, planned, refused)


def _park(tick: Tick, session: Session, planned: PlannedNote, refused: RowRefused) -> None:
    reason, detail = parked_because(refused)
    reason = Reason.NOTE_REFUSED if reason in (Reason.FIELD_REFUSED, Reason.RECORD_REFUSED) else reason
    settle_messages(tick, session, planned, Verdict(Outcome.PARKED, reason, detail, counts_as_attempt=True))


def any_doubted(tick: Tick) -> bool:
    """Say whether a record would not take a note, so that its state has to be read."""
    return bool(tick.doubted)


async def look_at_doubted_parents(tick: Tick) -> None:
    """Read the parents of refused notes anew: chats of a gone or converted one are resolved again in this tick.

    A note whose parent is alive and well was refused for another reason and is parked.
    """
    doubted, tick.doubted = tick.doubted, defaultdict(list)
    if not doubted:
        return
    await index_reading.look_at(tick, doubted)
    with tick.ledger.transaction() as session:
        for record, refusals in doubted.items():
            healthy = index_reading.is_alive(session, tick.organisation_id, record)
            for planned, refused in refusals:
                if healthy:
                    _park(tick, session, planned, refused)
                else:
                    tick.rework.add(planned.chat_id)


def _leave_unanswered(tick: Tick, batch: Sequence[PlannedNote]) -> None:
    silent = [planned for planned in batch if planned.position not in tick.written]
    with tick.ledger.transaction() as session:
        for planned in silent:
            _row(tick, session, planned)
            settle_messages(tick, session, planned, Verdict(Outcome.PENDING, Reason.WRITE_UNCONFIRMED))


def settle_messages(tick: Tick, session: Session, planned: PlannedNote, verdict: Verdict, note_id: str | None = None) -> None:
    """Give the open messages that this note shows their outcome."""
    now = tick.ledger.now()
    waiting = messages.open_messages(session, tick.organisation_id, now, [planned.chat_id])
    mine = [row for row in waiting if row.uid in set(planned.uids)]
    for attempts, rows in _by_attempts(mine).items():
        due = now + pause_after(attempts + 1) if verdict.counts_as_attempt else verdict.next_try_at
        final = Verdict(verdict.outcome, verdict.reason, verdict.detail, due, verdict.counts_as_attempt)
        messages.decide(
            session, [row.id or 0 for row in rows], final, run_id=tick.run_id, now=now,
            record=planned.record, note_id=note_id or planned.zoho_id,
        )  # fmt: skip


def _by_attempts(rows: Iterable[MessageRow]) -> Mapping[int, list[MessageRow]]:
    groups: dict[int, list[MessageRow]] = defaultdict(list)
    for row in rows:
        groups[row.attempts].append(row)
    return groups
