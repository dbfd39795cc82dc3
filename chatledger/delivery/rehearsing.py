"""The dry run: the moves of a tick on a throw-away copy of the ledger, with GET requests only, up to the point of writing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatledger.delivery import closing, index_reading, notes, pull, records, resolving
from chatledger.delivery.tick import Tick
from chatledger.errors import OutsideError
from chatledger.ledger import chats, lease, links, messages, runs, scratch
from chatledger.ledger.database import Ledger
from chatledger.ledger.messages import Verdict
from chatledger.models import AccessToken, Outcome, Reason, RecordRef, TokenStore


class NoTokenRequests:
    """A token store that gives the stored access token and never asks for a new one: asking would be a POST."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    def load(self) -> AccessToken | None:
        """Return the stored token."""
        return self._store.load()

    def claim_refresh(self, seconds: float) -> bool:
        """Refuse: raise OutsideError with what is left out for that reason."""
        _ = seconds
        raise OutsideError(
            "The Zoho access token has expired and a dry run sends no POST: the plan rests on the phone index as last read.",
            system="Zoho accounts",
        )

    def save(self, token: AccessToken) -> None:
        """Never called: nothing was claimed."""

    def release_refresh(self) -> None:
        """Do nothing: nothing was claimed."""


LEASE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """A record a tick would create."""

    module: str
    name: str
    phone_key: str
    owner_id: str
    chats: int


@dataclass(frozen=True, slots=True)
class PlannedMatch:
    """A record a tick would link a number to, and the rule that decides it."""

    record: RecordRef
    rule: str
    name: str
    phone_key: str


@dataclass(slots=True)
class Plan:
    """What a tick would do now."""

    summary: dict[str, object] = field(default_factory=dict)
    creates: list[PlannedRecord] = field(default_factory=list)
    matches: list[PlannedMatch] = field(default_factory=list)
    new_notes: list[str] = field(default_factory=list)
    changed_notes: list[str] = field(default_factory=list)
    others: Counter[tuple[str, str]] = field(default_factory=Counter)
    hints: list[str] = field(default_factory=list)


async def rehearse(tick: Tick, ledger: Ledger) -> Plan:
    """Go through a tick on its scratch ledger and return what it would do. `ledger` is the real one, only read.

    Trouble with an outside system is in the plan's hints; the plan then rests on what the ledger knows.
    """
    # The moves check the lease before they store; nobody else knows the copy.
    tick.fence = lease.acquire(tick.ledger, tick.organisation_id, LEASE_SECONDS) or 0
    await pull.find_changes(tick)
    with tick.ledger.reading() as session:
        touched = {chat.id for chat in chats.to_read(session, tick.organisation_id)}
    with ledger.reading() as session:
        touched |= {row.chat_id for row in messages.open_messages(session, tick.organisation_id, tick.ledger.now())}
        family = chats.of_keys(session, tick.organisation_id, _keys(tick, touched))
    scratch.copy_chats(ledger, tick.ledger, tick.organisation_id, touched | {chat.id for chat in family})
    await pull.read_changed_chats(tick)
    plan = Plan()
    batches = resolving.triage(tick)
    if batches:
        await _resolve(tick, batches, plan)
    plan.summary = _summary(tick, plan)
    plan.hints = list(dict.fromkeys([*map(str, tick.problems), *tick.remarks]))
    return plan


def _keys(tick: Tick, chat_ids: set[int]) -> list[str]:
    with tick.ledger.reading() as session:
        return [chat.phone_key for chat in chats.load(session, tick.organisation_id, chat_ids) if chat.phone_key]


async def _resolve(tick: Tick, batches: Sequence[Sequence[int]], plan: Plan) -> None:
    try:
        await index_reading.bring_up_to_date(tick)
    except OutsideError as error:
        tick.met(error)
    for batch in batches:
        resolving.match(tick, batch)
    plan.matches = _matches(tick)
    plan.creates = _creations(tick)
    for key in list(tick.to_create):
        # Notes are planned as if the record existed already.
        tick.records[key] = RecordRef(tick.settings.target_module, "new")
    for number in range(notes.plan(tick, [chat for batch in batches for chat in batch])):
        for planned in tick.note_batches[number]:
            (plan.new_notes if planned.creates else plan.changed_notes).append(planned.title)
            reason = Reason.NOTE_CREATED if planned.creates else Reason.NOTE_UPDATED
            with tick.ledger.transaction() as session:
                notes.settle_messages(tick, session, planned, Verdict(Outcome.SYNCED, reason))


def _matches(tick: Tick) -> list[PlannedMatch]:
    with tick.ledger.reading() as session:
        linked = runs.changes(session, tick.organisation_id, run_id=tick.run_id, limit=None)
        keys = [change.phone_key for change in linked if change.phone_key]
        known = links.load(session, tick.organisation_id, keys)
        names = {chat.phone_key: chat.name for chat in chats.of_keys(session, tick.organisation_id, keys)}
    return [
        PlannedMatch(RecordRef(link.module, link.record_id), link.rule, names.get(key, ""), key)
        for key, link in sorted(known.items())
    ]


def _creations(tick: Tick) -> list[PlannedRecord]:
    batches = records.creation_batches(tick)
    owner_of = {chat: owner for batch in batches for chat, owner in records.owners(tick, batch).items()}
    with tick.ledger.reading() as session:
        rows = chats.load(session, tick.organisation_id, owner_of)
        family = Counter(chat.phone_key for chat in chats.of_keys(session, tick.organisation_id, tick.to_create))
    return [
        PlannedRecord(tick.settings.target_module, row.name, row.phone_key or "", owner_of[row.id], family[row.phone_key])
        for row in rows
    ]


def _summary(tick: Tick, plan: Plan) -> dict[str, object]:
    with tick.ledger.reading() as session:
        totals = messages.totals(session, tick.organisation_id, tick.run_id)
        plan.others = Counter(messages.reasons(session, tick.organisation_id, tick.run_id))
    tick.matched, tick.created = len(plan.matches), len(plan.creates)
    tick.notes_created, tick.notes_updated = len(plan.new_notes), len(plan.changed_notes)
    return closing.summary_of(closing.counted(tick, totals)) | {"dry_run": True}
