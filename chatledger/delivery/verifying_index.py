"""Verifying the phone index: every record of the synced modules, as Zoho lists it, against the row the index has.

What Zoho changed after the last change the index has read is no difference: the next tick reads that by itself.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from chatledger.delivery.comparing import Difference, FindingKind
from chatledger.delivery.index_pages import all_pages
from chatledger.delivery.index_reading import indexed, read_rows
from chatledger.delivery.verification import Verification
from chatledger.errors import OutsideError
from chatledger.ledger import phone_index, verifications
from chatledger.ledger.tables import Change, IndexState
from chatledger.models import IndexedRecord, RecordRef
from chatledger.phones import alias_key

log = logging.getLogger(__name__)

IDS_PER_CALL = 50
A_FEW = 20
MOST_VANISHING = 0.05


async def compare_index(verification: Verification) -> None:
    """Compare the whole phone index with Zoho, put right what differs, and write it down.

    Costs one call per 200 records of a module. Trouble with Zoho is remembered in the verification.
    """
    with verification.ledger.reading() as session:
        states = phone_index.states(session, verification.organisation_id)
    for module in verification.settings.phone_fields:
        state = states.get(module)
        if state is None or state.state != "complete":
            continue  # the next tick goes on reading it
        try:
            await _compare_module(verification, state)
        except OutsideError as error:
            verification.met(error)


async def _compare_module(verification: Verification, state: IndexState) -> None:
    begun = verification.ledger.now()
    afresh = IndexState(
        organisation_id=state.organisation_id, module=state.module, phone_field=state.phone_field, region=state.region
    )
    seen: set[str] = set()
    asked_at = begun
    async for page in all_pages(verification.zoho, afresh):
        rows = [row for row in indexed(page.items, state) if row.ref.id not in seen]
        seen |= {row.ref.id for row in rows}
        _compare_rows(verification, state, rows, asked_at)
        asked_at = verification.ledger.now()
    await _compare_missing(verification, state, seen, begun)
    verification.index_rows += len(seen)
    log.info("%s: %d records compared with the phone index, %d differences", state.module, len(seen), _found(verification))


def _found(verification: Verification) -> int:
    kinds = (FindingKind.INDEX_MISSING, FindingKind.INDEX_OUTDATED, FindingKind.INDEX_GONE)
    return sum(verification.found[kind] for kind in kinds)


def _compare_rows(verification: Verification, state: IndexState, rows: Sequence[IndexedRecord], asked_at: datetime) -> None:
    organisation = verification.organisation_id
    with verification.ledger.reading() as session:
        known = phone_index.by_id(session, organisation, [row.ref for row in rows])
        newer = verifications.read_since(session, organisation, state.module, [row.ref.id for row in rows], asked_at)
    wrong = [
        (row, kind)
        for row in rows
        if row.ref.id not in newer and not _still_to_be_read(row, state) and (kind := _difference(row, known.get(row.ref)))
    ]
    _repair(verification, [row for row, _ in wrong], known)
    verification.keep([Difference(kind, record=row.ref) for row, kind in wrong], repaired=verification.repairs)


def _still_to_be_read(row: IndexedRecord, state: IndexState) -> bool:
    return row.modified_at is None or state.cursor is None or row.modified_at > state.cursor


def _difference(row: IndexedRecord, known: IndexedRecord | None) -> FindingKind | None:
    if known is None:
        return FindingKind.INDEX_MISSING
    told = (row.phone_key, row.alive, row.converted, row.converted_contact)
    return (
        FindingKind.INDEX_OUTDATED
        if told != (known.phone_key, known.alive, known.converted, known.converted_contact)
        else None
    )


async def _compare_missing(verification: Verification, state: IndexState, seen: set[str], begun: datetime) -> None:
    """Look at the records that the index takes for alive and the list did not show: some moved while it was read."""
    organisation = verification.organisation_id
    with verification.ledger.reading() as session:
        unseen = sorted(verifications.indexed_ids(session, organisation, state.module, begun) - seen)
    gone: list[RecordRef] = []
    for start in range(0, len(unseen), IDS_PER_CALL):
        asked = unseen[start : start + IDS_PER_CALL]
        there = {row.ref.id for row in await read_rows(verification.zoho, state, asked)}
        gone += [RecordRef(state.module, record_id) for record_id in asked if record_id not in there]
    believed = not _is_a_mass(len(gone), len(seen) + len(unseen))
    if believed:
        verification.gone_records.update(gone)
        _mark_gone(verification, gone)
    found = [Difference(FindingKind.INDEX_GONE, record=ref) for ref in gone]
    verification.keep(found, repaired=verification.repairs and believed)


def _is_a_mass(gone: int, known: int) -> bool:
    """Say whether so many records vanished at once that Zoho more likely does not show them to us.

    Without them in the index their people would get second records. Those that really were deleted are named by Zoho's list of
    deletions, which ticks read once a day.
    """
    return gone > A_FEW and gone > known * MOST_VANISHING


def _repair(verification: Verification, rows: Sequence[IndexedRecord], known: dict[RecordRef, IndexedRecord]) -> None:
    if not rows or not verification.repairs:
        return
    now = verification.ledger.now()
    with verification.ledger.transaction() as session:
        phone_index.replace_rows(session, verification.organisation_id, rows, alias_key)
        for row in rows:
            verifications.index_repaired(session, _change(verification, row.ref, now, known.get(row.ref), row))


def _mark_gone(verification: Verification, gone: Iterable[RecordRef]) -> None:
    refs = list(gone)
    if not refs or not verification.repairs:
        return
    now = verification.ledger.now()
    with verification.ledger.transaction() as session:
        phone_index.mark_gone(session, verification.organisation_id, refs)
        for ref in refs:
            verifications.index_repaired(session, _change(verification, ref, now, None, None))


def _change(
    verification: Verification, ref: RecordRef, now: datetime, before: IndexedRecord | None, after: IndexedRecord | None
) -> Change:
    """Return the line of history; numbers are left out of it, the index has them."""
    return Change(
        organisation_id=verification.organisation_id, at=now, actor="verify", what="index_repaired", module=ref.module,
        record_id=ref.id, before=_told(before) if before else None, after=_told(after) if after else {"alive": False},
    )  # fmt: skip


def _told(row: IndexedRecord) -> dict[str, object]:
    modified = row.modified_at.isoformat() if row.modified_at else None
    return {"alive": row.alive, "converted": row.converted, "modified": modified, "has_number": row.phone_key is not None}
