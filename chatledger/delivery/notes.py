"""Writing notes: one per chat, local date and part, sent only when the hash of its body changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from chatledger.delivery import index_reading
from chatledger.delivery.adoption import existing_note, read_ahead
from chatledger.delivery.rendering import rendered
from chatledger.delivery.sending import Write, send
from chatledger.delivery.tick import Tick
from chatledger.ledger import Session, attachments, intents, messages, notes, phone_index, shown
from chatledger.ledger.intents import NewIntent
from chatledger.ledger.messages import Verdict
from chatledger.ledger.shown import Shown
from chatledger.ledger.tables import Message as MessageRow
from chatledger.ledger.tables import Note
from chatledger.models import Outcome, Reason, RecordRef, RowRefused
from chatledger.planning import (
    PlannedNote,
    Remedy,
    note_batches,
    parked_because,
    pause_after,
    remedy_for_note,
)

Confirmed = list[tuple[PlannedNote, str]]
"""Notes of a batch that Zoho confirmed, with their ids."""


def plan(tick: Tick, chat_ids: Iterable[int]) -> int:
    """Render every day these chats have open messages of, and return how many batches of notes there are to write.

    Notes whose body has not changed are settled here, without a call; notes with an unconfirmed write stay locked.
    """
    creations: list[PlannedNote] = []
    updates: list[PlannedNote] = []
    with tick.ledger.transaction() as session:
        locked = _locked(tick, session)
        for planned in rendered(tick, session, chat_ids):
            tick.written.discard(planned.position)
            if planned.position in locked:
                settle_messages(tick, session, planned, Verdict(Outcome.PENDING, Reason.WRITE_UNCONFIRMED))
            elif not planned.changed:
                tick.unchanged.add(planned.position)
                settle_messages(tick, session, planned, Verdict(Outcome.SYNCED, Reason.NOTE_UNCHANGED))
            else:
                (creations if planned.creates else updates).append(planned)
        # Before any intent, so that whoever settles a write of this run after its death finds the note.
        _rows(tick, session, [*creations, *updates])
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


async def write_batch(tick: Tick, number: int) -> None:
    """Write a planned batch of notes. Raises OutsideError when the rest of it certainly was not done; call again."""
    waiting = [planned for planned in tick.note_batches[number] if planned.position not in tick.written]
    confirmed: Confirmed = []
    keep = partial(_keep, tick, confirmed)
    if waiting and waiting[0].creates:
        waiting = await _without_existing(tick, waiting)
        await send(tick, [_creation(tick, confirmed, planned) for planned in waiting], tick.zoho.create_notes, keep)
    else:
        waiting = [planned for planned in waiting if await _still_stands(tick, planned)]
        await send(tick, [_update(tick, confirmed, planned) for planned in waiting], tick.zoho.update_notes, keep)
    _leave_unanswered(tick, waiting)


async def _without_existing(tick: Tick, batch: Sequence[PlannedNote]) -> list[PlannedNote]:
    """In adopt mode look each note up before it is made: an empty ledger may stand before a full CRM."""
    missing = []
    await read_ahead(tick, [planned.record for planned in batch if _may_exist(tick, planned)])
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
    """Say whether the note may stand there already: made by another ledger, or brought along by a conversion or merge.

    Another ledger made none for a day that began after adopt mode did.
    """
    if planned.stood_on not in (None, planned.record):
        return True
    return tick.adopts(planned.day)


async def _still_stands(tick: Tick, planned: PlannedNote) -> bool:
    """Look at a note whose chat has moved: left behind where it was written, or on its contact, it is made anew.

    A merge may have taken it to a record that carries another number; it goes on there, because a second one would repeat it,
    whatever becomes of the chat's own record later.
    """
    if planned.stood_on in (None, planned.record) or planned.zoho_id is None:
        return True
    found = await tick.zoho.note(planned.zoho_id)
    with tick.ledger.reading() as session:
        row = phone_index.by_id(session, tick.organisation_id, [planned.stood_on]).get(planned.stood_on)
    left_behind = (planned.stood_on.id, row.converted_contact if row else None)
    if found is not None and (
        found.parent.id == planned.record.id
        or (found.parent.module in tick.settings.phone_fields and found.parent.id not in left_behind)
    ):
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


def _rows(tick: Tick, session: Session, batch: Iterable[PlannedNote]) -> list[Note]:
    plans = [notes.NewNote(*planned.position, planned.chat_name, planned.title) for planned in batch]
    return notes.planned(session, tick.organisation_id, plans)


def _row(tick: Tick, session: Session, planned: PlannedNote) -> Note:
    return _rows(tick, session, [planned])[0]


def _creation(tick: Tick, confirmed: Confirmed, planned: PlannedNote) -> Write:
    parent = {"module": {"api_name": planned.record.module}, "id": planned.record.id}
    row = {"Note_Title": planned.title, "Note_Content": planned.body, "Parent_Id": parent}
    return _write(tick, confirmed, planned, "create_note", row)


def _update(tick: Tick, confirmed: Confirmed, planned: PlannedNote) -> Write:
    return _write(tick, confirmed, planned, "update_note", {"id": planned.zoho_id, "Note_Content": planned.body})


def _write(tick: Tick, confirmed: Confirmed, planned: PlannedNote, kind: str, row: dict[str, Any]) -> Write:
    return Write(
        intent=_intent(planned, kind),
        row=row,
        done=lambda _session, done: confirmed.append((planned, planned.zoho_id or done.id)),
        refused=partial(_refused, tick, planned),
    )


def _intent(planned: PlannedNote, kind: str) -> NewIntent:
    return NewIntent(
        kind, planned.record.module, planned.record.id, chat_id=planned.chat_id, local_date=planned.day, part=planned.part,
        zoho_note_id=planned.zoho_id, title=planned.title, url_path=planned.url_path, body_hash=planned.body_hash,
    )  # fmt: skip


def _keep(tick: Tick, confirmed: Confirmed, session: Session) -> None:
    """Write down what Zoho confirmed of a batch, in a few statements for all of its notes."""
    on_notes, now = [], tick.ledger.now()
    rows = _rows(tick, session, [planned for planned, _ in confirmed])
    for (planned, zoho_id), row in zip(confirmed, rows, strict=True):
        moved = row.created_at is not None and (planned.creates or planned.stood_on != planned.record)
        notes.written(
            session, row.id or 0, zoho_id=zoho_id, record=planned.record, body_hash=planned.body_hash, run_id=tick.run_id,
            now=now,
        )  # fmt: skip
        if moved:
            shown.stand_on(session, tick.organisation_id, planned.uids, planned.record, zoho_id)
            attachments.stand_on(session, tick.organisation_id, planned.uids, zoho_id)
        tick.written.add(planned.position)
        tick.notes_created += planned.creates
        tick.notes_updated += not planned.creates
        reason = Reason.NOTE_CREATED if planned.creates else Reason.NOTE_UPDATED
        on_notes.append(Shown(planned.uids, reason, planned.record, zoho_id))
    shown.synced(session, tick.organisation_id, on_notes, run_id=tick.run_id, now=now)
    confirmed.clear()


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
    if not silent:
        return
    with tick.ledger.transaction() as session:
        _rows(tick, session, silent)
        for planned in silent:
            settle_messages(tick, session, planned, Verdict(Outcome.PENDING, Reason.WRITE_UNCONFIRMED))


def settle_messages(tick: Tick, session: Session, planned: PlannedNote, verdict: Verdict) -> None:
    """Give the open messages that this note shows their outcome."""
    now = tick.ledger.now()
    waiting = messages.open_messages(session, tick.organisation_id, now, [planned.chat_id])
    mine = [row for row in waiting if row.uid in set(planned.uids)]
    for attempts, rows in _by_attempts(mine).items():
        due = now + pause_after(attempts + 1) if verdict.counts_as_attempt else verdict.next_try_at
        final = Verdict(verdict.outcome, verdict.reason, verdict.detail, due, verdict.counts_as_attempt)
        messages.decide(
            session, [row.id or 0 for row in rows], final, run_id=tick.run_id, now=now,
            record=planned.record, note_id=planned.zoho_id,
        )  # fmt: skip


def _by_attempts(rows: Iterable[MessageRow]) -> Mapping[int, list[MessageRow]]:
    groups: dict[int, list[MessageRow]] = defaultdict(list)
    for row in rows:
        groups[row.attempts].append(row)
    return groups
