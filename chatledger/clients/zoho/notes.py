"""Notes: created and updated in batches, read by id and by parent, with files attached."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from chatledger.clients.answers import Asked, without_bad_characters
from chatledger.clients.sending import as_json
from chatledger.clients.zoho.answers import drift, rows_of
from chatledger.clients.zoho.connection import Call, Guard, ZohoConnection
from chatledger.clients.zoho.payloads import PAGE_SIZE, read_note, read_page, why
from chatledger.clients.zoho.prices import price
from chatledger.clients.zoho.rows import read_rows
from chatledger.errors import NotFound, Rejected
from chatledger.models import Page, RecordRef, RowResult, ZohoNote

MOST_ROWS = 100
NOTE_FIELDS = "id,Note_Title,Note_Content,Parent_Id,Created_Time,Modified_Time"


class NoteCalls(ZohoConnection):
    """What can be done with notes."""

    async def create_notes(self, rows: Sequence[dict[str, Any]], *, guard: Guard | None = None) -> list[RowResult]:
        """Create at most 100 notes (`Note_Title`, `Note_Content`, `Parent_Id`) and return one result per row, in order."""
        body = {"data": list(rows)}
        return await self._write_rows(f"the creation of {len(rows)} notes", "POST", "/Notes", body, guard=guard)

    async def update_notes(self, rows: Sequence[dict[str, Any]], *, guard: Guard | None = None) -> list[RowResult]:
        """Replace title or content of at most 100 notes (`id` and what changes) and return one result per row, in order."""
        body = {"data": list(rows)}
        return await self._write_rows(f"the update of {len(rows)} notes", "PUT", "/Notes", body, guard=guard)

    async def note(self, note_id: str) -> ZohoNote | None:
        """Return a note with its full content; None when it is gone."""
        asked = Asked("Zoho CRM", f"note {note_id}")
        try:
            payload = await self._get(asked.what, f"/Notes/{quote(note_id, safe='')}", {"fields": NOTE_FIELDS})
        except NotFound:
            return None
        except Rejected as error:
            if error.code == "INVALID_DATA":
                return None
            raise
        rows = rows_of(payload, "data", asked)
        try:
            return read_note(rows[0]) if rows else None
        except ValidationError as error:
            raise drift(asked, why(error)) from None

    async def notes_of(self, record: RecordRef, *, page_token: str | None = None, page: int = 1) -> Page[ZohoNote]:
        """Return up to 200 notes of a record, oldest first; long content may be cut at 500 characters.

        The order is given because a user's preference may turn the default round. Raise `NotFound` when the record is gone.
        """
        asked = Asked("Zoho CRM", f"the notes of {record.module} {record.id}")
        path = f"/{quote(record.module, safe='')}/{quote(record.id, safe='')}/Notes"
        payload = await self._get(asked.what, path, _listing("asc", page_token, page))
        return read_page(payload, rows_of(payload, "data", asked), partial(read_note, listed_under=record))

    async def newest_notes(self, *, page_token: str | None = None, page: int = 1) -> Page[ZohoNote]:
        """Return up to 200 notes of the whole organisation, newest first; Zoho lists them to administrators only."""
        asked = Asked("Zoho CRM", "the organisation's notes")
        payload = await self._get(asked.what, "/Notes", _listing("desc", page_token, page))
        return read_page(payload, rows_of(payload, "data", asked), read_note)

    async def attach_to_note(self, note_id: str, filename: str, content: bytes, *, guard: Guard | None = None) -> RowResult:
        """Upload a file to a note (at most 5 files and 20 MB a note) and return what became of it."""
        asked = Asked("Zoho CRM", f"the upload of a file to note {note_id}", write=True)
        path = f"/Notes/{quote(note_id, safe='')}/Attachments"
        files = {"file": (without_bad_characters(filename), content)}
        payload = await self._once(Call(asked, "POST", path, files=files, credits=price("POST", path), guard=guard))
        return read_rows(payload, asked, sent_ids=[None])[0]

    async def delete_notes(self, note_ids: Sequence[str]) -> list[RowResult]:
        """Delete up to 100 notes and return what became of each; one that is gone already is refused with INVALID_DATA."""
        if not note_ids:
            return []
        if len(note_ids) > MOST_ROWS:
            raise ValueError(f"{len(note_ids)} rows in one call; Zoho takes {MOST_ROWS}")
        asked = Asked("Zoho CRM", "the removal of notes", write=True)
        call = Call(asked, "DELETE", "/Notes", query={"ids": ",".join(note_ids)}, credits=price("DELETE", "/Notes"))
        return read_rows(await self._once(call), asked, sent_ids=list(note_ids), action="delete")

    async def attachments_of(self, note_id: str) -> list[str]:
        """Return the names of the files a note has; none when the note is gone."""
        asked = Asked("Zoho CRM", f"the files of note {note_id}")
        query: dict[str, str | int] = {"fields": "id,File_Name", "per_page": PAGE_SIZE}
        try:
            payload = await self._get(asked.what, f"/Notes/{quote(note_id, safe='')}/Attachments", query)
        except NotFound:
            return []
        return [str(row.get("File_Name", "")) for row in rows_of(payload, "data", asked)]

    async def _write_rows(
        self, what: str, method: str, path: str, body: dict[str, Any], *, guard: Guard | None = None
    ) -> list[RowResult]:
        rows = body["data"]
        if not rows:
            return []
        if len(rows) > MOST_ROWS:
            raise ValueError(f"{len(rows)} rows in one call; Zoho takes {MOST_ROWS}")
        asked = Asked("Zoho CRM", what, write=True)
        call = Call(asked, method, path, content=as_json(body), credits=price(method, path, rows=len(rows)), guard=guard)
        updates = method == "PUT"
        sent_ids = [str(row["id"]) if updates else None for row in rows]
        return read_rows(await self._once(call), asked, sent_ids=sent_ids, action="update" if updates else "insert")


def _listing(order: str, page_token: str | None, page: int) -> dict[str, str | int]:
    where: dict[str, str | int] = {"page_token": page_token} if page_token else {"page": page}
    return {"fields": NOTE_FIELDS, "per_page": PAGE_SIZE, "sort_by": "Created_Time", "sort_order": order, **where}
