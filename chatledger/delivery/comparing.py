"""Comparing TimelinesAI, the ledger and Zoho: where each message of a period stands, and what differs in a day's notes.

Pure: it is given what each system holds and says what that means. Texts are compared without markup, white space and empty
lines, because Zoho gives notes back as its editor pleases.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chatledger.ledger.storing import content_hash
from chatledger.ledger.tables import Message as MessageRow
from chatledger.models import Message, Outcome, Reason, RecordRef

_LINE_END = re.compile(r"<br\s*/?>|</(?:div|p|li|tr|h\d)\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_WHO = re.compile(r"^\d\d:\d\d .*?: ")
_UNESCAPED_AT_MOST = 3


class Standing(StrEnum):
    """Where a verification found a message of its period; each has exactly one."""

    IN_NOTE = "in_note"
    SKIPPED = "skipped"
    PARKED = "parked"
    PENDING = "pending"
    NEW = "new"
    NOT_STORED = "not_stored"
    CHANGED = "changed"
    VANISHED = "vanished"
    NOT_IN_NOTE = "not_in_note"
    NOTE_DELETED = "note_deleted"
    RECORD_DELETED = "record_deleted"
    UNCHECKED = "unchecked"


class FindingKind(StrEnum):
    """What a verification can find amiss; the codes stay stable."""

    MESSAGE_NOT_STORED = "message_not_stored"
    MESSAGE_CHANGED = "message_changed"
    MESSAGE_VANISHED = "message_vanished"
    MESSAGE_NOT_IN_NOTE = "message_not_in_note"
    NOTE_EDITED = "note_edited"
    NOTE_DELETED = "note_deleted"
    NOTE_DUPLICATE = "note_duplicate"
    RECORD_DELETED = "record_deleted"
    RECORD_DUPLICATE = "record_duplicate"
    INDEX_MISSING = "index_missing"
    INDEX_OUTDATED = "index_outdated"
    INDEX_GONE = "index_gone"


@dataclass(frozen=True, slots=True)
class Period:
    """The times a verification is about; without an `end` everything that is there by now."""

    start: datetime
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        """Say whether a time lies in it, both ends included."""
        return self.start <= moment and (self.end is None or moment <= self.end)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing found amiss; ids and hashes only."""

    kind: FindingKind
    chat_id: int | None = None
    day: date | None = None
    message_uid: str | None = None
    record: RecordRef | None = None
    note_id: str | None = None
    others: tuple[str, ...] = ()
    expected_hash: str = ""
    found_hash: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger says of a period's messages in one chat.

    `pulled_until` is when the last tick that did its job began: what is younger could not be stored yet. `erased` says that
    the person asked to be forgotten, so that nothing of the chat is stored any more.
    """

    rows: Sequence[MessageRow]
    pulled_until: datetime
    erased: bool = False


def standings(held: Mapping[str, Message], known: Known) -> dict[str, Standing]:
    """Say where each message stands that TimelinesAI or the ledger has; synced ones are taken to be in their note.

    Whether they really are is for `compare_day` to say.
    """
    found = {row.uid: _of_stored(row, held.get(row.uid)) for row in known.rows}
    for uid, message in held.items():
        if uid not in found:
            found[uid] = _of_unstored(message, known)
    return found


def _of_unstored(message: Message, known: Known) -> Standing:
    if known.erased:
        return Standing.SKIPPED
    return Standing.NEW if message.timestamp > known.pulled_until else Standing.NOT_STORED


def _of_stored(row: MessageRow, message: Message | None) -> Standing:
    if row.reason == Reason.ERASED.value:
        return Standing.SKIPPED
    if row.timestamp is None and message is None:
        return Standing.PARKED
    if message is None:
        return Standing.VANISHED
    if row.outcome != Outcome.PENDING.value and row.content_hash != content_hash(message):
        return Standing.CHANGED
    return {
        Outcome.PENDING.value: Standing.PENDING,
        Outcome.SKIPPED.value: Standing.SKIPPED,
        Outcome.PARKED.value: Standing.PARKED,
    }.get(row.outcome, Standing.IN_NOTE)


_SAID = {
    Standing.NOT_STORED: FindingKind.MESSAGE_NOT_STORED,
    Standing.CHANGED: FindingKind.MESSAGE_CHANGED,
    Standing.VANISHED: FindingKind.MESSAGE_VANISHED,
}


def message_differences(
    chat_id: int, found: Mapping[str, Standing], held: Mapping[str, Message], rows: Sequence[MessageRow]
) -> list[Difference]:
    """Name every message that TimelinesAI and the ledger do not agree about."""
    stored = {row.uid: row for row in rows}
    named = []
    for uid, standing in found.items():
        if standing not in _SAID:
            continue
        row, message = stored.get(uid), held.get(uid)
        named.append(
            Difference(
                kind=_SAID[standing],
                chat_id=chat_id,
                day=row.local_date if row else None,
                message_uid=uid,
                record=RecordRef(row.module, row.record_id) if row and row.module and row.record_id else None,
                note_id=row.note_id if row else None,
                expected_hash=row.content_hash if row else "",
                found_hash=content_hash(message) if message else "",
            )
        )
    return named


def plain_lines(text: str) -> list[str]:
    """Return the lines of a note as a person reads them: without markup, entities, repeated spaces and empty lines."""
    bare = _TAG.sub("", _LINE_END.sub("\n", text))
    for _ in range(_UNESCAPED_AT_MOST):
        bare, before = html.unescape(bare), bare
        if bare == before:
            break
    return [line for raw in bare.replace("\u00a0", " ").splitlines() if (line := " ".join(raw.split()))]


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message with the lines its note shows of it. `due` says that it has to stand there; another one may."""

    uid: str
    lines: tuple[str, ...]
    due: bool


@dataclass(frozen=True, slots=True)
class DayDifference:
    """What a day's notes lack, and whether they hold, or lack, something else than messages."""

    missing: tuple[str, ...] = ()
    edited: bool = False


def compare_day(shown: Sequence[ShownMessage], headers: Iterable[str], found: Iterable[str], *, exact: bool) -> DayDifference:
    """Compare what a day's notes should show with the lines found in them.

    Two messages alike need two lines. Where the words before a message may have changed since it was written (`exact` is
    False: somebody was renamed), only what follows them is compared.
    """
    key = (lambda line: line) if exact else (lambda line: _WHO.sub("", line))
    left = Counter(key(line) for line in found)
    missing = []
    for message in sorted(shown, key=lambda each: not each.due):
        lines = Counter(key(line) for line in message.lines)
        if lines <= left:
            left -= lines
        elif message.due:
            missing.append(message.uid)
    header = Counter(key(line) for line in headers)
    return DayDifference(tuple(missing), edited=bool(header - left) or bool(left - header))


def shares(numbers: Sequence[int]) -> list[float]:
    """Return each number's share in per cent, to a tenth, so rounded that they sum to 100; zeros of nothing."""
    total = sum(numbers)
    exact = [1000 * number / total if total else 0.0 for number in numbers]
    rounded = [int(share) for share in exact]
    left = round(sum(exact)) - sum(rounded)
    for place in sorted(range(len(exact)), key=lambda place: rounded[place] - exact[place])[:left]:
        rounded[place] += 1
    return [tenths / 10 for tenths in rounded]
