"""Reads exported chats. Pure: text in, messages out.

Android writes `31/12/2024, 22:15 - Name: text`, iOS `[31/12/24, 10:15:30 p. m.] Name: text`. The order of day and month, the
clock and the words for media follow the settings of the phone, so all of them are told from the text itself.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.chat_export.wording import ATTACHED, DELETED, EDITED, HEADERS, MARKS, NARROW_SPACES, NOTICE, OMITTED, SAID, STAMP


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """One message; `at` is aware. A file that was left out of the export has the export's words for that as its name."""

    at: datetime
    sender: str
    text: str
    attachment_name: str | None = None


@dataclass(frozen=True, slots=True)
class ChatExport:
    """The messages in the order of the file; `dropped` counts notices of WhatsApp itself and deleted messages."""

    messages: list[ExportedMessage]
    dropped: int

    @property
    def senders(self) -> list[str]:
        """Everyone who wrote, in order of appearance."""
        return list(dict.fromkeys(message.sender for message in self.messages))


@dataclass(slots=True)
class _Entry:
    """A message or notice as it stands in the file, from its line on."""

    line: int
    stamp: re.Match[str]
    said: str

    @property
    def year_first(self) -> bool:
        return len(self.stamp["a"]) > 2

    @property
    def front(self) -> tuple[int, int]:
        """The two numbers that are day and month, in the order of the file."""
        return int(self.stamp["a"]), int(self.stamp["b"])

    def day(self, day_first: bool) -> tuple[int, int, int]:
        """Return year, month and day."""
        a, b, c = (int(self.stamp[part]) for part in "abc")
        if self.year_first:
            return a, b, c
        year = c if c > 99 else 2000 + c
        return (year, b, a) if day_first else (year, a, b)


def read_chat_export(text: str, *, day_first: bool | None = None, zone: str = "America/Bogota") -> ChatExport:
    """Read an exported chat whose clock times are those of `zone`.

    Any number above twelve tells day from month; else the order in which the dates do not run backwards; else `day_first`, by
    default day first. Raises ValueError that names the first line that could not be read, without its words.
    """
    entries = _entries(text)
    day_first = _day_is_first([entry for entry in entries if not entry.year_first], day_first)
    read = [_message(entry, day_first, ZoneInfo(zone)) for entry in entries]
    messages = [message for message in read if message is not None]
    return ChatExport(messages, len(read) - len(messages))


def _entries(text: str) -> list[_Entry]:
    entries: list[_Entry] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stamp, said = _stamp_and_said(line)
        if stamp is not None:
            entries.append(_Entry(number, stamp, said))
        elif entries:
            entries[-1].said += "\n" + line
        elif line.strip(MARKS + " "):
            raise ValueError(f"line {number} does not begin with a date and a time as WhatsApp writes them")
    if not entries:
        raise ValueError("line 1 is empty and no message follows")
    return entries


def _stamp_and_said(line: str) -> tuple[re.Match[str] | None, str]:
    plain = line.lstrip(MARKS)
    for form in HEADERS:
        header = form.fullmatch(plain)
        stamp = header and STAMP.fullmatch(header["stamp"].translate(NARROW_SPACES).strip(MARKS + " "))
        if header and stamp and _is_possible(stamp):
            return stamp, header["said"]
    return None, line


def _is_possible(stamp: re.Match[str]) -> bool:
    # A line inside a message may look like a date; 45/99/2024 is none.
    day_and_month = sorted(int(stamp[part]) for part in ("bc" if len(stamp["a"]) > 2 else "ab"))
    return 1 <= day_and_month[0] <= 12 and day_and_month[1] <= 31 and int(stamp["hour"]) <= 23


def _day_is_first(entries: list[_Entry], hint: bool | None) -> bool:
    told: dict[bool, int] = {}
    for entry in entries:
        if max(entry.front) > 12:
            told.setdefault(entry.front[0] > 12, entry.line)
    if len(told) == 2:
        raise ValueError(f"line {max(told.values())} has day and month in another order than the lines before it")
    if told:
        return next(iter(told))
    running = {order: _runs_forward(entries, order) for order in (True, False)}
    if running[True] != running[False]:
        return running[True]
    return True if hint is None else hint


def _runs_forward(entries: list[_Entry], day_first: bool) -> bool:
    days = [entry.day(day_first) for entry in entries]
    return days == sorted(days)


def _at(entry: _Entry, day_first: bool, zone: ZoneInfo) -> datetime:
    stamp = entry.stamp
    hour = int(stamp["hour"])
    if stamp["half"]:
        hour = hour % 12 + (12 if stamp["half"].lower() == "p" else 0)
    try:
        return datetime(*entry.day(day_first), hour, int(stamp["minute"]), int(stamp["second"] or 0), tzinfo=zone)
    except ValueError as error:
        raise ValueError(f"line {entry.line} has a date that does not exist") from error


def _message(entry: _Entry, day_first: bool, zone: ZoneInfo) -> ExportedMessage | None:
    at = _at(entry, day_first, zone)
    parts = SAID.fullmatch(entry.said.lstrip(MARKS))
    if parts is None:
        return None
    raw = parts["text"] or ""
    text = EDITED.sub("", raw.replace("\u200e<", "<").strip(MARKS + "\n "))
    if NOTICE.match(raw) or DELETED.fullmatch(text):
        return None
    sender = parts["sender"].translate(NARROW_SPACES).strip(MARKS + " ")
    return ExportedMessage(at, sender, *_text_and_attachment(text))


def _text_and_attachment(text: str) -> tuple[str, str | None]:
    found = OMITTED.match(text) or ATTACHED.search(text)
    if found is None:
        return text, None
    name = (found["android"] or found["ios"]).strip(MARKS + " ")
    around = text[: found.start()] + text[found.end() :]
    return around.strip(MARKS + " \n"), name
