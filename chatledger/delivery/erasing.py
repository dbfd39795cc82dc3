"""Erasing a person on request: first the notes in Zoho, then everything the ledger holds, in one transaction."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chatledger.clients import ZohoClient
from chatledger.counting import counted
from chatledger.errors import LedgerUnavailable, OutsideError, Rejected, UsageError
from chatledger.ledger import audit_trail, erasures, lease, organisations
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.database import Ledger
from chatledger.ledger.erasures import Traces
from chatledger.ledger.tables import Erasure
from chatledger.models import RowRefused
from chatledger.phones import phone_key

IDS_AT_ONCE = 50
"""Zoho takes ids of at most 1,024 characters in all."""
LEASE_SECONDS = 300
WAIT_SECONDS = 60.0


class ZohoNotes(StrEnum):
    """What happens with the notes that were written about the person."""

    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased; `records` still hold the number in Zoho, because they are not ours to delete.

    `before` is when the person was erased for the first time, None when that is now.
    """

    receipt: Erasure
    records: tuple[str, ...]
    before: datetime | None = None


def key_of(ledger: Ledger, organisation_id: str, phone: str) -> str:
    """Read a phone as the settings' region spells it. Raises UsageError when it is none."""
    with ledger.reading() as session:
        settings = organisations.current_settings(session, organisation_id)
    key = phone_key(phone, settings.default_region)
    if key is None:
        raise UsageError("That is not a phone number; write it with its country code, for example +573001112233.")
    return key


def look(ledger: Ledger, organisation_id: str, key: str) -> Traces:
    """Return what the ledger holds of the person behind a phone key."""
    with ledger.reading() as session:
        return erasures.traces(session, organisation_id, key)


async def erase(
    ledger: Ledger, organisation_id: str, key: str, *, zoho: ZohoClient | None, actor: str, wait: float = WAIT_SECONDS
) -> Erased:
    """Erase the person behind a phone key, for the audit trail by `actor`; without `zoho` the notes there are kept.

    What fails before the ledger's transaction leaves the ledger as it was: run it again. Raises LedgerUnavailable while a run
    is at work for longer than `wait` seconds, UsageError while a write about the person is unconfirmed, and
    Zoho's errors.
    """
    fence = _leased(ledger, organisation_id, wait)
    try:
        found = look(ledger, organisation_id, key)
        if found.unconfirmed:
            raise UsageError(
                "A write about this person has no confirmed answer from Zoho yet; run `chatledger sync` in a few minutes, then"
                " erase again. Nothing was erased."
            )
        before = _erased_before(ledger, organisation_id, key)
        if zoho is not None:
            await _delete_notes(zoho, found.note_ids)
        receipt = _erase(ledger, organisation_id, key, found, fence, actor=actor, policy=_policy(zoho))
        counts = {"messages": receipt.messages, "chats": receipt.chats}
        act = Act(actor, "erased", "receipt", receipt.phone_hash, phone_key=key, details=counts)
        audit_trail.write(ledger, organisation_id, act)
    finally:
        lease.release(ledger, organisation_id, fence)
    erasures.shred(ledger)
    return Erased(receipt, found.records, before)


def _erased_before(ledger: Ledger, organisation_id: str, key: str) -> datetime | None:
    with ledger.reading() as session:
        known = erasures.receipt(session, organisation_id, erasures.hash_of(ledger.cipher, key))
        return known.erased_at if known else None


def _policy(zoho: ZohoClient | None) -> ZohoNotes:
    return ZohoNotes.KEEP if zoho is None else ZohoNotes.DELETE


def _leased(ledger: Ledger, organisation_id: str, wait: float) -> int:
    """Keep runs away: one that is under way could write down again what is being erased."""
    deadline = time.monotonic() + wait
    while (fence := lease.acquire(ledger, organisation_id, LEASE_SECONDS)) is None:
        if time.monotonic() > deadline:
            raise LedgerUnavailable(
                "A run is at work on this organisation; erase again when it has ended. Nothing was erased."
            )
        time.sleep(0.2)
    return fence


async def _delete_notes(zoho: ZohoClient, note_ids: tuple[str, ...]) -> None:
    """Delete the notes; those that are gone already are as good as deleted, any other refusal ends it."""
    for start in range(0, len(note_ids), IDS_AT_ONCE):
        chunk = note_ids[start : start + IDS_AT_ONCE]
        try:
            answers = await zoho.delete_notes(chunk)
        except OutsideError as error:
            if not error.outcome_unknown:
                raise
            raise LedgerUnavailable(f"{error} Nothing was erased from the ledger yet: erase again.") from error
        refused = [row for row in answers if isinstance(row, RowRefused) and row.code != "INVALID_DATA"]
        for row in refused:
            raise Rejected(
                f"Zoho CRM refused to delete a note ({row.code}); nothing was erased from the ledger yet. Give the user who"
                " connected the right to delete notes and erase again, or add --zoho-notes keep.",
                system="Zoho CRM",
                code=row.code,
            )


def _erase(
    ledger: Ledger, organisation_id: str, key: str, found: Traces, fence: int, *, actor: str, policy: ZohoNotes
) -> Erasure:
    with ledger.transaction() as session:
        lease.check(session, organisation_id, fence)
        receipt = erasures.erase(
            session, organisation_id, found, phone_hash=erasures.hash_of(ledger.cipher, key), zoho_notes=policy.value,
            actor=actor, now=ledger.now(),
        )  # fmt: skip
        session.flush()
        return receipt


def in_words(found: Traces) -> Iterable[str]:
    """Say what would be erased, without a name or number."""
    yield f"{counted(len(found.chat_ids), 'chat')} with all messages, {counted(len(found.note_ids), 'note')} written to Zoho"
    if found.records:
        yield f"not erased, because they are yours: {', '.join(found.records)} in Zoho hold this number"
