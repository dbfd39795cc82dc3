"""Notes as a pure function of messages: title, bodies, hash.

A note holds what was written in one chat on one local day; a day that outgrows Zoho's limit continues in further parts. Every
word that is not from the chat comes from a `Wording`, every text from outside goes through `clean`, and all lengths are UTF-16
units, the strictest way Zoho may count. What begins a line of a body (time, 📎, ⚠, ↳) is ours; a line of a message that begins
alike is set off with an angle quotation mark, so that nobody puts words into another one's mouth.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

import regex
from pydantic import BaseModel, ConfigDict

from chatledger.models import Attachment, Direction, Message

TITLE_LIMIT = 120
BODY_LIMIT = 65_535  # the `length` of Note_Content in Zoho's field metadata, as TITLE_LIMIT is that of Note_Title
NAME_LIMIT = 80
LEAST_ROOM = 40

_NO_REMARKS: Mapping[tuple[str, str], str] = MappingProxyType({})
_LINE_END = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_DROPPED = regex.compile(r"(?!\n)[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069]")
_MENTION = regex.compile(r"(crm|zsu)\[", regex.IGNORECASE)
_REPLACED = str.maketrans({"<": "\u2039", ">": "\u203a", "\t": " "})
_VISIBLE = regex.compile(r"[^\p{Z}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]")
_RIGHT_TO_LEFT = regex.compile(r"[\p{bc=R}\p{bc=AL}]")
_LIKE_OURS = regex.compile(r"(?<=\n)(?=[\p{Z}\p{Cf}]*(?:\p{Nd}{1,2}:\p{Nd}{2}|[📎⚠↳]))")
# a flag is taken by itself, because \X looks back over a whole row of flags for each of them
_GRAPHEME = regex.compile(r"\p{RI}{2}[\p{gcb=Extend}\p{gcb=ZWJ}\p{gcb=SpacingMark}]*|\X")
_AGENT_EMAIL = regex.compile(r"(?<=\S)\s*\([^()@]*@[^()@]*\)$")


class Wording(BaseModel):
    """The words of notes in one language; `{name}`, `{date}`, `{part}` and `{reason}` are filled in.

    `attachment_kinds` and `not_uploaded` (why a file was not uploaded, by reason code) have an entry `other` for what they do
    not name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    note_title: str
    part_suffix: str
    chat_link: str
    contact: str
    us: str
    continued: str
    failed: str
    failure_reason: str
    no_text: str
    unnamed_file: str
    reactions: str
    decimal_mark: str
    attachment_kinds: dict[str, str]
    not_uploaded: dict[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """The body of one part of a day's note, and the uids of the messages it shows in the order written.

    A message that is cut appears in every part that shows a piece of it.
    """

    body: str
    uids: tuple[str, ...]


def local_date(timestamp: datetime, zone: str) -> date:
    """Return the calendar day of an aware `timestamp` in the IANA `zone`, daylight saving included."""
    return timestamp.astimezone(ZoneInfo(zone)).date()


def units(text: str) -> int:
    """Count UTF-16 code units; never less than the number of code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    r"""Make a text from outside safe to store and to show in a Zoho note; cleaning twice changes nothing more.

    Line ends of every kind become `\n`, a tab a space. Control characters, lone surrogates, noncharacters and the bidi
    embeddings, overrides and isolates are dropped. `<` and `>` become U+2039 and U+203A, because Zoho may read a note as HTML;
    `[` after `crm` or `zsu` becomes `(`, because `crm[user#…]crm` and `zsu[@user:…]zsu` are Zoho's mentions.
    """
    kept = _DROPPED.sub("", _LINE_END.sub("\n", text).translate(_REPLACED))
    # last, so that no dropped character can bring the two halves of a mention together afterwards
    return str(_MENTION.sub(r"\1(", kept))


def shortened(text: str, limit: int) -> str:
    """Return `text` in at most `limit` units (2 or more), cut between graphemes and ended with … where it was longer."""
    return text if units(text) <= limit else next(_cut(text, limit - 1)).rstrip() + "…"


def one_line(text: str) -> str:
    """Return a text cleaned and on one line, empty where nothing of it is visible."""
    collapsed = " ".join(clean(text).split())
    return collapsed if _VISIBLE.search(collapsed) else ""


def contact_name(wording: Wording, name: str, phone: str) -> str:
    """Return the cleaned `name` on one line, the phone where nothing of it is visible, a word for a contact without either."""
    return one_line(name) or one_line(phone) or wording.contact


def note_title(wording: Wording, name: str, phone: str, day: date, part: int) -> str:
    """Return the title of part `part` (from 1) of a day's note, at most 120 units; only the name is ever shortened."""
    suffix = wording.part_suffix.format(part=part) if part > 1 else ""
    written = f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
    room = TITLE_LIMIT - units(wording.note_title.format(name="", date=written) + suffix)
    return wording.note_title.format(name=shortened(contact_name(wording, name, phone), room), date=written) + suffix


def note_parts(
    wording: Wording,
    messages: Sequence[Message],
    *,
    chat_url: str,
    contact: str,
    owner: str,
    zone: str,
    remarks: Mapping[tuple[str, str], str] = _NO_REMARKS,
    limit: int = BODY_LIMIT,
) -> list[Part]:
    """Return parts 1, 2, … of the note of one chat and one local day; none without messages.

    `messages` come in order of arrival and are written in order of timestamp, then arrival, with the local time of `zone`.
    `contact` is the other side's name as `contact_name` gives it; `owner` is the name of whoever connected the number, empty
    where unknown. `remarks` maps (uid, file name) to the reason code of an attachment that was not uploaded. Each body starts
    with `chat_url`, because Zoho's lists cut a note at 500 characters, and holds at most `limit` units. A newer message
    changes only the last part, or adds one. Raises ValueError where `limit` leaves no room for a message.
    """
    header = f"{wording.chat_link}: {one_line(chat_url)}\n"
    room = limit - units(header) - 1
    filled: list[list[tuple[str, str]]] = []
    free = 0
    for message in sorted(messages, key=lambda each: each.timestamp.astimezone(UTC)):
        start = f"{message.timestamp.astimezone(ZoneInfo(zone)):%H:%M} {_sender(wording, message, contact, owner)}"
        for entry in _entries(wording, message, start, _content(wording, message, remarks), room):
            size = units(entry) + 1
            if size > free:
                filled.append([])
                free = room + 1
            filled[-1].append((message.uid, entry))
            free -= size
    return [Part("\n".join([header, *(entry for _, entry in part)]), tuple(uid for uid, _ in part)) for part in filled]


def day_parts(
    wording: Wording,
    messages: Sequence[Message],
    *,
    chat_url: str,
    contact: str,
    owner: str,
    zone: str,
    remarks: Mapping[tuple[str, str], str] = _NO_REMARKS,
    limit: int = BODY_LIMIT,
) -> list[str]:
    """Return only the bodies of `note_parts`, in the same order and under the same promises."""
    stated = note_parts(
        wording, messages, chat_url=chat_url, contact=contact, owner=owner, zone=zone, remarks=remarks, limit=limit
    )
    return [part.body for part in stated]


def body_hash(title_or_body: str) -> str:
    """Return the SHA-256 of a text's UTF-8 form in hexadecimal; equal hashes mean there is nothing to write."""
    return hashlib.sha256(title_or_body.encode("utf-8", "surrogatepass")).hexdigest()


def _entries(wording: Wording, message: Message, start: str, content: str, room: int) -> Iterator[str]:
    """Yield a message as one entry, or as several of at most `room` units where one does not hold it."""
    failed = [wording.failed] if _has_failed(message) else []
    first, later = _prefix(start, failed), _prefix(start, [*failed, wording.continued])
    if units(first + content) <= room:
        yield first + content
        return
    if room - units(later) < LEAST_ROOM:
        raise ValueError(f"A note of this size holds no message; {units(later) + LEAST_ROOM - room} more units are needed.")
    for number, piece in enumerate(_cut(content, room - units(later))):
        yield (later if number else first) + piece


def _prefix(start: str, marks: list[str]) -> str:
    return f"{start} ({', '.join(marks)}): " if marks else f"{start}: "


def _has_failed(message: Message) -> bool:
    return message.direction is Direction.OUTGOING and message.status.casefold() == "failed"


def _sender(wording: Wording, message: Message, contact: str, owner: str) -> str:
    """Name who wrote: TimelinesAI fills `created_by` on incoming messages too, so only an outgoing one has an agent."""
    if message.direction is Direction.INCOMING:
        name = one_line(contact) or one_line(message.sender_name) or wording.contact
    else:
        # created_by arrives as "Name (e-mail)"; the address would only repeat on every line
        name = _AGENT_EMAIL.sub("", one_line(message.agent)) or one_line(owner) or wording.us
    return _isolated(shortened(name, NAME_LIMIT))


def _content(wording: Wording, message: Message, remarks: Mapping[tuple[str, str], str]) -> str:
    lines = [_isolated(line) for line in _LIKE_OURS.sub("\u203a ", clean(message.text)).split("\n")]
    failure = one_line(message.failure) if _has_failed(message) else ""
    told = [
        "\n".join(lines),
        *(_attachment_line(wording, each, remarks.get((message.uid, each.filename))) for each in message.attachments),
        f"⚠ {wording.failure_reason.format(reason=_isolated(failure))}" if failure else "",
        _reaction_line(wording, message.reactions),
    ]
    return "\n".join(each for each in told if _VISIBLE.search(each)) or wording.no_text


def _attachment_line(wording: Wording, attachment: Attachment, reason: str | None) -> str:
    mimetype = (attachment.mimetype or "").casefold()
    # WhatsApp records voice messages as Ogg; other audio files are sent in other formats
    kind = "voice" if mimetype.startswith("audio/ogg") else mimetype.partition("/")[0]
    word = wording.attachment_kinds.get(kind, wording.attachment_kinds["other"])
    size = "" if attachment.size is None else f" ({_size(wording, attachment.size)})"
    remark = "" if reason is None else f"; {wording.not_uploaded.get(reason, wording.not_uploaded['other'])}"
    return f"📎 {word}: {_isolated(one_line(attachment.filename) or wording.unnamed_file)}{size}{remark}"


def _size(wording: Wording, size: int) -> str:
    if size < 1024:  # noqa: PLR2004 - the bytes of a kilobyte
        return f"{size} B"
    amount, unit = (size / 1024, "KB") if size < 1024**2 else (size / 1024**2, "MB")
    return f"{amount:.1f} {unit}".replace(".", wording.decimal_mark)


def _reaction_line(wording: Wording, reactions: Mapping[str, int]) -> str:
    """List reactions by number, so that the order in which they were reported does not change the note."""
    counted = sorted((-count, one_line(emoji)) for emoji, count in reactions.items() if count > 0)
    told = ", ".join(f"{emoji} {-count}" if count < -1 else emoji for count, emoji in counted if emoji)
    return f"↳ {wording.reactions}: {told}" if told else ""


def _isolated(line: str) -> str:
    """Wrap a line with right-to-left letters in U+2068 and U+2069, so that it cannot reorder what stands around it."""
    return f"\u2068{line}\u2069" if _RIGHT_TO_LEFT.search(line) else line


def _cut(text: str, room: int) -> Iterator[str]:
    """Yield `text` in pieces of at most `room` units, cut between graphemes."""
    piece: list[str] = []
    used = 0
    for grapheme in _graphemes(text, room):
        size = units(grapheme)
        if used + size > room:
            yield "".join(piece)
            piece, used = [], 0
        piece.append(grapheme)
        used += size
    yield "".join(piece)


def _graphemes(text: str, room: int) -> Iterator[str]:
    for found in _GRAPHEME.finditer(text):
        grapheme = found.group()
        if units(grapheme) <= room:
            yield grapheme
        else:
            yield from grapheme  # thousands of accents on one letter: no border would do
