"""Measuring on a living Zoho organisation what exact delivery rests on: that lists show what was written, and when.

Everything written carries a title of its own and is deleted again.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatledger.clients import ZohoClient
from chatledger.delivery.endless_lists import PagesInARow
from chatledger.errors import ChatledgerError, Unavailable
from chatledger.models import RecordRef, RowDone, RowResult, ZohoNote

TITLE = "chatledger measurement"
POLL_SECONDS = 0.5
NEVER = 240.0
"""How long something is looked for before it counts as never listed, in seconds."""


@dataclass(slots=True)
class Measured:
    """Seconds until a list showed each note and each record, and how requests ended whose answer nobody waited for.

    `late` holds how long after giving up each of those notes stood there; `never` counts those that never came.
    """

    notes: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    never: int = 0
    left_over: list[str] = field(default_factory=list)


async def notes_until_listed(zoho: ZohoClient, record: RecordRef, times: int) -> list[float]:
    """Write notes on a record and return after how many seconds its list of notes showed each. Raises OutsideError."""
    seconds = []
    for _ in range(times):
        written = _id_of(await zoho.create_notes([_note(record)]))
        seconds.append(await _until_listed(lambda written=written: _has_note(zoho, record, written)))  # type: ignore[misc]
    return seconds


async def records_until_listed(zoho: ZohoClient, module: str, row: Mapping[str, Any], name_field: str, times: int) -> Measured:
    """Create records and return after how many seconds the list of changes showed each; they are deleted at the end.

    `row` holds the fields the layout demands. Ids that could not be deleted are left over. Raises OutsideError.
    """
    measured, made = Measured(), []
    try:
        for _ in range(times):
            new = [{**row, name_field: f"{TITLE} {uuid.uuid4().hex[:8]}"}]
            made.append(_id_of(await zoho.create_records(module, new, run_automations=False)))
            measured.records.append(await _until_listed(lambda: _has_record(zoho, module, made[-1])))
    finally:
        measured.left_over = await _deleted(lambda ids: zoho.delete_records(module, ids), made)
    return measured


async def given_up_notes(zoho: ZohoClient, hasty: ZohoClient, record: RecordRef, times: int) -> Measured:
    """Write notes by a client that hardly waits for an answer, and watch when they stand there. Raises OutsideError."""
    measured = Measured()
    for _ in range(times):
        note = _note(record)
        try:
            await hasty.create_notes([note])
        except Unavailable as error:
            if not error.outcome_unknown:
                continue
        else:
            continue
        title = str(note["Note_Title"])
        seconds = await _until_listed(lambda title=title: _has_title(zoho, record, title))  # type: ignore[misc]
        if seconds < NEVER:
            measured.late.append(seconds)
        else:
            measured.never += 1
    return measured


async def remove_notes(zoho: ZohoClient, record: RecordRef) -> list[str]:
    """Delete every note of these measurements from a record; return the ids of those that could not be deleted."""
    ours = [note.id for note in await _all_notes(zoho, record) if note.title.startswith(TITLE)]
    return await _deleted(zoho.delete_notes, ours)


async def _deleted(delete: Callable[[list[str]], Awaitable[list[RowResult]]], ids: list[str]) -> list[str]:
    left: list[str] = []
    for start in range(0, len(ids), 100):
        some = ids[start : start + 100]
        try:
            results = await delete(some)
        except ChatledgerError:
            left += some
        else:
            left += [one for one, result in zip(some, results, strict=True) if not isinstance(result, RowDone)]
    return left


async def _until_listed(listed: Callable[[], Awaitable[bool]]) -> float:
    begun = time.monotonic()
    while not await listed():
        if time.monotonic() - begun > NEVER:
            return NEVER
        await asyncio.sleep(POLL_SECONDS)
    return time.monotonic() - begun


async def _has_note(zoho: ZohoClient, record: RecordRef, note_id: str) -> bool:
    return any(note.id == note_id for note in await _all_notes(zoho, record))


async def _has_title(zoho: ZohoClient, record: RecordRef, title: str) -> bool:
    return any(note.title == title for note in await _all_notes(zoho, record))


async def _all_notes(zoho: ZohoClient, record: RecordRef) -> list[ZohoNote]:
    found: list[ZohoNote] = []
    number, token = 1, None
    pages = PagesInARow(f"the notes of {record.module} {record.id}")
    while True:
        page = await zoho.notes_of(record, page_token=token, page=number)
        found += page.items
        if not page.more:
            return found
        pages.came(note.id for note in page.items)
        number, token = number + 1, page.next_token


async def _has_record(zoho: ZohoClient, module: str, record_id: str) -> bool:
    page = await zoho.records(module, ["id", "Modified_Time"], sort_by="Modified_Time", sort_order="desc")
    return any(str(row["id"]) == record_id for row in page.items)


def _note(record: RecordRef) -> dict[str, Any]:
    parent = {"module": {"api_name": record.module}, "id": record.id}
    return {"Note_Title": f"{TITLE} {uuid.uuid4().hex[:8]}", "Note_Content": "It is deleted again.", "Parent_Id": parent}


def _id_of(results: list[RowResult]) -> str:
    result = results[0]
    if not isinstance(result, RowDone):
        raise ChatledgerError(f"Zoho CRM refused what the measurement writes: {result.code} {result.api_name or ''}".strip())
    return result.id
