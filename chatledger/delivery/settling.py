"""Settling writes whose outcome nobody knows: after the waiting time they are looked up, then adopted or sent again."""

from collections import Counter
from collections.abc import Awaitable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from chatledger.delivery import index_reading
from chatledger.delivery.adoption import matching, notes_on, notes_since, places
from chatledger.delivery.notes import adopt
from chatledger.delivery.records import take_record
from chatledger.delivery.tick import Tick
from chatledger.errors import NotPermitted, OutsideError, Rejected
from chatledger.ledger import Session, attachments, chats, intents, links, notes, phone_index
from chatledger.ledger.links import NewLink
from chatledger.ledger.tables import Intent, Note
from chatledger.matching import Rule
from chatledger.models import RecordRef, ZohoNote
from chatledger.transcript import body_hash

CLOCKS_DIFFER = timedelta(hours=1)
"""More than Zoho's clock and the ledger's can be apart."""


def due(tick: Tick) -> bool:
    """Say whether an unconfirmed write has waited long enough to be looked up."""
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        return intents.any_due(session, tick.organisation_id, now)


async def settle(tick: Tick) -> None:
    """Settle every unconfirmed write that is due. What cannot be read now waits on; trouble is remembered in the tick."""
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        waiting = intents.due(session, tick.organisation_id, now)
    created = [intent for intent in waiting if intent.kind == "create_note"]
    await _as_far_as_readable(tick, _settle_records(tick, [intent for intent in waiting if intent.kind == "create_record"]))
    if await _as_far_as_readable(tick, _look_at_parents(tick, created)):
        for intent in created:
            await _as_far_as_readable(tick, _settle_created_note(tick, intent))
    for intent in waiting:
        if intent.kind == "update_note":
            _settle_updated_note(tick, intent)
        elif intent.kind == "attach":
            await _as_far_as_readable(tick, _settle_attachment(tick, intent))


async def _as_far_as_readable(tick: Tick, looking: Awaitable[None]) -> bool:
    try:
        await looking
    except OutsideError as error:
        tick.met(error)
        return False
    return True


async def _settle_records(tick: Tick, waiting: Sequence[Intent]) -> None:
    if not waiting:
        return
    cursors = [intent.index_cursor for intent in waiting]
    known = [cursor for cursor in cursors if cursor is not None]
    # Without a cursor the module was empty when the record was decided: everything in it has changed since.
    await index_reading.read_changes(
        tick, since=min(known) if len(known) == len(cursors) else None, whole=len(known) < len(cursors)
    )
    with tick.ledger.transaction() as session:
        for intent in waiting:
            found = phone_index.by_key(session, tick.organisation_id, intent.module, [intent.phone_key or ""])
            rows = [row for row in found.get(intent.phone_key or "", []) if row.alive]
            rows.sort(key=lambda row: (row.created_at is None, row.created_at, int(row.ref.id)))
            if rows:
                take_record(tick, session, intent.phone_key or "", rows[0].ref, Rule.ADOPTED)
            intents.close(session, intent.id or 0, "settled", result_id=rows[0].ref.id if rows else None)
    _report_twice(tick, waiting)


def _report_twice(tick: Tick, waiting: Sequence[Intent]) -> None:
    with tick.ledger.reading() as session:
        for intent in waiting:
            found = phone_index.by_key(session, tick.organisation_id, intent.module, [intent.phone_key or ""])
            if len([row for row in found.get(intent.phone_key or "", []) if row.alive]) > 1:
                tick.remarks.append(
                    f"Several records of {intent.module} carry the number of chat {intent.chat_id}; the oldest was taken."
                )


async def _look_at_parents(tick: Tick, waiting: Sequence[Intent]) -> None:
    """Learn what became of the records these notes were meant for: whoever converted or merged them took the notes along."""
    if waiting:
        await index_reading.read_changes(tick)
        await index_reading.look_at(tick, {RecordRef(intent.module, intent.record_id or ""): None for intent in waiting})


async def _settle_created_note(tick: Tick, intent: Intent) -> None:
    with tick.ledger.reading() as session:
        rows = chats.load(session, tick.organisation_id, [intent.chat_id or 0])
        stored = notes.of_day(session, tick.organisation_id, intent.chat_id or 0, intent.local_date or date.min)
    key = rows[0].phone_key if rows else None
    found = await _find_note(tick, intent, key)
    if found is None:
        return
    if found.notes:
        _take_found(tick, intent, key, stored[intent.part or 1], found)
        return
    with tick.ledger.transaction() as session:
        intents.close(session, intent.id or 0, "settled")


class Found(NamedTuple):
    """The notes of one chat and day that stand on a record, oldest first."""

    record: RecordRef
    notes: Sequence[ZohoNote]


async def _find_note(tick: Tick, intent: Intent, key: str | None) -> Found | None:
    """Look wherever the note can stand; None when its record moved meanwhile, so that it has to be looked up once more."""
    meant_for = RecordRef(intent.module, intent.record_id or "")
    searched = places(tick, key, meant_for)
    before = _states(tick, searched)
    for record in searched:
        hits = await matching(tick, await notes_on(tick, record), intent.title, intent.url_path)
        if hits:
            return Found(record, hits)
    await index_reading.read_changes(tick)
    await index_reading.look_at(tick, searched)
    if _states(tick, searched) != before or not set(places(tick, key, meant_for)) <= set(searched):
        return None
    astray = await _wherever_it_went(tick, intent, meant_for)
    return Found(astray[0].parent if astray else meant_for, astray)


async def _wherever_it_went(tick: Tick, intent: Intent, record: RecordRef) -> list[ZohoNote]:
    """Find a note whose record is gone without a trace among all notes of the organisation, where Zoho lists them to us."""
    with tick.ledger.reading() as session:
        row = phone_index.by_id(session, tick.organisation_id, [record]).get(record)
        heir = RecordRef("Contacts", row.converted_contact) if row and row.converted_contact else record
        if index_reading.is_alive(session, tick.organisation_id, heir):
            return []
    try:
        listed = await notes_since(tick, intent.decided_at - CLOCKS_DIFFER)
    except (NotPermitted, Rejected) as error:
        tick.remarks.append(f"A note may stand twice: where {record.module}/{record.id} went could not be looked up: {error}")
        return []
    return await matching(tick, listed, intent.title, intent.url_path)


def _take_found(tick: Tick, intent: Intent, key: str | None, row: Note, found: Found) -> None:
    # It may be an older note of the day: only what its list shows in full is known to be the intended body.
    shown = body_hash(found.notes[0].content)
    known = shown if shown == intent.body_hash else None
    with tick.ledger.transaction() as session:
        adopt(tick, session, row, found.notes[0].id, _belongs_to(tick, session, key, found.record), body_hash=known)
        intents.close(session, intent.id or 0, "settled", result_id=found.notes[0].id)
    if len(found.notes) > 1:
        tick.remarks.append(
            f"{found.record.module}/{found.record.id} holds {len(found.notes)} notes of one chat and day; the oldest is kept."
        )


def _states(tick: Tick, records: Sequence[RecordRef]) -> dict[RecordRef, tuple[bool, bool]]:
    with tick.ledger.reading() as session:
        known = phone_index.by_id(session, tick.organisation_id, records)
    return {ref: (row.alive, row.converted) for ref, row in known.items()}


def _belongs_to(tick: Tick, session: Session, key: str | None, found_on: RecordRef) -> RecordRef:
    """Return the record a chat belongs to now that its note was found on `found_on`.

    A number whose record is gone goes where its note went; one that has found another record meanwhile keeps that, and the
    note goes on where it is instead of being repeated there.
    """
    if key is None:
        return found_on
    link = links.load(session, tick.organisation_id, [key]).get(key)
    linked = RecordRef(link.module, link.record_id) if link else None
    if linked is not None and index_reading.is_alive(session, tick.organisation_id, linked):
        return linked
    if index_reading.is_alive(session, tick.organisation_id, found_on):
        new = NewLink(key, found_on, Rule.ADOPTED.value, key, hops=(linked,) if linked else ())
        links.remember(session, tick.organisation_id, new, run_id=tick.run_id, now=tick.ledger.now())
    return found_on


def _settle_updated_note(tick: Tick, intent: Intent) -> None:
    """Have the current body sent again: it replaces whatever the note holds, and until then nobody knows that."""
    with tick.ledger.transaction() as session:
        stored = notes.of_day(session, tick.organisation_id, intent.chat_id or 0, intent.local_date or date.min)
        row = stored.get(intent.part or 1)
        if row is not None:
            notes.body_unknown(session, row.id or 0)
        intents.close(session, intent.id or 0, "settled", result_id=intent.zoho_note_id)


async def _settle_attachment(tick: Tick, intent: Intent) -> None:
    names = Counter(await tick.zoho.attachments_of(intent.zoho_note_id or ""))
    with tick.ledger.transaction() as session:
        known = attachments.names_on_note(session, tick.organisation_id, intent.zoho_note_id or "")
        found = names[intent.title] > known[intent.title]
        if found:
            spot = (intent.message_uid or "", intent.position or 0)
            attachments.uploaded(session, tick.organisation_id, spot, zoho_note_id=intent.zoho_note_id or "")
        intents.close(session, intent.id or 0, "settled", result_id=intent.zoho_note_id if found else None)
