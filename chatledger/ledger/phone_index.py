"""The phone index: for each synced module one row per record, found by exact key or by alias."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam
from sqlmodel import Session, col, delete, func, select, update

from chatledger.ledger.chunking import chunks
from chatledger.ledger.database import later_of, now_in, replace, rows_of
from chatledger.ledger.erasures import is_erased
from chatledger.ledger.tables import IndexedRecord, IndexState, UtcTime
from chatledger.models import IndexedRecord as Record
from chatledger.models import RecordRef

ColumnOfKeys = Callable[[str], str]

# Built once, because every decision of a tick asks the index.
_STATES = select(IndexState).where(col(IndexState.organisation_id) == bindparam("organisation"))
_MOVED_ON = (
    update(IndexState)
    .where(col(IndexState.organisation_id) == bindparam("organisation"), col(IndexState.module) == bindparam("its_module"))
    .values(
        cursor=later_of(col(IndexState.cursor), bindparam("newest", type_=UtcTime)),
        read_at=bindparam("now"),
        grown_at=func.coalesce(bindparam("grown_now", type_=UtcTime), col(IndexState.grown_at)),
    )
)
_WHERE = {
    column: select(IndexedRecord).where(
        col(IndexedRecord.organisation_id) == bindparam("organisation"),
        col(IndexedRecord.module) == bindparam("module"),
        col(getattr(IndexedRecord, column)).in_(bindparam("values", expanding=True)),
    )
    for column in ("record_id", "phone_key", "alias_key")
}


def states(session: Session, organisation_id: str) -> dict[str, IndexState]:
    """Return how far the index of each module is."""
    rows = session.exec(_STATES, params={"organisation": organisation_id}).all()
    return {row.module: row for row in rows}


def moved_on(
    session: Session, organisation_id: str, module: str, newest: datetime | None, *, now: datetime, grown: bool
) -> None:
    """Note up to which change of a module the index was read; the cursor never goes back. `grown`: a record appeared."""
    moved = {"organisation": organisation_id, "its_module": module, "newest": newest, "now": now}
    session.connection().execute(_MOVED_ON, moved | {"grown_now": now if grown else None})


def start_building(session: Session, organisation_id: str, module: str, phone_field: str, region: str) -> IndexState:
    """Begin the index of a module anew: nothing is known of it until it is complete."""
    session.exec(
        delete(IndexedRecord).where(col(IndexedRecord.organisation_id) == organisation_id, col(IndexedRecord.module) == module)
    )
    state = IndexState(organisation_id=organisation_id, module=module, phone_field=phone_field, region=region)
    return session.merge(state)


def drop_other_modules(session: Session, organisation_id: str, modules: Iterable[str]) -> None:
    """Forget the index of modules that are no longer synced."""
    kept = list(modules)
    for table in (IndexedRecord, IndexState):
        session.exec(delete(table).where(col(table.organisation_id) == organisation_id, col(table.module).not_in(kept)))


def replace_rows(session: Session, organisation_id: str, rows: Sequence[Record], alias_of: ColumnOfKeys) -> None:
    """Store rows by record id; an edited phone drops its old key with that. The number of an erased person is not kept."""
    if not rows:
        return
    now = now_in(session)
    erased = is_erased(session, organisation_id)
    rows = [dataclasses.replace(row, phone_key=None) if erased(row.phone_key) else row for row in rows]
    values = [
        {
            "organisation_id": organisation_id,
            "module": row.ref.module,
            "record_id": row.ref.id,
            "phone_key": row.phone_key,
            "alias_key": alias_of(row.phone_key) if row.phone_key else None,
            "owner_id": row.owner_id,
            "created_at": row.created_at,
            "modified_at": row.modified_at,
            "alive": row.alive,
            "converted": row.converted,
            "converted_contact": row.converted_contact,
            "read_at": now,
        }
        for row in rows
    ]
    replace(session, IndexedRecord, values)


def mark_gone(session: Session, organisation_id: str, records: Iterable[RecordRef]) -> None:
    """Note that records were deleted or merged away; their rows stay as evidence, without being candidates."""
    for ref in records:
        row = session.get(IndexedRecord, (organisation_id, ref.module, ref.id))
        if row is None:
            row = IndexedRecord(organisation_id=organisation_id, module=ref.module, record_id=ref.id)
            session.add(row)
        row.alive = False


def by_id(session: Session, organisation_id: str, refs: Iterable[RecordRef]) -> dict[RecordRef, Record]:
    """Return what the index knows of these records; unknown ones are missing."""
    wanted: dict[str, list[str]] = {}
    for ref in refs:
        wanted.setdefault(ref.module, []).append(ref.id)
    found: dict[RecordRef, Record] = {}
    for module, ids in wanted.items():
        for row in _where(session, organisation_id, module, "record_id", ids):
            found[row.ref] = row
    return found


def read_before(session: Session, organisation_id: str, refs: Iterable[RecordRef], moment: datetime) -> list[RecordRef]:
    """Return those of the records, alive and not converted as far as is known, that were last read before a moment."""
    ids = [ref.id for ref in refs if ref.module == "Leads"]
    return [
        RecordRef("Leads", record_id)
        for chunk in chunks(ids)
        for record_id in session.exec(
            select(IndexedRecord.record_id).where(
                IndexedRecord.organisation_id == organisation_id,
                IndexedRecord.module == "Leads",
                col(IndexedRecord.record_id).in_(chunk),
                col(IndexedRecord.read_at) < moment,
                col(IndexedRecord.alive),
                ~col(IndexedRecord.converted),
            )
        )
    ]


def by_key(session: Session, organisation_id: str, module: str, keys: Sequence[str]) -> dict[str, list[Record]]:
    """Return the records of a module with exactly these phone keys, by key."""
    return _grouped(_where(session, organisation_id, module, "phone_key", keys), lambda row: row.phone_key)


def by_alias(
    session: Session, organisation_id: str, module: str, aliases: Sequence[str], alias_of: ColumnOfKeys
) -> dict[str, list[Record]]:
    """Return the records of a module with these alias keys, by alias key."""
    rows = _where(session, organisation_id, module, "alias_key", aliases)
    return _grouped(rows, lambda row: alias_of(row.phone_key) if row.phone_key else None)


def _grouped(rows: Iterable[Record], key: Callable[[Record], str | None]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for row in rows:
        groups.setdefault(key(row) or "", []).append(row)
    return groups


def _where(session: Session, organisation_id: str, module: str, column: str, values: Iterable[str]) -> list[Record]:
    found: list[Record] = []
    for chunk in chunks(values):
        asked = {"organisation": organisation_id, "module": module, "values": list(chunk)}
        found += [_value(row) for row in rows_of(session, _WHERE[column], asked)]
    return found


def _value(row: Row[Any]) -> Record:
    return Record(
        ref=RecordRef(row.module, row.record_id),
        phone_key=row.phone_key,
        created_at=row.created_at,
        modified_at=row.modified_at,
        owner_id=row.owner_id,
        alive=row.alive,
        converted=row.converted,
        converted_contact=row.converted_contact,
    )
