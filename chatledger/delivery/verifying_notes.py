"""Verifying notes: what Zoho holds of a day against what the ledger says was written there.

A record's notes are listed once for all of its chats. A list cuts bodies at 500 characters, so a longer note is read by its
id; a verification that trusts earlier reads does so only where it or its body in the ledger has changed since.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from chatledger.delivery.adoption import date_and_part, plain
from chatledger.delivery.comparing import (
    DayDifference,
    Difference,
    FindingKind,
    ShownMessage,
    Standing,
    compare_day,
    plain_lines,
)
from chatledger.delivery.reading_notes import CLOCKS_DIFFER, NotesInZoho, SeenNote
from chatledger.delivery.rendering import StoredDays, parts_of_day, stored_days
from chatledger.delivery.verification import ComparedChat, Verification
from chatledger.errors import OutsideError
from chatledger.ledger import intents, verifications
from chatledger.ledger.tables import Message as MessageRow
from chatledger.ledger.tables import Note
from chatledger.models import Outcome, RecordRef
from chatledger.transcript import Part, body_hash, clean

Days = Mapping[int, set[date]]


async def compare_notes(verification: Verification, compared: Sequence[ComparedChat]) -> list[Difference]:
    """Compare the notes of these chats' days and return what differs; messages that are not in their note are marked so."""
    days = _days(compared)
    stored = _stored(verification, days)
    in_zoho = NotesInZoho(verification)
    await in_zoho.list_notes(record for rows in stored.notes.values() for row in rows if (record := _record(row)))
    differences = []
    for chat in compared:
        for day in sorted(days.get(chat.id, ())):
            verification.notes += len([note for note in stored.notes.get((chat.id, day), ()) if note.zoho_id])
            differences += await _DayOfChat(verification, chat, day, in_zoho).compare(stored)
    in_zoho.remember()
    return differences + _duplicates(verification, compared, stored, in_zoho)


def _days(compared: Iterable[ComparedChat]) -> dict[int, set[date]]:
    days: dict[int, set[date]] = defaultdict(set)
    for chat in compared:
        for row in chat.rows:
            if row.outcome == Outcome.SYNCED.value and row.local_date is not None and chat.chat is not None:
                days[chat.id].add(row.local_date)
    return days


def _stored(verification: Verification, days: Days) -> StoredDays:
    with verification.ledger.reading() as session:
        return stored_days(session, verification.organisation_id, days)


def _record(note: Note) -> RecordRef | None:
    return RecordRef(note.module, note.record_id) if note.module and note.record_id else None


@dataclass(slots=True)
class _DayOfChat:
    """One day of a chat under comparison."""

    verification: Verification
    chat: ComparedChat
    day: date
    in_zoho: NotesInZoho

    async def compare(self, stored: StoredDays) -> list[Difference]:
        """Return what differs; what seems to is looked at again first, because a tick may just have written it."""
        notes = stored.notes.get((self.chat.id, self.day), ())
        try:
            seen = {note.part: await self.in_zoho.look_at(note, _record(note)) for note in notes}
            if self._is_as_written(stored, seen):
                return []
            seen = {note.part: await self.in_zoho.look_again(note, _record(note)) for note in notes}
        except OutsideError as error:
            self.verification.met(error)
            self._mark(Standing.UNCHECKED, [row.uid for row in self._rows(stored)])
            return []
        fresh = _stored(self.verification, {self.chat.id: {self.day}})
        now = {note.part: note for note in fresh.notes.get((self.chat.id, self.day), ())}
        if {part: note.zoho_id for part, note in now.items()} != {note.part: note.zoho_id for note in notes}:
            return []  # a tick has just made or remade a note: it is that tick's word that counts
        seen = {part: replace(each, note=now[part], as_written=each.says(now[part])) for part, each in seen.items()}
        return self._differences(fresh, seen)

    def _rows(self, stored: StoredDays) -> list[MessageRow]:
        """Return the messages of the day that are said to stand in a note, as far as they are of the period."""
        rows = stored.messages.get((self.chat.id, self.day), ())
        return [row for row in rows if self.chat.standings.get(row.uid) is Standing.IN_NOTE and row.outcome == "synced"]

    def _is_as_written(self, stored: StoredDays, seen: Mapping[int, SeenNote]) -> bool:
        ids = {each.note.zoho_id for each in seen.values() if each.as_written}
        return all(each.as_written for each in seen.values()) and all(row.note_id in ids for row in self._rows(stored))

    def _mark(self, standing: Standing, uids: Iterable[str]) -> None:
        for uid in uids:
            if self.chat.standings.get(uid) is Standing.IN_NOTE:
                self.chat.standings[uid] = standing

    def _differences(self, stored: StoredDays, seen: Mapping[int, SeenNote]) -> list[Difference]:
        gone = self._gone(stored, seen)
        standing = {part: each for part, each in seen.items() if each.whole is not None}
        if all(each.as_written for each in standing.values()):
            return gone
        compared = self._compared(stored, standing)
        if self._is_being_written(stored):
            self._mark(Standing.PENDING, compared.missing)
            return gone
        by_id = {each.note.zoho_id: each for each in standing.values()}
        rows = {row.uid: row for row in self._rows(stored)}
        missing = [self._said(FindingKind.MESSAGE_NOT_IN_NOTE, by_id[rows[uid].note_id], uid) for uid in compared.missing]
        self._mark(Standing.NOT_IN_NOTE, compared.missing)
        differing = [each for each in standing.values() if not each.as_written]
        edited = [self._said(FindingKind.NOTE_EDITED, each) for each in differing] if compared.edited else []
        if not missing and not edited:
            self.in_zoho.found_as_written(differing)
        return [*gone, *missing, *edited]

    def _said(self, kind: FindingKind, each: SeenNote, uid: str | None = None) -> Difference:
        return Difference(
            kind=kind,
            chat_id=self.chat.id,
            day=self.day,
            message_uid=uid,
            record=each.whole.parent if each.whole and each.whole.parent.id else _record(each.note),
            note_id=each.note.zoho_id,
            expected_hash=each.note.body_hash or "",
            found_hash=body_hash(each.whole.content) if each.whole else "",
        )

    def _gone(self, stored: StoredDays, seen: Mapping[int, SeenNote]) -> list[Difference]:
        """Name the notes that messages are said to stand in and that Zoho does not have, or the record they stood on."""
        there = {each.note.zoho_id for each in seen.values() if each.whole is not None}
        lost: dict[str, RecordRef | None] = {}
        for row in self._rows(stored):
            if row.note_id in there:
                continue
            record = RecordRef(row.module, row.record_id) if row.module and row.record_id else None
            deleted = record is not None and self.in_zoho.is_deleted(record)
            self._mark(Standing.RECORD_DELETED if deleted else Standing.NOTE_DELETED, [row.uid])
            lost[row.note_id or ""] = record
        return [each for note_id, record in lost.items() for each in self._lost(note_id, record)]

    def _lost(self, note_id: str, record: RecordRef | None) -> list[Difference]:
        if record is None or not self.in_zoho.is_deleted(record):
            return [Difference(FindingKind.NOTE_DELETED, self.chat.id, self.day, record=record, note_id=note_id or None)]
        if record in self.verification.deleted_records:
            return []
        self.verification.deleted_records.add(record)
        return [Difference(FindingKind.RECORD_DELETED, self.chat.id, record=record)]

    def _is_being_written(self, stored: StoredDays) -> bool:
        """Say whether the notes of this day are about to be written anyway, over whatever stands there."""
        rows = stored.messages.get((self.chat.id, self.day), ())
        with self.verification.ledger.reading() as session:
            unsettled = intents.unsettled(session, self.verification.organisation_id)
        locked = any((intent.chat_id, intent.local_date) == (self.chat.id, self.day) for intent in unsettled)
        return locked or any(row.outcome == Outcome.PENDING.value for row in rows)

    def _compared(self, stored: StoredDays, standing: Mapping[int, SeenNote]) -> DayDifference:
        bodies = [part.body for part in self._parts(stored, stored.messages.get((self.chat.id, self.day), ()))]
        hashes = dict(enumerate(map(body_hash, bodies), 1))
        exact = all(hashes.get(part) == each.note.body_hash for part, each in standing.items())
        found = [line for each in standing.values() if each.whole for line in plain_lines(each.whole.content)]
        due = {row.uid for row in self._rows(stored)}
        shown = [self._shown(stored, row, exact, due) for row in stored.messages.get((self.chat.id, self.day), ())]
        headers = [plain_lines(bodies[0])[0]] * len(standing) if bodies else []
        compared = compare_day(shown, headers, found, exact=exact)
        return compared if exact else DayDifference(compared.missing, self._written_later(standing))

    def _shown(self, stored: StoredDays, row: MessageRow, exact: bool, due: set[str]) -> ShownMessage:
        gone = {uid for uid, standing in self.chat.standings.items() if standing is not Standing.IN_NOTE}
        if exact:
            lines = [line for part in self._parts(stored, [row]) for line in plain_lines(part.body)[1:]]
        else:
            lines = plain_lines(clean(row.text))
        return ShownMessage(row.uid, tuple(lines), due=row.uid in due - gone)

    def _parts(self, stored: StoredDays, rows: Sequence[MessageRow]) -> list[Part]:
        [first, *_] = stored.notes[self.chat.id, self.day]
        settings = self.verification.settings
        chat = self.chat.chat
        return parts_of_day(chat, first.chat_name, rows, stored, self.verification.wording, settings.timezone) if chat else []

    @staticmethod
    def _written_later(standing: Mapping[int, SeenNote]) -> bool:
        """Say whether somebody wrote after us: the only sign where the words of our own body cannot be made again."""
        return any(
            each.whole.modified_at > each.note.changed_at + CLOCKS_DIFFER
            for each in standing.values()
            if not each.as_written and each.whole and each.whole.modified_at and each.note.changed_at
        )


def _duplicates(
    verification: Verification, compared: Sequence[ComparedChat], stored: StoredDays, in_zoho: NotesInZoho
) -> list[Difference]:
    """Name notes that look like ours, stand on the same record and are not the one the ledger knows."""
    paths = {chat.id: urlsplit(chat.chat.url).path for chat in compared if chat.chat}
    with verification.ledger.reading() as session:
        ours = verifications.notes_known(session, verification.organisation_id, in_zoho.ids)
    found = []
    for (chat_id, day), notes in stored.notes.items():
        for note in notes:
            record = _record(note)
            for other in in_zoho.listed(record) if record else ():
                alike = plain(other.title).endswith(plain(date_and_part(note.title)))
                if other.id not in ours and alike and paths[chat_id] in plain(other.content):
                    others = (note.zoho_id,) if note.zoho_id else ()
                    found.append(
                        Difference(FindingKind.NOTE_DUPLICATE, chat_id, day, record=record, note_id=other.id, others=others)
                    )
    return found
