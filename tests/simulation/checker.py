"""The checker: it reads the stand-ins' memories themselves and holds them against what was written.

While a seed runs: never two notes with one message, never a message under a wrong record or day, never a second note for a
chat and day, never a second record of ours for a number. At its end: every message in exactly one note, and the ledger agrees.
"""

import re
from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chatledger.planning import LEAD_SOURCE
from sandbox.zoho.store import Change, Note
from tests.simulation.people import PHONE_FIELDS, Lineage, People, digits
from tests.simulation.world import World

_MARK = re.compile(r"#(\d+)#")
_DATE = re.compile(r"\((\d\d/\d\d/\d{4})\)")
LONG_KNOWN = timedelta(minutes=6)
"""A record that old was in the index when a creation was decided, however late that was carried out."""
SUBSCRIBER = 10
_CHAT = re.compile(r"/chat/(\d+)")


class Violation(AssertionError):
    """The promise was broken."""


class Checker:
    """Watches one seed. Raises Violation as soon as something is wrong."""

    def __init__(self, world: World, lineage: Lineage, people: People):
        self._store = world.zoho.crm.store
        self._zone = ZoneInfo(world.settings.timezone)
        self._lineage = lineage
        self._people = people
        self._notes_with = defaultdict(set)
        self._notes_of_day = defaultdict(set)
        self._tell = world.tell
        self._ours = defaultdict(list)
        self.problems = []
        self._store.listeners.append(self._heard)

    def _heard(self, change: Change):
        if change.module == "Notes":
            if change.id in self._store.notes:
                self._note_changed(self._store.notes[change.id])
        elif (change.module, change.operation) == ("Leads", "create") and change.values.get("Lead_Source") == LEAD_SOURCE:
            self._record_created(change)

    def _note_changed(self, note: Note):
        self._tell("note", note.id, note.parent, note.title, _MARK.findall(note.content or ""))
        numbers = {int(number) for number in _MARK.findall(note.content or "")}
        if not numbers:
            return
        chat_id = int(_CHAT.search(note.content).group(1))
        day = _DATE.search(note.title).group(1)
        for number in numbers:
            self._belongs(number, note, chat_id, day)
            self._notes_with[number].add(note.id)
            self._only_one(self._notes_with[number], f"message {number} stands in two notes")
        place = (chat_id, day, note.title.rpartition(" · ")[2] if " · " in note.title else "")
        self._notes_of_day[place].add(note.id)
        self._only_one(self._notes_of_day[place], f"two notes for chat {chat_id} and {day}")

    def _belongs(self, number, note: Note, chat_id, day):
        _, right_chat, line, at, counts = self._people.written[number]
        if not counts:
            self._wrong(f"message {number} should not be written at all")
        if chat_id != right_chat:
            self._wrong(f"message {number} stands in a note of chat {chat_id}")
        if day != at.astimezone(self._zone).strftime("%d/%m/%Y"):
            self._wrong(f"message {number} of {at} stands in the note of {day}")
        if digits(line.phone) not in self._lineage.numbers[note.parent[1]]:
            self._wrong(f"message {number} of {line.phone} stands on {note.parent[0]} {note.parent[1]}")

    def _only_one(self, ids, problem):
        alive = [note for note_id in sorted(ids) if (note := self._store.live_note(note_id))]
        # A note that stayed behind on a converted lead, which nobody opens any more, is made anew on the contact.
        standing = [note for note in alive if not self._store.live(*note.parent).conversion]
        if len(standing) > 1 or len(alive) - len(standing) > 1:
            self._wrong(f"{problem}: {[note.id for note in alive]}")

    def _record_created(self, change: Change):
        number = digits(change.values.get("Mobile"))
        for record_id in self._ours[number]:
            record = self._alive_heir("Leads", record_id)
            if record and number in {digits(record.values.get(name)) for name in ("Mobile", "Phone")}:
                self._wrong(f"a second record for {number}: {change.id} beside {record.module} {record.id}")
        for record in self._long_known(number, change.at - LONG_KNOWN):
            self._wrong(f"a record for {number} beside {record.module} {record.id}, which was there for long")
        self._ours[number].append(change.id)

    def _long_known(self, number, since):
        """Name the records a person may have made, with this number in the field that is looked at."""
        for module, field in PHONE_FIELDS.items():
            for record in self._store.records[module].values():
                alive = not record.deletion and not record.conversion and record.modified_at < since
                if alive and digits(record.values.get(field))[-SUBSCRIBER:] == number[-SUBSCRIBER:]:
                    yield record

    def _alive_heir(self, module, record_id):
        record = self._store.live(module, record_id)
        if record and record.conversion and record.conversion.contact_id:
            return self._alive_heir("Contacts", record.conversion.contact_id)
        return record

    def _wrong(self, problem):
        self._tell("WRONG", problem)
        self.problems.append(problem)

    def during(self):
        """Raise Violation for whatever has gone wrong so far."""
        if self.problems:
            raise Violation("; ".join(dict.fromkeys(self.problems)))

    def at_the_end(self, rows):
        """Check that every message stands in exactly one note and that the ledger's rows (by uid) agree with it."""
        for number, (uid, _, _, at, counts) in enumerate(self._people.written):
            self._message(number, rows.pop(uid, None), at, counts)
        for ids in (*self._notes_with.values(), *self._notes_of_day.values()):
            self._only_one(ids, "two notes at the end")
        if rows:
            self._wrong(f"the ledger holds {len(rows)} messages that nobody wrote")
        self.during()

    def _message(self, number, row, at: datetime, counts):
        standing = [note_id for note_id in self._notes_with[number] if self._shows(note_id, number)]
        taken = self._notes_with[number] & self._people.taken_away
        if row is None:
            self._wrong(f"message {number} of {at} never reached the ledger")
        elif counts and not standing and not taken:
            self._wrong(f"message {number} is lost: {row.outcome}, {row.reason}, {row.module} {row.record_id} {row.note_id}")
        elif row.outcome != ("synced" if counts else "skipped"):
            self._wrong(f"message {number} ended as {row.outcome}, {row.reason} {row.detail}")

    def _shows(self, note_id, number):
        note = self._store.live_note(note_id)
        return note is not None and f"#{number}#" in (note.content or "")
