"""What the stand-in remembers: records, notes and users in memory, with the orders and indexes that 100,000 records need."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sandbox.zoho.modules import Module, default_modules

Values = dict[str, Any]
Operation = Literal["create", "edit", "delete"]
_FIRST_ID = 5_725_767_000_000_500_001


@dataclass(slots=True)
class Conversion:
    """What a lead became; an id is None where no record was made or the trace is gone."""

    at: datetime
    contact_id: str | None = None
    account_id: str | None = None
    deal_id: str | None = None


@dataclass(slots=True)
class Deletion:
    """When and by whom a record was deleted; `recycle` is the bin, `permanent` is gone from there too."""

    at: datetime
    by: str
    kind: str = "recycle"


@dataclass(slots=True, eq=False)
class Record:
    """A row of a module. `values` is replaced, never changed in place, so that whoever holds it keeps a snapshot."""

    module: str
    id: str
    values: Values
    owner_id: str
    created_at: datetime
    modified_at: datetime
    created_by: str
    modified_by: str
    conversion: Conversion | None = None
    deletion: Deletion | None = None


@dataclass(slots=True)
class Attachment:
    """A file on a note."""

    id: str
    file_name: str
    content: bytes
    media_type: str
    created_at: datetime
    created_by: str


@dataclass(slots=True, eq=False)
class Note:
    """A note on a record; `content` is what was sent."""

    id: str
    title: str | None
    content: str | None
    parent: tuple[str, str]
    owner_id: str
    created_at: datetime
    modified_at: datetime
    created_by: str
    modified_by: str
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a record or note: `values` is what it held then, None when it is gone."""

    at: datetime
    module: str
    id: str
    operation: Operation
    values: Values | None


class Store:
    """Memory of one organisation. `now` gives the moment every change is dated with; listeners hear of every change."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.modules: dict[str, Module] = default_modules()
        self.records: dict[str, dict[str, Record]] = {name: {} for name in self.modules}
        self.notes: dict[str, Note] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.listeners: list[Callable[[Change], None]] = []
        self._notes_of: dict[tuple[str, str], dict[str, Note]] = defaultdict(dict)
        self._orders: dict[tuple[str, str], list[Record]] = {}
        self._indexes: dict[tuple[str, str], dict[str, set[str]]] = {}
        self._next_id = _FIRST_ID

    def new_id(self) -> str:
        """Give an id larger than every other one."""
        self._next_id += 1
        return str(self._next_id)

    def add(self, record: Record) -> Record:
        """Take in a record as it is, silently, as the world brings it; its id may be any number."""
        self._next_id = max(self._next_id, int(record.id))
        self.records[record.module][record.id] = record
        self._index(record, record.values, set.add)
        self._unsort(record.module, "id", "Created_Time", "Modified_Time")
        return record

    def create(self, module: str, values: Values, owner_id: str, by: str) -> Record:
        """Make a new record."""
        now = self.now()
        record = self.add(Record(module, self.new_id(), values, owner_id, now, now, by, by))
        self._tell(record.module, record.id, "create", record.values)
        return record

    def live(self, module: str, record_id: str) -> Record | None:
        """Find a record that is not deleted; a converted lead is found."""
        record = self.records.get(module, {}).get(record_id)
        return record if record and not record.deletion else None

    def edit(self, record: Record, values: Values, by: str, owner_id: str | None = None) -> None:
        """Replace the given values and stamp the record."""
        self._index(record, record.values, set.discard)
        record.values = {**record.values, **values}
        self._index(record, record.values, set.add)
        record.owner_id = owner_id or record.owner_id
        self.touch(record, by)
        self._tell(record.module, record.id, "edit", record.values)

    def touch(self, record: Record, by: str) -> None:
        """Stamp a record as modified now."""
        record.modified_at, record.modified_by = self.now(), by
        self._unsort(record.module, "Modified_Time")

    def convert(self, record: Record, conversion: Conversion, by: str, *, touch: bool) -> None:
        """Mark a lead as converted."""
        record.conversion = conversion
        if touch:
            self.touch(record, by)
        self._tell(record.module, record.id, "edit", record.values)

    def delete(self, record: Record, by: str, kind: str = "recycle") -> None:
        """Delete a record; its notes stay with it, out of sight."""
        record.deletion = Deletion(self.now(), by, kind)
        self._index(record, record.values, set.discard)
        self._unsort(record.module, "id", "Created_Time", "Modified_Time")
        self._tell(record.module, record.id, "delete", None)

    def ordered(self, module: str, by: str) -> list[Record]:
        """List the records that are not deleted, ascending by `id`, `Created_Time` or `Modified_Time`; do not change it."""
        order = self._orders.get((module, by))
        if order is None:
            kept = [record for record in self.records[module].values() if not record.deletion]
            order = self._orders[module, by] = sorted(kept, key=SORT_KEYS[by])
        return order

    def modified_since(self, module: str, since: datetime) -> list[Record]:
        """List the records modified at or after a moment, ascending."""
        order = self.ordered(module, "Modified_Time")
        return order[bisect_left(order, since, key=lambda record: record.modified_at) :]

    def holders(self, module: str, api_name: str, value: Any) -> list[Record]:
        """List the records, oldest first, whose field holds the value, regardless of case."""
        index = self._indexes.get((module, api_name))
        if index is None:
            index = self._indexes[module, api_name] = {}
            for record in self.ordered(module, "id"):
                _file(index, record, record.values.get(api_name), set.add)
        found = (self.records[module][record_id] for record_id in index.get(_folded(value), ()))
        return sorted(found, key=SORT_KEYS["id"])

    def add_note(self, note: Note) -> Note:
        """Take in a note as it is."""
        self._next_id = max(self._next_id, int(note.id))
        self.notes[note.id] = note
        self._notes_of[note.parent][note.id] = note
        self._tell("Notes", note.id, "create", {})
        return note

    def live_note(self, note_id: str) -> Note | None:
        """Find a note whose parent is not deleted."""
        note = self.notes.get(note_id)
        return note if note and self.live(*note.parent) else None

    def notes_of(self, module: str, record_id: str) -> list[Note]:
        """List the notes of a record in the order of their ids."""
        return sorted(self._notes_of.get((module, record_id), {}).values(), key=lambda note: int(note.id))

    def edit_note(self, note: Note, title: str | None, content: str | None, by: str) -> None:
        """Replace title and content; None keeps what is there."""
        note.title = note.title if title is None else title
        note.content = note.content if content is None else content
        note.modified_at, note.modified_by = self.now(), by
        self._tell("Notes", note.id, "edit", {})

    def move_notes(self, old: tuple[str, str], new: tuple[str, str]) -> None:
        """Hang all notes of one record on another; their ids stay."""
        for note in self._notes_of.pop(old, {}).values():
            note.parent = new
            self._notes_of[new][note.id] = note

    def delete_note(self, note: Note) -> None:
        """Delete a note for good."""
        del self.notes[note.id]
        self._notes_of[note.parent].pop(note.id, None)
        self._tell("Notes", note.id, "delete", None)

    def _tell(self, module: str, record_id: str, operation: Operation, values: Values | None) -> None:
        change = Change(self.now(), module, record_id, operation, values)
        for listener in self.listeners:
            listener(change)

    def _unsort(self, module: str, *orders: str) -> None:
        for by in orders:
            self._orders.pop((module, by), None)

    def _index(self, record: Record, values: Values, file: Callable[[set[str], str], None]) -> None:
        for (module, api_name), index in self._indexes.items():
            if module == record.module:
                _file(index, record, values.get(api_name), file)


SORT_KEYS: dict[str, Callable[[Record], Any]] = {
    "id": lambda record: int(record.id),
    "Created_Time": lambda record: (record.created_at, int(record.id)),
    "Modified_Time": lambda record: (record.modified_at, int(record.id)),
}


def _file(index: dict[str, set[str]], record: Record, value: Any, file: Callable[[set[str], str], None]) -> None:
    if value not in (None, "", []):
        file(index.setdefault(_folded(value), set()), record.id)


def _folded(value: Any) -> str:
    return str(value["id"] if isinstance(value, dict) else value).casefold()
