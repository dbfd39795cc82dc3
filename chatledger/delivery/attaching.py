"""Uploading files to their notes while their URL lives; one that cannot be uploaded is named in the note with the reason."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from chatledger.clients import TOO_LARGE
from chatledger.delivery.sending import Write, send
from chatledger.delivery.tick import Tick
from chatledger.errors import NotFound, NotPermitted, OutsideError, Rejected
from chatledger.ledger import Session, attachments, intents, messages
from chatledger.ledger.intents import NewIntent
from chatledger.ledger.tables import Message, MessageAttachment, Note
from chatledger.models import RowDone, RowRefused, RowResult

FILES_PER_NOTE = 5
BYTES_PER_NOTE = 20_000_000
DOWNLOAD_TRIES = 3


def any_waiting(tick: Tick) -> bool:
    """Say whether a file waits for its upload."""
    with tick.ledger.reading() as session:
        return attachments.any_waiting(session, tick.organisation_id)


async def attach(tick: Tick) -> None:
    """Upload what waits; chats whose notes have to name a file that could not be uploaded are resolved again."""
    with tick.ledger.reading() as session:
        waiting = attachments.waiting(session, tick.organisation_id)
        unsettled = intents.unsettled(session, tick.organisation_id)
    standing: dict[str, Counter[str]] = {}
    locked = {(intent.message_uid, intent.position) for intent in unsettled if intent.kind == "attach"}
    for file, message, note in waiting:
        if tick.stopped:
            break
        if (file.message_uid, file.position) in locked:
            continue
        if await _stands_already(tick, file, note, standing):
            continue
        reason = await _upload(tick, file, message, note)
        if reason is not None:
            tick.rework.add(message.chat_id)
            _name(tick, file, message, reason)


async def _stands_already(tick: Tick, file: MessageAttachment, note: Note, standing: dict[str, Counter[str]]) -> bool:
    """In adopt mode say whether a file stands on its note already, and write that down; True as well when nobody knows."""
    zoho_id = note.zoho_id or ""
    if not tick.adopts(note.local_date):
        return False
    if zoho_id not in standing:
        try:
            standing[zoho_id] = Counter(await tick.zoho.attachments_of(zoho_id))
        except OutsideError as error:
            tick.met(error)
            return True
    with tick.ledger.transaction() as session:
        known = attachments.names_on_note(session, tick.organisation_id, zoho_id)
        found = standing[zoho_id][file.filename] > known[file.filename]
        if found:
            attachments.uploaded(session, tick.organisation_id, (file.message_uid, file.position), zoho_note_id=zoho_id)
    return found


async def _upload(tick: Tick, file: MessageAttachment, message: Message, note: Note) -> str | None:
    """Upload one file; return the reason when it cannot be uploaded at all, None when it was, or may be later."""
    with tick.ledger.reading() as session:
        count, size = attachments.on_note(session, tick.organisation_id, note.zoho_id or "")
    reason = _no_room(file, count, size)
    if reason is not None:
        return reason
    try:
        content = await _content(tick, file, BYTES_PER_NOTE - size)
    except OutsideError as error:
        return _why_not_downloaded(tick, file, error, first=not size)
    if not content:
        return "download_failed"
    refusal: list[str] = []
    try:
        await send(
            tick,
            [_write(tick, file, message, note, content, refusal)],
            partial(_call, tick, note.zoho_id or "", file.filename, content),
        )
    except NotPermitted:
        return "not_permitted"
    except OutsideError as error:
        tick.met(error)
    return refusal[0] if refusal else None


def _no_room(file: MessageAttachment, count: int, size: int) -> str | None:
    if (file.size or 0) > BYTES_PER_NOTE:
        return "too_big"
    if count >= FILES_PER_NOTE:
        return "limit_of_five"
    return "note_full" if size + (file.size or 0) > BYTES_PER_NOTE else None


def _why_not_downloaded(tick: Tick, file: MessageAttachment, error: OutsideError, *, first: bool) -> str | None:
    """Return the reason a file is given up for; None while another try may help."""
    if isinstance(error, NotFound):
        return "expired"
    if isinstance(error, Rejected):
        too_large = "too_big" if first else "note_full"
        return too_large if error.code == TOO_LARGE else "download_failed"
    with tick.ledger.transaction() as session:
        tries = attachments.tried(session, tick.organisation_id, (file.message_uid, file.position))
    tick.remarks.append(str(error))
    return "download_failed" if tries >= DOWNLOAD_TRIES else None


async def _content(tick: Tick, file: MessageAttachment, room: int) -> bytes:
    """Read the file by the URL that came with its message in this tick, else by a fresh one."""
    url = tick.file_urls.get((file.message_uid, file.position))
    if url is None:
        fresh = await tick.timelines.message(file.message_uid)
        url = dict(enumerate(attachment.url for attachment in fresh.attachments)).get(file.position)
    if url is None:
        raise NotFound("the message no longer names its file", system="TimelinesAI")
    return await tick.timelines.download(url, max_bytes=room)


def _write(tick: Tick, file: MessageAttachment, message: Message, note: Note, content: bytes, refusal: list[str]) -> Write:
    spot = (file.message_uid, file.position)

    intent = NewIntent(
        "attach", note.module or "", note.record_id, chat_id=message.chat_id, message_uid=file.message_uid,
        position=file.position, zoho_note_id=note.zoho_id, title=file.filename,
    )  # fmt: skip

    def done(session: Session, row: RowDone) -> None:
        attachments.uploaded(
            session, tick.organisation_id, spot, zoho_note_id=note.zoho_id or "", attachment_id=row.id, size=len(content)
        )

    def refused(_: Session, row: RowRefused) -> None:
        refusal.append("storage_full" if row.code == "STORAGE_SPACE_EXCEEDED" else "refused")

    return Write(intent=intent, row={}, done=done, refused=refused)


async def _call(
    tick: Tick, note_id: str, filename: str, content: bytes, rows: list[dict[str, Any]], *, guard: Callable[[], None]
) -> list[RowResult]:
    _ = rows
    return [await tick.zoho.attach_to_note(note_id, filename, content, guard=guard)]


def _name(tick: Tick, file: MessageAttachment, message: Message, reason: str) -> None:
    with tick.ledger.transaction() as session:
        attachments.not_uploaded(session, tick.organisation_id, (file.message_uid, file.position), reason)
        messages.reopen(session, message.id or 0)
