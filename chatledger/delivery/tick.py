"""One tick: what it knows, whom it may ask, and how it begins and ends. No Prefect, no decisions."""

import time
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery.wording import load_wording
from chatledger.errors import LoginRefused, NotPermitted, OutsideError
from chatledger.ledger import intents, lease, organisations, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Organisation, Run
from chatledger.matching import CreateRecord
from chatledger.models import CallCount, RecordRef, RowRefused, ZohoNote
from chatledger.planning import PlannedNote
from chatledger.settings import SyncSettings
from chatledger.transcript import Wording, local_date

NotePosition = tuple[int, date, int]
"""Chat id, local date and part: what a note is one of."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long things may take, in seconds, and how many TimelinesAI requests a tick may make.

    `sweep_seconds` is how often the chat list is walked while webhooks bring the messages.
    """

    unknown_write_wait: float = 180.0
    http_timeout: float = 30.0
    lease: float = 60.0
    intent_age: float = 15.0
    timelines_requests: int = 520
    sweep_seconds: float = 900.0


@dataclass(slots=True)
class Tick:
    """The state of one run; the moves of `delivery/` read and change it, the ledger holds everything that must last."""

    organisation_id: str
    run_id: str
    fence: int
    settings: SyncSettings
    starts_at: datetime
    adopts_until: datetime | None
    options: Options
    ledger: Ledger
    timelines: TimelinesClient
    zoho: ZohoClient
    count: CallCount
    wording: Wording
    record_url: str
    started: float = field(default_factory=time.monotonic)
    problems: list[OutsideError] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    records: dict[str, RecordRef] = field(default_factory=dict)
    to_create: dict[str, CreateRecord] = field(default_factory=dict)
    created_here: set[RecordRef] = field(default_factory=set)
    rework: set[int] = field(default_factory=set)
    written: set[NotePosition] = field(default_factory=set)
    unchanged: set[NotePosition] = field(default_factory=set)
    note_batches: list[list[PlannedNote]] = field(default_factory=list)
    doubted: dict[RecordRef, list[tuple[PlannedNote, RowRefused]]] = field(default_factory=lambda: defaultdict(list))
    file_urls: dict[tuple[str, int], str] = field(default_factory=dict)
    notes_found: dict[RecordRef, list[ZohoNote]] = field(default_factory=dict)
    matched: int = 0
    created: int = 0
    notes_created: int = 0
    notes_updated: int = 0
    trusts_webhooks: bool = False
    doubts_webhooks: bool = False

    def met(self, error: OutsideError) -> None:
        """Remember trouble with an outside system; the run goes on with what does not need it."""
        self.problems.append(error)

    @property
    def stopped(self) -> bool:
        """Whether an outside system refused us as a whole, so that asking it again in this run is useless."""
        return any(isinstance(error, LoginRefused | NotPermitted) for error in self.problems)

    def adopts(self, day: date) -> bool:
        """Say whether Zoho may hold notes of a day that this ledger knows nothing of: none is made before looking."""
        return self.adopts_until is not None and day <= local_date(self.adopts_until, self.settings.timezone)

    def wait_from(self, moment: datetime) -> datetime:
        """Return when a write without an answer may be looked up, counted from the last moment it may have left."""
        return moment + timedelta(seconds=self.options.unknown_write_wait)


def begin(
    ledger: Ledger,
    organisation_id: str,
    *,
    timelines: TimelinesClient,
    zoho: ZohoClient,
    count: CallCount,
    options: Options,
    record_url: str,
    flow_run_id: str | None = None,
    kind: str = "tick",
) -> Tick | None:
    """Take the lease and write the run down; None when another run holds the lease.

    Intents that an earlier holder left open become unknown: nobody can say whether their requests left.
    """
    run_id = str(uuid.uuid4())
    with ledger.transaction() as session:
        fence = lease.take(session, organisation_id, options.lease)
        if fence is None:
            return None
        now = ledger.now()
        intents.take_over(session, organisation_id, fence=fence, wait=timedelta(seconds=options.unknown_write_wait))
        runs.start(
            session,
            Run(id=run_id, organisation_id=organisation_id, flow_run_id=flow_run_id, kind=kind, started_at=now, fence=fence),
        )
    return loaded(
        ledger, organisation_id, run_id, fence,
        timelines=timelines, zoho=zoho, count=count, options=options, record_url=record_url,
    )  # fmt: skip


def loaded(
    ledger: Ledger,
    organisation_id: str,
    run_id: str,
    fence: int,
    *,
    timelines: TimelinesClient,
    zoho: ZohoClient,
    count: CallCount,
    options: Options,
    record_url: str,
) -> Tick:
    """Return a tick over what this ledger holds of an activated organisation."""
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
        settings = organisations.current_settings(session, organisation_id)
    if organisation is None:
        raise LookupError(organisation_id)
    return Tick(
        organisation_id=organisation_id,
        run_id=run_id,
        fence=fence,
        settings=settings,
        starts_at=organisation.starts_at,
        adopts_until=_adopts_until(organisation),
        options=options,
        ledger=ledger,
        timelines=timelines,
        zoho=zoho,
        count=count,
        wording=load_wording(settings.language.value),
        record_url=record_url.format(zgid=organisation.zgid),
    )


def _adopts_until(organisation: Organisation) -> datetime | None:
    """Return until when another ledger, or this one before it was restored, may have written notes; None for never."""
    moments = [organisation.activated_at if organisation.adopt_mode else None, organisation.restored_at]
    return max((moment for moment in moments if moment), default=None)
