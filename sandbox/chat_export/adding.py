"""Adds an exported chat to the TimelinesAI half of a world."""

import mimetypes
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.chat_export.reading import ChatExport, ExportedMessage, read_chat_export
from sandbox.chat_export.wording import FILE_NAME
from sandbox.world.moments import iso

UIDS = uuid.UUID("2b0c7a52-91c4-5b0e-8f54-5f6f0d6f3a10")


@dataclass(frozen=True, slots=True)
class ImportedChat:
    """What was added; `first` and `last` are the times of the oldest and the newest message."""

    chat_id: int
    name: str
    messages: int
    first: datetime
    last: datetime


def add_chat_export(
    world: dict[str, Any],
    path: str | Path,
    phone: str,
    now: datetime,
    *,
    me: str | None = None,
    day_first: bool | None = None,
    zone: str = "America/Bogota",
) -> ImportedChat:
    """Add an exported chat with one person to `world["timelines"]`, with its own dates, on the first free connected number.

    The contact is the person the file (for iOS its folder) is named after, else the first sender who is not `me`; everyone
    else is us. Raises ValueError, one sentence that names the file, when it cannot be read, holds no message, or when its
    dates lie more than a day after `now`; OSError when there is no such file.
    """
    path = Path(path)
    export = _read(path, day_first, zone)
    times = [message.at for message in export.messages]
    if max(times) > now + timedelta(days=1):
        raise ValueError(f"{path.name} holds messages of the future: are day and month in the other order?")
    chat = _chat(world["timelines"], export, contact_of(export, path, me), phone)
    chat["messages"] = _written(export, chat, path)
    world["timelines"]["chats"].append(chat)
    return ImportedChat(chat["id"], chat["name"], len(times), min(times), max(times))


def contact_of(export: ChatExport, path: Path, me: str | None = None) -> str:
    """Return the name of the contact, who may have written nothing."""
    others = [sender for sender in export.senders if sender != me]
    named = _named_after(path)
    if named in others or not others:
        return named or path.stem
    if named is not None and me is None and len(others) == 1:
        return named  # only we wrote
    # No name, or the contact was renamed since: whoever wrote first and is not us.
    return others[0]


def _named_after(path: Path) -> str | None:
    for name in (path.stem, path.parent.name):
        found = FILE_NAME.fullmatch(name)
        if found:
            return found["name"].strip()
    return None


def _read(path: Path, day_first: bool | None, zone: str) -> ChatExport:
    try:
        export = read_chat_export(path.read_text(encoding="utf-8-sig"), day_first=day_first, zone=zone)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no exported WhatsApp chat: it is not UTF-8 text.") from error
    except ValueError as error:
        raise ValueError(f"{path.name} is no exported WhatsApp chat: {error}.") from error
    if not export.messages:
        raise ValueError(f"{path.name} holds no message that a person wrote.")
    return export


def _chat(timelines: dict[str, Any], export: ChatExport, contact: str, phone: str) -> dict[str, Any]:
    digits = "".join(character for character in phone if character in "0123456789")
    if not phone.strip().startswith("+") or len(digits) < 7:
        raise ValueError("the phone of an exported chat is given with its country, such as +57 and ten digits.")
    jid = f"{digits}@s.whatsapp.net"
    taken = {chat["whatsapp_account_id"] for chat in timelines["chats"] if chat["jid"] == jid}
    free = [account for account in timelines["accounts"] if account["status"] == "active" and account["id"] not in taken]
    if not free:
        raise ValueError("every connected number has a chat with that phone already.")
    return {
        "id": max((chat["id"] for chat in timelines["chats"]), default=0) + 1,
        "name": contact,
        "phone": f"+{digits}",
        "jid": jid,
        "is_group": False,
        "whatsapp_account_id": free[0]["id"],
        "created_timestamp": iso(min(message.at for message in export.messages)),
        "responsible_email": None,
        "labels": [],
    }


def _written(export: ChatExport, chat: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    written = []
    for message in export.messages:
        # The same file, or a longer one of the same chat, gives a message the same uid again.
        likeness = f"{chat['jid']}/{iso(message.at)}/{message.sender}/{message.text}/{message.attachment_name}"
        seen[likeness] += 1
        written.append(_message(message, str(uuid.uuid5(UIDS, f"{likeness}/{seen[likeness]}")), chat["name"], path))
    return written


def _message(message: ExportedMessage, uid: str, contact: str, path: Path) -> dict[str, Any]:
    from_me = message.sender != contact
    return {
        "uid": uid,
        "timestamp": iso(message.at),
        "received_timestamp": iso(message.at),
        "from_me": from_me,
        "text": message.text or None,
        "sender_name": message.sender,
        "created_by": message.sender if from_me else "",
        "status": "Read" if from_me else "Delivered",
        "origin": "synced from WhatsApp",
        "message_type": "whatsapp",
        "attachment": _attachment(message.attachment_name, path),
        "reactions": {},
        "failure_reason": None,
    }


def _attachment(name: str | None, path: Path) -> dict[str, Any] | None:
    if name is None:
        return None
    beside = path.parent / Path(name).name
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"filename": name, "size": beside.stat().st_size if beside.is_file() else 0, "mimetype": mimetype}
