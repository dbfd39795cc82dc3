"""One verification: what it is about, whom it may ask, and what it has found so far. No Prefect, no decisions."""

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery.comparing import Difference, FindingKind, Period, Standing
from chatledger.delivery.wording import load_wording
from chatledger.errors import LoginRefused, NotPermitted, OutsideError, UsageError
from chatledger.ledger import backfills, organisations, verifications
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Chat as ChatRow
from chatledger.ledger.tables import Finding
from chatledger.ledger.tables import Message as MessageRow
from chatledger.ledger.tables import Verification as VerificationRow
from chatledger.models import CallCount, Chat, RecordRef
from chatledger.settings import SyncSettings
from chatledger.transcript import Wording


@dataclass(slots=True)
class Verification:
    """The state of one verification; everything that must last is in the ledger."""

    id: str
    organisation_id: str
    ledger: Ledger
    timelines: TimelinesClient
    zoho: ZohoClient
    count: CallCount
    settings: SyncSettings
    wording: Wording
    starts_at: datetime
    period: Period
    pulled_until: datetime
    repairs: bool
    trusts_earlier_reads: bool
    started_at: datetime
    started: float = field(default_factory=time.monotonic)
    listed: dict[int, Chat] = field(default_factory=dict)
    standings: Counter[Standing] = field(default_factory=Counter)
    to_pull: set[int] = field(default_factory=set)
    gone_records: set[RecordRef] = field(default_factory=set)
    deleted_records: set[RecordRef] = field(default_factory=set)
    doubled_keys: set[str] = field(default_factory=set)
    problems: list[OutsideError] = field(default_factory=list)
    chats: int = 0
    chats_in_all: int = 0
    notes: int = 0
    index_rows: int = 0
    found: Counter[FindingKind] = field(default_factory=Counter)

    def met(self, error: OutsideError) -> None:
        """Remember trouble with an outside system; what it leaves open is unchecked."""
        self.problems.append(error)

    @property
    def stopped(self) -> bool:
        """Whether an outside system refused us as a whole, so that asking it again is useless."""
        return any(isinstance(error, LoginRefused | NotPermitted) for error in self.problems)

    def keep(self, differences: Iterable[Difference], *, repaired: bool = False) -> None:
        """Write findings down."""
        now = self.ledger.now()
        rows = [_finding(self, difference, now, repaired=repaired) for difference in differences]
        self.found.update(FindingKind(row.kind) for row in rows)
        with self.ledger.transaction() as session:
            verifications.add(session, rows)


def _finding(verification: Verification, found: Difference, now: datetime, *, repaired: bool) -> Finding:
    return Finding(
        organisation_id=verification.organisation_id,
        verification_id=verification.id,
        kind=found.kind.value,
        at=now,
        chat_id=found.chat_id,
        local_date=found.day,
        message_uid=found.message_uid,
        module=found.record.module if found.record else None,
        record_id=found.record.id if found.record else None,
        note_id=found.note_id,
        others=list(found.others),
        expected_hash=found.expected_hash,
        found_hash=found.found_hash,
        repaired=repaired,
    )


def begin(
    ledger: Ledger,
    organisation_id: str,
    *,
    timelines: TimelinesClient,
    zoho: ZohoClient,
    count: CallCount,
    start: datetime | None = None,
    end: datetime | None = None,
    repairs: bool = True,
    trusts_earlier_reads: bool = False,
    flow_run_id: str | None = None,
) -> Verification:
    """Begin a verification of the messages between `start` (by default all that count) and `end`, and write it down.

    History that was brought in counts. With `trusts_earlier_reads` a long note is not read again that neither side says to
    have changed. Nothing is repaired for an organisation that is switched off. Raises UsageError before anything was synced,
    and for a period that ends before it begins.
    """
    now = ledger.now()
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
        if organisation is None or not verifications.anything_brought_in(session, organisation_id):
            raise UsageError("Nothing was synced yet, so there is nothing to verify: run `chatledger sync` first.")
        settings = organisations.current_settings(session, organisation_id)
        pulled_until = verifications.last_pull(session, organisation_id) or organisation.starts_at
        history = backfills.earliest(session, organisation_id) or organisation.starts_at
    period = Period(start or min(history, organisation.starts_at), end)
    row = _written_down(ledger, organisation_id, period, now, flow_run_id)
    return Verification(
        id=row.id, organisation_id=organisation_id, ledger=ledger, timelines=timelines, zoho=zoho, count=count,
        settings=settings, wording=load_wording(settings.language.value), starts_at=organisation.starts_at, period=period,
        pulled_until=pulled_until, repairs=repairs and organisation.active,
        trusts_earlier_reads=trusts_earlier_reads, started_at=now,
    )  # fmt: skip


def _written_down(
    ledger: Ledger, organisation_id: str, period: Period, now: datetime, flow_run_id: str | None
) -> VerificationRow:
    if period.end is not None and period.end < period.start:
        raise UsageError("The period to verify ends before it begins: give a --to that is later than --from.")
    row = VerificationRow(
        id=str(uuid.uuid4()), organisation_id=organisation_id, flow_run_id=flow_run_id, started_at=now,
        period_from=period.start, period_to=period.end,
    )  # fmt: skip
    with ledger.transaction() as session:
        verifications.start(session, row)
    return row


@dataclass(slots=True)
class ComparedChat:
    """A chat with its messages of the period, and where each stands as far as is known by now."""

    id: int
    rows: Sequence[MessageRow]
    standings: dict[str, Standing]
    chat: ChatRow | None
