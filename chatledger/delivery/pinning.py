"""Pinning: a person decides which record the chats of a number belong to, or takes that decision back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chatledger.clients import ZohoClient
from chatledger.delivery import index_reading
from chatledger.delivery.resolving import CURED_BY_A_RECORD
from chatledger.errors import LedgerUnavailable, NotFound, UsageError
from chatledger.ledger import Session, chats, erasures, intents, lease, links, messages, notes, organisations, phone_index
from chatledger.ledger.database import Ledger
from chatledger.models import IndexedRecord, RecordRef
from chatledger.phones import alias_key
from chatledger.settings import SyncSettings

LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a pin or its end has changed: the record before and after, and how many chats the number has.

    `with_notes` names the other records (module/id) on which notes of these chats stay.
    """

    before: RecordRef | None
    after: RecordRef | None
    chats: int
    reopened: int
    with_notes: Sequence[str] = ()


async def pin(ledger: Ledger, zoho: ZohoClient, organisation_id: str, key: str, record: RecordRef) -> Pinned:
    """Link a phone key to a record a person chose, and open again what waited for that choice.

    The record is read from Zoho first. Raises UsageError for a record that cannot take the chats, OutsideError when Zoho
    cannot be asked, LedgerUnavailable while a run is at work or a creation for the number is unconfirmed.
    """
    with ledger.reading() as session:
        settings = organisations.current_settings(session, organisation_id)
        if erasures.is_erased(session, organisation_id)(key):
            raise UsageError("This person was erased on request, so nothing is pinned: their messages are not kept any more.")
        waiting = _creation_is_unconfirmed(session, organisation_id, key)
    chosen = await _chosen(ledger, zoho, organisation_id, settings, record)
    if waiting:
        raise LedgerUnavailable("A record for this number may just have been created; pin again in a few minutes.")
    with _nobody_else_writes(ledger, organisation_id), ledger.transaction() as session:
        known = links.load(session, organisation_id, [key]).get(key)
        phone_index.replace_rows(session, organisation_id, [chosen], alias_key)
        links.pin(session, organisation_id, key, record, now=ledger.now(), form=chosen.phone_key or "")
        family = [chat.id for chat in chats.of_keys(session, organisation_id, [key])]
        reopened = messages.take_up(session, organisation_id, family, CURED_BY_A_RECORD)
        messages.end_pauses(session, organisation_id, family)
        staying = notes.elsewhere(session, organisation_id, family, record)
    return Pinned(RecordRef(known.module, known.record_id) if known else None, record, len(family), reopened, staying)


def unpin(ledger: Ledger, organisation_id: str, key: str) -> Pinned:
    """Forget the link of a phone key, pinned or not, so that its next message is matched anew.

    Raises UsageError when the number has none, LedgerUnavailable while a run is at work.
    """
    with _nobody_else_writes(ledger, organisation_id), ledger.transaction() as session:
        known = links.load(session, organisation_id, [key]).get(key)
        if known is None:
            raise UsageError("This number is linked to no record, so there is nothing to unpin.")
        links.forget(session, organisation_id, key, now=ledger.now())
        family = chats.of_keys(session, organisation_id, [key])
    return Pinned(RecordRef(known.module, known.record_id), None, len(family), 0)


async def _chosen(
    ledger: Ledger, zoho: ZohoClient, organisation_id: str, settings: SyncSettings, record: RecordRef
) -> IndexedRecord:
    if record.module not in settings.phone_fields:
        raise UsageError(f"{record.module}: chats are synced to {' and '.join(settings.phone_fields)}; pin a record of those.")
    with ledger.reading() as session:
        state = phone_index.states(session, organisation_id)[record.module]
    try:
        rows = await index_reading.read_rows(zoho, state, [record.id])
    except NotFound:
        rows = []
    found = next((row for row in rows if row.ref == record), None)
    if found is None:
        raise UsageError(f"{record.module}/{record.id} does not exist in Zoho, or was deleted; pin one that does.")
    if found.converted:
        contact = f" Contacts/{found.converted_contact}" if found.converted_contact else ""
        raise UsageError(f"{record.module}/{record.id} was converted and takes no notes; pin what it became{contact}.")
    return found


def _creation_is_unconfirmed(session: Session, organisation_id: str, key: str) -> bool:
    created = intents.created_records(session, organisation_id, key)
    return any(intent.state in intents.UNSETTLED for intent in created)


@contextmanager
def _nobody_else_writes(ledger: Ledger, organisation_id: str) -> Iterator[None]:
    """Keep runs away: one that has already decided about this number would put its own link over the person's."""
    fence = lease.acquire(ledger, organisation_id, LEASE_SECONDS)
    if fence is None:
        raise LedgerUnavailable("A run is at work for this organisation; try again when it has ended.")
    try:
        yield
    finally:
        lease.release(ledger, organisation_id, fence)
