"""Looking a note up where it would stand, by a consistent read and never by search."""

import asyncio
import html
import re
from collections.abc import Iterable
from datetime import datetime

from chatledger.delivery import index_reading
from chatledger.delivery.endless_lists import newest_note_pages, note_pages
from chatledger.delivery.tick import Tick
from chatledger.errors import NotFound, Rejected, Unavailable
from chatledger.ledger import links, phone_index
from chatledger.models import RecordRef, ZohoNote
from chatledger.planning import PlannedNote

_TAGS = re.compile(r"<[^>]*>")


def plain(text: str) -> str:
    """Undo the markup that Zoho's newer editor puts around a text, and collapse its white space."""
    return " ".join(html.unescape(_TAGS.sub(" ", text)).replace("\u00a0", " ").split())


async def read_ahead(tick: Tick, records: Iterable[RecordRef]) -> None:
    """Read the notes of records, as many at once as Zoho allows, before `existing_note` asks for them one by one."""
    known = tick.notes_found.keys() | tick.created_here
    unread = [record for record in dict.fromkeys(records) if record not in known]
    answers = await asyncio.gather(*(notes_on(tick, record) for record in unread), return_exceptions=True)
    for record, answer in zip(unread, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        tick.notes_found[record] = answer


async def existing_note(tick: Tick, planned: PlannedNote) -> str | None:
    """Return the id of the note that already stands for a planned one, None when there is none.

    A record made in this very run cannot have any, and is not asked.
    """
    if planned.record in tick.created_here:
        return None
    if planned.record not in tick.notes_found:
        tick.notes_found[planned.record] = await notes_on(tick, planned.record)
    found = await matching(tick, tick.notes_found[planned.record], date_and_part(planned.title), planned.url_path)
    return found[0].id if found else None


async def notes_on(tick: Tick, record: RecordRef) -> list[ZohoNote]:
    """Read all notes of a record, every page. Raises OutsideError when they cannot be read.

    A record that is known to be gone has none. One that vanished since it was last looked at proves nothing: whoever merged
    or converted it took its notes along to where nobody has looked yet.
    """
    found: list[ZohoNote] = []
    try:
        async for page in note_pages(tick.zoho, record):
            found += page.items
    except Rejected as error:
        if not isinstance(error, NotFound) and error.code != "INVALID_DATA":
            raise
        with tick.ledger.reading() as session:
            surprising = index_reading.is_alive(session, tick.organisation_id, record)
        if surprising and record.module in tick.settings.phone_fields:
            await index_reading.look_at(tick, [record])
            text = f"{record.module} {record.id} vanished while its notes were looked up; they are looked up again."
            raise Unavailable(text, system="Zoho CRM") from error
    return found


async def notes_since(tick: Tick, moment: datetime) -> list[ZohoNote]:
    """Read the organisation's notes created since a moment, whatever record they stand on. Raises OutsideError."""
    found: list[ZohoNote] = []
    async for page in newest_note_pages(tick.zoho):
        found += page.items
        if any(note.created_at is not None and note.created_at < moment for note in page.items):
            break
    return found


def date_and_part(title: str) -> str:
    """Return what a title ends with: whoever made the note may have known the chat by another name."""
    return title[title.rindex("(") :]


async def matching(tick: Tick, candidates: list[ZohoNote], title: str, url_path: str) -> list[ZohoNote]:
    """Return the notes whose title ends so and that hold the chat's URL, oldest first; a cut body is read in full."""
    wanted = plain(title)
    hits = []
    for note in sorted(candidates, key=lambda note: (note.created_at is None, note.created_at, int(note.id))):
        if not plain(note.title).endswith(wanted):
            continue
        body = plain(note.content)
        if url_path not in body:
            whole = await tick.zoho.note(note.id)
            body = plain(whole.content) if whole else ""
        if url_path in body:
            hits.append(note)
    return hits


def places(tick: Tick, phone_key: str | None, record: RecordRef) -> list[RecordRef]:
    """Return a record and everything it may have become since: where a note for this phone key can stand.

    A conversion names its contact; a merge names nobody, so every record with this number is looked at.
    """
    with tick.ledger.reading() as session:
        known = phone_index.by_id(session, tick.organisation_id, [record]).get(record)
        found = [record]
        if known is not None and known.converted_contact:
            found.append(RecordRef("Contacts", known.converted_contact))
        if phone_key is not None:
            link = links.load(session, tick.organisation_id, [phone_key]).get(phone_key)
            found += [RecordRef(link.module, link.record_id)] if link else []
            found += links.former_records(session, tick.organisation_id, phone_key)
            for module in tick.settings.phone_fields:
                rows = phone_index.by_key(session, tick.organisation_id, module, [phone_key]).get(phone_key, [])
                found += [row.ref for row in rows if row.alive]
    return list(dict.fromkeys(found))
