"""The notes of a verification's records as Zoho has them, each read as seldom as can be."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chatledger.delivery.endless_lists import note_pages
from chatledger.delivery.verification import Verification
from chatledger.errors import NotFound, OutsideError, Rejected
from chatledger.ledger import phone_index, verifications
from chatledger.ledger.tables import Note, VerifiedNote
from chatledger.models import RecordRef, ZohoNote
from chatledger.transcript import body_hash

LISTS_AT_ONCE = 5
CLOCKS_DIFFER = timedelta(minutes=2)
"""Zoho's clock and ours, together with its times of whole seconds."""


@dataclass(frozen=True, slots=True)
class SeenNote:
    """A note of the ledger and what Zoho has of it: None where it is gone.

    `as_written` says that the body is what the ledger says was written, or was found to be so before and not changed since.
    """

    note: Note
    whole: ZohoNote | None
    as_written: bool = False

    def says(self, note: Note) -> bool:
        """Say whether Zoho has exactly this body."""
        return self.whole is not None and body_hash(self.whole.content) == note.body_hash


class NotesInZoho:
    """Lists the notes of records and looks at single ones."""

    def __init__(self, verification: Verification) -> None:
        self._verification = verification
        self._listed: dict[RecordRef, Sequence[ZohoNote]] = {}
        self._by_id: dict[str, ZohoNote] = {}
        self._refused: set[RecordRef] = set()
        self._errors: dict[RecordRef, OutsideError] = {}
        self._verified: dict[str, VerifiedNote] = {}
        self._found: list[VerifiedNote] = []

    @property
    def ids(self) -> set[str]:
        """The ids of all notes listed."""
        return set(self._by_id)

    def listed(self, record: RecordRef) -> Sequence[ZohoNote]:
        """Return the notes of a record, none for one that could not be read."""
        return self._listed.get(record, ())

    async def list_notes(self, records: Iterable[RecordRef]) -> None:
        """Read the notes of records. What could not be read is told by `look_at`."""
        gate = asyncio.Semaphore(LISTS_AT_ONCE)

        async def read(record: RecordRef) -> None:
            async with gate:
                try:
                    notes = self._listed[record] = await self._all(record)
                    self._by_id.update((note.id, note) for note in notes)
                except OutsideError as error:
                    if isinstance(error, NotFound) or (isinstance(error, Rejected) and error.code == "INVALID_DATA"):
                        self._refused.add(record)
                    else:
                        self._errors[record] = error

        await asyncio.gather(*(read(record) for record in dict.fromkeys(records)))
        with self._verification.ledger.reading() as session:
            self._verified = verifications.verified_notes(session, self._verification.organisation_id, self.ids)

    async def _all(self, record: RecordRef) -> list[ZohoNote]:
        if self._verification.stopped:
            raise self._verification.problems[-1]
        return [note async for page in note_pages(self._verification.zoho, record) for note in page.items]

    async def look_at(self, note: Note, record: RecordRef | None) -> SeenNote:
        """Return what Zoho has of a note, from the record's list where that tells enough. Raises OutsideError."""
        if record in self._errors:
            raise self._errors[record]
        listed = next((each for each in self.listed(record) if each.id == note.zoho_id), None) if record else None
        if listed is None:
            return await self.look_again(note, record)
        if body_hash(listed.content) == note.body_hash or self._was_verified(note, listed):
            return SeenNote(note, listed, as_written=True)
        return await self.look_again(note, record)

    async def look_again(self, note: Note, record: RecordRef | None) -> SeenNote:
        """Read a note by its id, wherever it stands by now. Raises OutsideError."""
        if record in self._errors:
            raise self._errors[record]
        whole = await self._verification.zoho.note(note.zoho_id) if note.zoho_id else None
        seen = SeenNote(note, whole)
        seen = SeenNote(note, whole, as_written=seen.says(note))
        if seen.as_written:
            self.found_as_written([seen])
        return seen

    def _was_verified(self, note: Note, listed: ZohoNote) -> bool:
        before = self._verified.get(listed.id) if self._verification.trusts_earlier_reads else None
        if before is None:
            return False
        known = (before.body_hash, before.modified_at, before.listed_hash)
        return known == (note.body_hash, listed.modified_at, body_hash(listed.content))

    def found_as_written(self, seen: Iterable[SeenNote]) -> None:
        """Take down that these notes need not be read again while nobody changes them.

        One that was written just now is not taken down: another change in the same second would not move its time.
        """
        settled = self._verification.ledger.now() - CLOCKS_DIFFER
        self._found += [
            VerifiedNote(
                organisation_id=self._verification.organisation_id, note_id=each.whole.id, body_hash=each.note.body_hash,
                modified_at=each.whole.modified_at, listed_hash=body_hash(self._by_id[each.whole.id].content),
            )
            for each in seen
            if each.whole and each.whole.id in self._by_id and each.whole.modified_at and each.whole.modified_at < settled
            and each.note.body_hash
        ]  # fmt: skip

    def remember(self) -> None:
        """Store what was taken down."""
        latest = {row.note_id: row for row in self._found}
        with self._verification.ledger.transaction() as session:
            verifications.keep_verified(session, list(latest.values()))

    def is_deleted(self, record: RecordRef) -> bool:
        """Say whether a record is deleted or merged away; a converted lead is not."""
        if record in self._verification.gone_records:
            return True
        with self._verification.ledger.reading() as session:
            known = phone_index.by_id(session, self._verification.organisation_id, [record]).get(record)
        if known is None:
            return record in self._refused
        return not known.alive or (record in self._refused and not known.converted)
