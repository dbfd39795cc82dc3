"""Reading the phone index: in full at activation, then only what has changed, by Zoho's own time."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from chatledger.clients import ZohoClient
from chatledger.delivery.endless_lists import PagesInARow
from chatledger.delivery.index_pages import all_pages, changed_pages, converted_too, index_fields, row_moment
from chatledger.delivery.tick import Tick
from chatledger.errors import NotPermitted, Rejected, Unavailable
from chatledger.ledger import Session, chats, lease, links, messages, phone_index
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import IndexState
from chatledger.models import IndexedRecord, RecordRef
from chatledger.phones import alias_key, phone_key
from chatledger.settings import SyncSettings

OVERLAP = timedelta(minutes=10)
FRESH_FOR = timedelta(seconds=60)
SWEEP_EVERY = timedelta(hours=24)


def as_indexed(module: str, row: dict[str, Any], phone_field: str, region: str) -> IndexedRecord:
    """Read a row of Zoho's record list into what the index keeps of it."""
    owner, contact = row.get("Owner"), row.get("Converted_Contact")
    return IndexedRecord(
        ref=RecordRef(module, str(row["id"])),
        phone_key=phone_key(str(row.get(phone_field) or ""), region),
        created_at=row_moment(row.get("Created_Time")),
        modified_at=row_moment(row.get("Modified_Time")),
        owner_id=str(owner["id"]) if isinstance(owner, dict) and owner.get("id") else None,
        converted=row.get("Converted__s") in (True, "true"),
        converted_contact=str(contact["id"]) if isinstance(contact, dict) and contact.get("id") else None,
    )


async def build(ledger: Ledger, zoho: ZohoClient, organisation_id: str, settings: SyncSettings) -> int:
    """Read every synced module in full, going on where an earlier try stopped; return the rows read.

    Nothing is created before the index is complete. Raises OutsideError when Zoho stops answering; call again.
    """
    with ledger.transaction() as session:
        states = phone_index.states(session, organisation_id)
        phone_index.drop_other_modules(session, organisation_id, settings.phone_fields)
        for module, phone_field in settings.phone_fields.items():
            state = states.get(module)
            if state is None or (state.phone_field, state.region) != (phone_field, settings.default_region):
                phone_index.start_building(session, organisation_id, module, phone_field, settings.default_region)
        states = phone_index.states(session, organisation_id)
    rows = 0
    for state in states.values():
        if state.state != "complete":
            rows += await _build_module(ledger, zoho, organisation_id, state)
    return rows


async def _build_module(ledger: Ledger, zoho: ZohoClient, organisation_id: str, state: IndexState) -> int:
    module = state.module
    if state.rows_read == 0:
        # Taken before the first page, so that whatever changes while the pages are read is read again afterwards.
        newest = await zoho.records(
            module, ["id", "Modified_Time"], converted=converted_too(module), sort_by="Modified_Time", sort_order="desc"
        )
        state.cursor = row_moment(newest.items[0].get("Modified_Time")) if newest.items else None
    async for page in all_pages(zoho, state):
        state.rows_read += len(page.items)
        with ledger.transaction() as session:
            phone_index.replace_rows(session, organisation_id, indexed(page.items, state), alias_key)
            session.merge(state)
    state.state, state.page_token, state.last_id, state.walked_to = "complete", None, None, None
    state.read_at = state.swept_at = ledger.now()
    with ledger.transaction() as session:
        session.merge(state)
    return state.rows_read


def indexed(rows: Iterable[dict[str, Any]], state: IndexState) -> list[IndexedRecord]:
    """Read rows of a record list into what the index keeps of them."""
    return [as_indexed(state.module, row, state.phone_field, state.region) for row in rows]


async def bring_up_to_date(tick: Tick) -> None:
    """Finish an index that was not read in full yet, then read what has changed."""
    with tick.ledger.reading() as session:
        complete = is_complete(tick, session)
    if not complete:
        await build(tick.ledger, tick.zoho, tick.organisation_id, tick.settings)
    await read_changes(tick)
    await sweep_deleted(tick)
    await look_for_conversions(tick)


async def sweep_deleted(tick: Tick) -> None:
    """Once a day, note which records were deleted or merged away; between two sweeps refused writes tell.

    A list of deletions that is refused or cannot be read is a remark of the run, no reason to write nothing.
    """
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        states = phone_index.states(session, tick.organisation_id)
    for module in tick.settings.phone_fields:
        last = states[module].swept_at
        if last is not None and now - last < SWEEP_EVERY:
            continue
        try:
            gone = await _gone(tick.zoho, module, last - OVERLAP if last else None)
        except (NotPermitted, Rejected, Unavailable) as error:
            tick.remarks.append(f"Deleted records of {module} were not looked for, the next run tries again: {error}")
            continue
        with tick.ledger.transaction() as session:
            phone_index.mark_gone(session, tick.organisation_id, gone)
            phone_index.states(session, tick.organisation_id)[module].swept_at = now


async def _gone(zoho: ZohoClient, module: str, since: datetime | None) -> list[RecordRef]:
    gone: list[RecordRef] = []
    number, more = 1, True
    pages = PagesInARow(f"the deleted records of {module}")
    while more:
        page = await zoho.deleted(module, since=since, page=number)
        gone += [row.ref for row in page.items]
        if page.more:
            pages.came(row.ref.id for row in page.items)
        number, more = number + 1, page.more
    return gone


async def read_changes(tick: Tick, *, since: datetime | None = None, whole: bool = False) -> None:
    """Bring the index up to date: one call per module when fewer than 200 rows changed.

    `since` reads from an earlier moment than the cursor, `whole` from the beginning, for settling an intent. The cursor is
    Zoho's own time and is stored together with the rows it stands for.
    """
    with tick.ledger.reading() as session:
        states = phone_index.states(session, tick.organisation_id)
    for module in tick.settings.phone_fields:
        state = states[module]
        start = None if whole else min([moment for moment in (state.cursor, since) if moment], default=None)
        rows = await _changed_rows(tick.zoho, state, start)
        dated = [row.modified_at for row in rows if row.modified_at]
        with tick.ledger.transaction() as session:
            # Whoever took the lease over may have read the same rows later than this run, which slept in between.
            lease.check(session, tick.organisation_id, tick.fence)
            known = phone_index.by_id(session, tick.organisation_id, [row.ref for row in rows])
            phone_index.replace_rows(session, tick.organisation_id, rows, alias_key)
            now, newest = tick.ledger.now(), max(dated, default=None)
            phone_index.moved_on(session, tick.organisation_id, module, newest, now=now, grown=len(known) < len(rows))


async def look_for_conversions(tick: Tick) -> None:
    """Read leads anew that a message is waiting for, when a contact has appeared since they were last read.

    A conversion need not touch the lead's own modification time, and only that is asked for; its contact is new.
    """
    if not tick.settings.follows_conversions:
        return
    with tick.ledger.reading() as session:
        appeared = phone_index.states(session, tick.organisation_id)[tick.settings.converted_module].grown_at
        if appeared is None:
            return
        waiting = messages.open_messages(session, tick.organisation_id, tick.ledger.now())
        rows = chats.load(session, tick.organisation_id, [row.chat_id for row in waiting])
        linked = links.load(session, tick.organisation_id, [row.phone_key for row in rows if row.phone_key])
        refs = [RecordRef(link.module, link.record_id) for link in linked.values() if link.module == "Leads"]
        doubted = phone_index.read_before(session, tick.organisation_id, refs, appeared)
    await look_at(tick, doubted)


async def _changed_rows(zoho: ZohoClient, state: IndexState, since: datetime | None) -> list[IndexedRecord]:
    pages = changed_pages(zoho, state, since - OVERLAP if since else None)
    return [row async for page in pages for row in indexed(page.items, state)]


def is_fresh(tick: Tick) -> bool:
    """Say whether the index was read recently enough to create records by it."""
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        states = phone_index.states(session, tick.organisation_id)
    return all(state.read_at is not None and now - state.read_at <= FRESH_FOR for state in states.values())


def is_complete(tick: Tick, session: Session) -> bool:
    """Say whether every synced module was read in full; until then nothing is created."""
    states = phone_index.states(session, tick.organisation_id)
    return all(module in states and states[module].state == "complete" for module in tick.settings.phone_fields)


def is_alive(session: Session, organisation_id: str, record: RecordRef) -> bool:
    """Say whether a record can take notes as far as is known; one the index never saw counts as alive."""
    row = phone_index.by_id(session, organisation_id, [record]).get(record)
    return row is None or (row.alive and not row.converted)


async def read_rows(zoho: ZohoClient, state: IndexState, ids: Sequence[str]) -> list[IndexedRecord]:
    """Read at most 50 single records of a module as the index keeps them; those that do not exist are missing."""
    fields = index_fields(state.module, state.phone_field)
    page = await zoho.records(state.module, fields, ids=ids, converted=converted_too(state.module))
    return indexed(page.items, state)


async def look_at(tick: Tick, refs: Iterable[RecordRef]) -> None:
    """Read single records anew and note which are gone, alive or converted; modules without index are left alone."""
    by_module: dict[str, list[str]] = {}
    for ref in refs:
        if ref.module in tick.settings.phone_fields:
            by_module.setdefault(ref.module, []).append(ref.id)
    with tick.ledger.reading() as session:
        states = phone_index.states(session, tick.organisation_id)
    for module, ids in by_module.items():
        for start in range(0, len(ids), 50):
            asked = ids[start : start + 50]
            rows = await read_rows(tick.zoho, states[module], asked)
            gone = set(asked) - {row.ref.id for row in rows}
            with tick.ledger.transaction() as session:
                lease.check(session, tick.organisation_id, tick.fence)
                phone_index.replace_rows(session, tick.organisation_id, rows, alias_key)
                phone_index.mark_gone(session, tick.organisation_id, [RecordRef(module, record_id) for record_id in gone])
