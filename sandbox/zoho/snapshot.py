"""Everything the stand-in holds as JSON-able values, for tests to look at; times are UTC."""

import hashlib
from datetime import UTC
from typing import Any

from sandbox.zoho.calls import Crm
from sandbox.zoho.display import Display
from sandbox.zoho.store import Attachment, Note, Record


def snapshot(crm: Crm) -> dict[str, Any]:
    """Give records (deleted and converted ones flagged), notes in order, attachments, users and what automations did."""
    display = Display(crm.store, UTC)
    notes = sorted(crm.store.notes.values(), key=lambda note: int(note.id))
    return {
        "records": {
            module: [_record(display, record) for record in records.values()] for module, records in crm.store.records.items()
        },
        "notes": [_note(display, note) for note in notes],
        "attachments": [_attachment(note, file) for note in notes for file in note.attachments],
        "users": list(crm.store.users.values()),
        "workflow": crm.workflow,
        "channels": [{"channel_id": key[0], "event": key[1], **channel["given"]} for key, channel in crm.channels.items()],
        "credits_used": crm.credits.total,
    }


def _record(display: Display, record: Record) -> dict[str, Any]:
    shown = {
        **record.values, "id": record.id, "Owner": {"id": record.owner_id}, "Created_By": {"id": record.created_by},
        "Modified_By": {"id": record.modified_by}, "Created_Time": record.created_at.isoformat(),
        "Modified_Time": record.modified_at.isoformat(), "$converted": record.conversion is not None,
        "$deleted": record.deletion is not None,
    }  # fmt: skip
    if record.conversion:
        for name in ("Converted_Contact", "Converted_Account", "Converted_Deal", "Converted_Date_Time"):
            shown[name] = display.value(record, name)
    return shown


def _note(display: Display, note: Note) -> dict[str, Any]:
    module, record_id = note.parent
    parent_gone = display.store.live(*note.parent) is None
    return {
        "id": note.id, "Note_Title": note.title, "Note_Content": note.content, "Owner": {"id": note.owner_id},
        "parent": {"module": module, "id": record_id}, "$parent_deleted": parent_gone,
        "Created_Time": note.created_at.isoformat(), "Modified_Time": note.modified_at.isoformat(),
        "attachments": [file.id for file in note.attachments],
    }  # fmt: skip


def _attachment(note: Note, file: Attachment) -> dict[str, Any]:
    return {
        "id": file.id, "note": note.id, "File_Name": file.file_name, "Size": len(file.content), "media_type": file.media_type,
        "sha256": hashlib.sha256(file.content).hexdigest(), "Created_Time": file.created_at.isoformat(),
    }  # fmt: skip
