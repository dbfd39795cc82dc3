"""What a tick decides to write, as values: which messages count, what a new record holds, which notes change.

Nothing here touches a network or a database; `delivery/` performs what is planned here, and a dry run prints it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from chatledger.models import ChatKind, Message, Reason, RecordRef, RowRefused, ZohoField
from chatledger.phones import written_form
from chatledger.settings import SyncSettings
from chatledger.transcript import Part, Wording, body_hash, note_title, one_line, shortened

LEAD_SOURCE = "TimelinesAI"
SYNCED_KIND = "whatsapp"
ROWS_PER_WRITE = 100
BYTES_PER_WRITE = 2_000_000
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=24)

Row = TypeVar("Row")


def why_message_is_skipped(message: Message) -> Reason | None:
    """Return why a message is never written to Zoho, None when it is: only WhatsApp messages with text or a file are."""
    if message.kind != SYNCED_KIND:
        return Reason.KIND_NOT_SYNCED
    if not one_line(message.text) and not message.attachments:
        return Reason.EMPTY_MESSAGE
    return None


def why_chat_is_skipped(kind: ChatKind, phone_key: str | None) -> Reason | None:
    """Return why nothing of a chat is written: rows 1 and 2 of the matching table."""
    if kind is not ChatKind.DIRECT:
        return Reason.GROUP_CHAT
    return Reason.NO_PHONE if phone_key is None else None


def pause_after(attempts: int) -> timedelta:
    """Return how long a message rests after its n-th refusal (from 1): five minutes, doubled each time, a day at most."""
    doublings: int = 2 ** min(max(attempts - 1, 0), 16)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class NewRecord:
    """What a record that is about to be created holds."""

    phone_key: str
    name: str
    chat_url: str
    owner_id: str | None


def record_row(new: NewRecord, settings: SyncSettings, fields: Mapping[str, ZohoField]) -> dict[str, Any]:
    """Return the row that creates a record: name, phone, chat link, lead source, fixed fields, owner.

    Texts are cut to the field's length at a whole character. An empty name is replaced by the phone.
    """
    phone = written_form(new.phone_key, _length(fields, settings.phone_field))
    name = one_line(new.name) or new.phone_key
    row = dict(settings.fixed_fields)
    row[settings.name_field] = shortened(name, _length(fields, settings.name_field) or 80)
    row[settings.phone_field] = phone
    if settings.chat_link_field:
        row[settings.chat_link_field] = new.chat_url
    if settings.lead_source_field:
        row[settings.lead_source_field] = LEAD_SOURCE
    if settings.unique_phone_field:
        row[settings.unique_phone_field] = new.phone_key
    if new.owner_id:
        row["Owner"] = {"id": new.owner_id}
    return row


def _length(fields: Mapping[str, ZohoField], api_name: str) -> int | None:
    field = fields.get(api_name)
    return field.length if field else None


@dataclass(frozen=True, slots=True)
class KnownNote:
    """A note as the ledger knows it; `zoho_id` and `body_hash` are None where it has to be made or written again."""

    part: int
    chat_name: str
    title: str
    zoho_id: str | None
    body_hash: str | None
    record: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class PlannedNote:
    """One note of a chat's day as it should stand; `zoho_id` is None for a new one.

    `uids` are the messages whose outcome it decides: one that goes on in a later part belongs to that. `stood_on` is the
    record the note was last confirmed on.
    """

    chat_id: int
    day: date
    part: int
    record: RecordRef
    chat_name: str
    title: str
    body: str
    body_hash: str
    uids: tuple[str, ...]
    url_path: str
    zoho_id: str | None
    changed: bool
    stood_on: RecordRef | None = None

    @property
    def position(self) -> tuple[int, date, int]:
        """What the note is one of: chat, local date, part."""
        return (self.chat_id, self.day, self.part)

    @property
    def creates(self) -> bool:
        """Whether the note does not exist in Zoho yet."""
        return self.zoho_id is None


def planned_notes(
    *,
    chat_id: int,
    day: date,
    record: RecordRef,
    name: str,
    phone: str,
    url_path: str,
    parts: Sequence[Part],
    known: Mapping[int, KnownNote],
    wording: Wording,
) -> list[PlannedNote]:
    """Compare the parts of a chat's day with the notes that are known and say what each note should be.

    A note that the day no longer needs keeps the header alone: notes of the past are never deleted.
    """
    notes = []
    last_part = {uid: number for number, part in enumerate(parts, 1) for uid in part.uids}
    for number in range(1, max([len(parts), *known]) + 1):
        note = known.get(number)
        if number <= len(parts):
            part = parts[number - 1]
        elif note is not None and note.zoho_id is not None:
            part = Part(parts[0].body.split("\n", 1)[0] if parts else url_path, ())
        else:
            continue
        digest = body_hash(part.body)
        first = note or known.get(1)
        chat_name = first.chat_name if first else name
        notes.append(
            PlannedNote(
                chat_id=chat_id,
                day=day,
                part=number,
                record=record,
                chat_name=chat_name,
                title=note.title if note else note_title(wording, chat_name, phone, day, number),
                body=part.body,
                body_hash=digest,
                uids=tuple(uid for uid in part.uids if last_part[uid] == number),
                url_path=url_path,
                zoho_id=note.zoho_id if note else None,
                changed=note is None or note.zoho_id is None or note.body_hash != digest,
                stood_on=note.record if note else None,
            )
        )
    return notes


def batches(rows: Iterable[Row], size: Mapping[int, int] | None = None) -> Iterator[list[Row]]:
    """Cut rows into writes of at most 100 rows; with sizes in bytes by position, of at most 2 MB as well."""
    batch: list[Row] = []
    total = 0
    for position, row in enumerate(rows):
        weight = size[position] if size else 0
        if batch and (len(batch) == ROWS_PER_WRITE or total + weight > BYTES_PER_WRITE):
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += weight
    if batch:
        yield batch


def note_batches(notes: Sequence[PlannedNote]) -> Iterator[list[PlannedNote]]:
    """Cut notes into writes of at most 100 rows or 2 MB."""
    return batches(notes, {position: len(note.body.encode()) for position, note in enumerate(notes)})


def key_batches(chats: Sequence[tuple[int, str]]) -> Iterator[list[int]]:
    """Cut (chat id, phone key) pairs into batches of about 100 chats that never part two chats of one key.

    Two batches run side by side, and two chats of one key must not both create its record.
    """
    by_key: dict[str, list[int]] = {}
    for chat_id, key in chats:
        by_key.setdefault(key, []).append(chat_id)
    batch: list[int] = []
    for group in by_key.values():
        if batch and len(batch) + len(group) > ROWS_PER_WRITE:
            yield batch
            batch = []
        batch += group
    if batch:
        yield batch


class Remedy(StrEnum):
    """What helps against a row that Zoho refused."""

    PARENT_CHANGED = "parent_changed"
    NOTE_GONE = "note_gone"
    OTHER_OWNER = "other_owner"
    TAKE_DUPLICATE = "take_duplicate"
    WAIT = "wait"
    PERSON = "person"


_WAITING_CODES = {
    "RECORD_LOCKED",
    "RECORD_IN_BLUEPRINT",
    "NOT_APPROVED",
    "NOT_REVIEWED",
    "TOO_MANY_REQUESTS",
    "INTERNAL_ERROR",
}
_CONVERTED_CODES = {"CONVERTED_RECORD", "ID_ALREADY_CONVERTED", "RECORD_NOT_FOUND", "ENTITY_ID_INVALID"}


def remedy_for_record(refused: RowRefused) -> Remedy:
    """Say what helps when a new record was refused."""
    if refused.code == "DUPLICATE_DATA" and refused.duplicate_id:
        return Remedy.TAKE_DUPLICATE
    if _names(refused, "Owner"):
        return Remedy.OTHER_OWNER
    return Remedy.WAIT if refused.code in _WAITING_CODES else Remedy.PERSON


def remedy_for_note(refused: RowRefused, *, creates: bool) -> Remedy:
    """Say what helps when a note was refused: the parent or the note itself may be gone."""
    if refused.code in _WAITING_CODES:
        return Remedy.WAIT
    if refused.code in _CONVERTED_CODES:
        return Remedy.PARENT_CHANGED
    about_content = _names(refused, "Note_Content") or _names(refused, "Note_Title") or "maximum_length" in refused.details
    if refused.code == "INVALID_DATA" and not about_content:
        about_parent = creates or _names(refused, "Parent_Id") or "related id" in refused.message
        return Remedy.PARENT_CHANGED if about_parent else Remedy.NOTE_GONE
    return Remedy.PERSON


def _names(refused: RowRefused, api_name: str) -> bool:
    return refused.api_name == api_name or f".{api_name}" in str(refused.details.get("json_path", ""))


def parked_because(refused: RowRefused) -> tuple[Reason, str]:
    """Return the reason a message is parked with after a refusal, and Zoho's code with the field it names."""
    detail = f"{refused.code} {refused.api_name}" if refused.api_name else refused.code
    reasons = {
        "MANDATORY_NOT_FOUND": Reason.MANDATORY_FIELD_MISSING,
        "EXPECTED_FIELD_MISSING": Reason.MANDATORY_FIELD_MISSING,
        "DEPENDENT_FIELD_MISSING": Reason.MANDATORY_FIELD_MISSING,
        "DUPLICATE_DATA": Reason.DUPLICATE_REFUSED,
        "NO_PERMISSION": Reason.NOT_PERMITTED,
        "AUTHORIZATION_FAILED": Reason.NOT_PERMITTED,
    }
    return reasons.get(refused.code, Reason.FIELD_REFUSED if refused.api_name else Reason.RECORD_REFUSED), detail
