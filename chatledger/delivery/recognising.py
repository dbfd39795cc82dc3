"""Whom a run works for: an organisation that is switched on, by credentials of the very pair of systems it is bound to."""

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery.activation import same_pair
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Organisation


def activated(ledger: Ledger, organisation_id: str) -> Organisation:
    """Return the organisation. Raises UsageError when it was never activated."""
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
    if organisation is None:
        raise UsageError(f"{organisation_id} is not activated yet: run `chatledger activate --settings FILE` first.")
    return organisation


def active(ledger: Ledger, organisation_id: str) -> Organisation:
    """Return the organisation. Raises UsageError when it was never activated or is switched off."""
    organisation = activated(ledger, organisation_id)
    if not organisation.active:
        raise UsageError(f"{organisation_id} is switched off: `chatledger activate --settings FILE` switches it on.")
    return organisation


def is_known(ledger: Ledger, organisation_id: str, digest: str) -> bool:
    """Say whether these are the credentials that were last checked; `digest` is their keyed hash."""
    with ledger.reading() as session:
        return organisations.get(session, organisation_id).credentials_hash == digest


async def recognise(ledger: Ledger, organisation_id: str, digest: str, timelines: TimelinesClient, zoho: ZohoClient) -> None:
    """Make sure that changed credentials belong to the pair of systems the organisation is bound to, and remember them.

    Raises UsageError for another pair, OutsideError when they cannot be checked.
    """
    await same_pair(ledger, organisation_id, timelines, zoho)
    with ledger.transaction() as session:
        organisations.get(session, organisation_id).credentials_hash = digest
