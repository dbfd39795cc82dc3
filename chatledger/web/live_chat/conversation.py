"""A chat as it is shown: messages by day, each with its side, ticks, files and reactions. Pure."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from chatledger.models import Attachment, Direction, Message
from chatledger.web.live_chat.file_kinds import expected_media

Tick = Literal["", "sending", "sent", "delivered", "read", "failed"]
Kind = Literal["message", "note", "call", "other"]

TICKS: dict[str, Tick] = {
    "sending": "sending", "pending": "sending", "queued": "sending", "sent": "sent", "delivered": "delivered",
    "read": "read", "failed": "failed",
}  # fmt: skip
KINDS: dict[str, Kind] = {"whatsapp": "message", "note": "note", "whatsapp_call": "call"}
LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")
BIDI_OR_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")
"""Marks that would turn the text around them, and controls; the bubble isolates its direction instead."""

LinkOf = Callable[[Message, int], str]
"""Gives the address under which we hand out a file of a message, by its position."""


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A file of a message; `media` says how to show it, `address` is empty when it is out of reach."""

    name: str
    media: str
    address: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as it is shown. `text` is cut into pieces, every second one a link; `mark` changes with what is shown.

    `call` says what became of a call, in TimelinesAI's word.
    """

    uid: str
    kind: Kind
    outgoing: bool
    sender: str
    moment: datetime
    day: date
    clock: str
    pieces: tuple[str, ...]
    tick: Tick
    call: str
    failure: str
    files: tuple[ShownFile, ...]
    reactions: tuple[tuple[str, int], ...]
    mark: str

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Day:
    """The bubbles of one local date, oldest first."""

    date: date
    bubbles: tuple[Bubble, ...]


def bubbles(messages: Sequence[Message], *, zone: str, contact: str, link: LinkOf) -> tuple[Bubble, ...]:
    """Return messages, given newest first, as they are shown, oldest first; those of one second keep their order.

    `contact` names the sender of incoming ones that name none.
    """
    oldest_first = messages[::-1]
    ordered = sorted(oldest_first, key=lambda message: message.timestamp)
    return tuple(_bubble(message, ZoneInfo(zone), contact, link) for message in ordered)


def by_day(shown: Sequence[Bubble]) -> tuple[Day, ...]:
    """Group bubbles by local date."""
    dates = dict.fromkeys(bubble.day for bubble in shown)
    return tuple(Day(day, tuple(bubble for bubble in shown if bubble.day == day)) for day in dates)


def readable(text: str) -> str:
    """Return a text without marks that turn its direction and without control characters."""
    return BIDI_OR_CONTROL.sub("", text.replace("\r\n", "\n"))


def pieces(text: str) -> tuple[str, ...]:
    """Cut a text at its web addresses: text, address, text, address, … text."""
    cut: list[str] = []
    end = 0
    for found in LINK.finditer(text):
        cut += [text[end : found.start()], found.group()]
        end = found.end()
    return (*cut, text[end:])


def _bubble(message: Message, zone: ZoneInfo, contact: str, link: LinkOf) -> Bubble:
    outgoing = message.direction is Direction.OUTGOING
    kind = KINDS.get(message.kind, "other")
    sent = outgoing and kind == "message"
    tick = TICKS.get(message.status.lower(), "") if sent else ""
    local = message.timestamp.astimezone(zone)
    return Bubble(
        uid=message.uid,
        kind=kind,
        outgoing=outgoing,
        sender=readable(_sender(message, contact)),
        moment=message.timestamp,
        day=local.date(),
        clock=local.strftime("%H:%M"),
        pieces=pieces(readable(message.text)),
        tick="failed" if sent and message.failure else tick,
        call=readable(message.status).lower() if kind == "call" else "",
        failure=readable(message.failure) if sent else "",
        files=tuple(_file(message, position, file, link) for position, file in enumerate(message.attachments)),
        reactions=tuple(sorted(message.reactions.items())),
        mark=_mark(message),
    )


def _sender(message: Message, contact: str) -> str:
    if message.direction is Direction.OUTGOING:
        return message.agent or message.sender_name
    return message.sender_name or contact


def _file(message: Message, position: int, file: Attachment, link: LinkOf) -> ShownFile:
    address = link(message, position) if file.url else ""
    return ShownFile(readable(file.filename), expected_media(file.filename, file.mimetype), address, file.size)


def _mark(message: Message) -> str:
    """Return a hash that changes with the status, text, reactions or files; addresses of files do not count."""
    names = [file.filename for file in message.attachments]
    seen = repr((message.status, message.failure, message.text, sorted(message.reactions.items()), names))
    return hashlib.sha256(seen.encode("utf-8", "replace")).hexdigest()[:16]
