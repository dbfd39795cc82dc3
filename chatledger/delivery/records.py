"""Creating records: one per phone key, owned by whoever owns the WhatsApp number, always behind an intent."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from chatledger.delivery.resolving import decide_all, match_with_fresh_index, take_up_cured, wait_for
from chatledger.delivery.sending import Write, send
from chatledger.delivery.tick import Tick
from chatledger.errors import NotPermitted
from chatledger.ledger import Session, chats, links, messages, organisations, phone_index, runs
from chatledger.ledger.intents import NewIntent
from chatledger.ledger.links import NewLink
from chatledger.ledger.messages import Verdict
from chatledger.ledger.phone_index import states
from chatledger.ledger.tables import Change, Chat
from chatledger.matching import Rule
from chatledger.models import IndexedRecord, Outcome, Reason, RecordRef, RowDone, RowRefused, RowResult
from chatledger.phones import alias_key
from chatledger.planning import NewRecord, Remedy, batches, parked_because, record_row, remedy_for_record

log = logging.getLogger(__name__)

Read = TypeVar("Read")

METADATA_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A record that a phone key now belongs to; `owner` is the id of the user it was created for."""

    key: str
    record: RecordRef
    owner: str | None = None


def creation_batches(tick: Tick) -> list[list[int]]:
    """Return batches of at most 100 chats, one for each number that needs a record: the chat that was first to write.

    Keys that are aliases of each other may be one subscriber: the others are resolved again once the first has its record.
    """
    with tick.ledger.reading() as session:
        family = chats.of_keys(session, tick.organisation_id, tick.to_create)
        waiting = messages.open_messages(session, tick.organisation_id, tick.ledger.now(), [chat.id for chat in family])
    key_of = {chat.id: chat.phone_key for chat in family}
    first: dict[str, int] = {}
    for row in waiting:
        key = key_of[row.chat_id] or ""
        chosen = first.setdefault(alias_key(key), row.chat_id)
        if key_of[chosen] != key:
            tick.to_create.pop(key, None)
            tick.rework.add(row.chat_id)
    return list(batches(sorted(first.values())))


async def refresh_metadata(tick: Tick, *, force: bool = False) -> None:
    """Read users and fields again when they are older than an hour; only ticks that create records need them."""
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        organisation = organisations.find(session, tick.organisation_id)
    read_at = organisation.metadata_read_at if organisation else None
    if not force and read_at is not None and now - read_at < METADATA_EVERY:
        return
    users = await _unless_refused(tick.zoho.users())
    fields = await _unless_refused(tick.zoho.fields(tick.settings.target_module))
    with tick.ledger.transaction() as session:
        if users is not None:
            organisations.replace_users(session, tick.organisation_id, users)
        if fields is not None:
            organisations.replace_fields(session, tick.organisation_id, tick.settings.target_module, fields)
        _metadata_read(session, tick.organisation_id, now)


async def _unless_refused(asked: Awaitable[Read]) -> Read | None:
    """Return what was asked for, None where Zoho refuses it: what was read earlier still serves, and doctor tells."""
    try:
        return await asked
    except NotPermitted as error:
        log.warning("What is known of users and fields is not renewed: %s", error)
        return None


def _metadata_read(session: Session, organisation_id: str, now: datetime) -> None:
    organisation = organisations.find(session, organisation_id)
    if organisation is not None:
        organisation.metadata_read_at = now
        session.add(organisation)


def owners(tick: Tick, chat_ids: Sequence[int]) -> dict[int, str]:
    """Return the Zoho user who will own a record made from each chat: the number's owner by e-mail, else who connected us."""
    with tick.ledger.reading() as session:
        organisation = organisations.find(session, tick.organisation_id)
        fallback = organisation.connected_user_id if organisation else ""
        by_email = organisations.owners_by_email(session, tick.organisation_id)
        numbers = chats.accounts(session, tick.organisation_id)
        rows = chats.load(session, tick.organisation_id, chat_ids)
    emails = {row.id: numbers[row.account_id].owner_email.casefold() for row in rows if row.account_id in numbers}
    return {row.id: by_email.get(emails.get(row.id, ""), fallback) for row in rows}


async def create(tick: Tick, chat_ids: Sequence[int], owner_of: Mapping[int, str]) -> None:
    """Create the records of these chats' phone keys, as far as the freshest index still finds none.

    A record whose owner Zoho refuses is created once more for the user who connected the organisation. Raises OutsideError
    when the whole batch certainly was not done.
    """
    await match_with_fresh_index(tick, chat_ids)
    refused_owners = await _create(tick, chat_ids, owner_of)
    if refused_owners:
        await refresh_metadata(tick, force=True)
        with tick.ledger.reading() as session:
            organisation = organisations.find(session, tick.organisation_id)
        fallback = organisation.connected_user_id if organisation else ""
        again = {chat_id: fallback if owner_of.get(chat_id) != fallback else "" for chat_id in refused_owners}
        for chat_id in await _create(tick, refused_owners, again):
            _park(tick, chat_id, RowRefused("INVALID_DATA", "the owner was refused", "Owner"))


async def _create(tick: Tick, chat_ids: Sequence[int], owner_of: Mapping[int, str]) -> list[int]:
    with tick.ledger.reading() as session:
        rows = chats.load(session, tick.organisation_id, chat_ids)
        fields = organisations.fields_of(session, tick.organisation_id, tick.settings.target_module)
        cursor = states(session, tick.organisation_id)[tick.settings.target_module].cursor
    refused_owners: list[int] = []
    created: list[_Taken] = []
    writes = [
        Write(
            intent=_intent(tick.settings.target_module, chat, cursor),
            row=record_row(NewRecord(chat.phone_key or "", chat.name, chat.url, owner_of.get(chat.id)), tick.settings, fields),
            done=partial(_created, tick, created, chat, owner_of.get(chat.id)),
            refused=partial(_refused, tick, chat, refused_owners),
        )
        for chat in rows
        if chat.phone_key in tick.to_create
    ]
    if writes:
        await send(tick, writes, partial(_call, tick), partial(_keep, tick, created))
        _leave_unanswered(tick, [chat for chat in rows if chat.id not in refused_owners])
    return refused_owners


async def _call(tick: Tick, rows: list[dict[str, Any]], *, guard: Callable[[], None]) -> Sequence[RowResult]:
    # With a unique phone field a plain insert is enough: its refusal names the record in the way, and unlike an upsert it
    # leaves that record's name and owner alone.
    return await tick.zoho.create_records(
        tick.settings.target_module, rows, run_automations=tick.settings.run_automations, guard=guard
    )


def _intent(module: str, chat: Chat, cursor: datetime | None) -> NewIntent:
    return NewIntent("create_record", module, phone_key=chat.phone_key, chat_id=chat.id, index_cursor=cursor)


def _created(tick: Tick, created: list[_Taken], chat: Chat, owner_id: str | None, _session: Session, done: RowDone) -> None:
    created.append(_Taken(chat.phone_key or "", RecordRef(tick.settings.target_module, done.id), owner_id or None))


def _keep(tick: Tick, created: list[_Taken], session: Session) -> None:
    """Write down what Zoho confirmed of a batch, in a few statements for all of its records."""
    _take(tick, session, created, Rule.CREATED)
    now = tick.ledger.now()
    rows = [
        IndexedRecord(taken.record, taken.key, created_at=now, modified_at=None, owner_id=taken.owner) for taken in created
    ]
    phone_index.replace_rows(session, tick.organisation_id, rows, alias_key)
    created.clear()


def take_record(tick: Tick, session: Session, key: str, record: RecordRef, rule: Rule) -> None:
    """Link a phone key to a record that was adopted or named as its duplicate."""
    _take(tick, session, [_Taken(key, record)], rule)


def _take(tick: Tick, session: Session, taken: Sequence[_Taken], rule: Rule) -> None:
    now = tick.ledger.now()
    decisions = [tick.to_create.pop(each.key, None) for each in taken]
    new = [
        NewLink(each.key, each.record, rule.value, each.key, hops=decision.hops if decision else ())
        for each, decision in zip(taken, decisions, strict=True)
    ]
    links.remember_each(session, tick.organisation_id, new, run_id=tick.run_id, now=now)
    tick.records.update((each.key, each.record) for each in taken)
    family = chats.of_keys(session, tick.organisation_id, [each.key for each in taken])
    take_up_cured(tick, session, [chat.id for chat in family])
    if rule is Rule.DUPLICATE:
        tick.matched += len(taken)
        return
    tick.created += len(taken)
    tick.created_here.update(each.record for each in taken)
    for each in taken:
        change = Change(
            organisation_id=tick.organisation_id, at=now, run_id=tick.run_id, what="record_created", phone_key=each.key,
            module=each.record.module, record_id=each.record.id, after={"rule": rule.value},
        )  # fmt: skip
        runs.record_created(session, change)


def _refused(tick: Tick, chat: Chat, refused_owners: list[int], session: Session, refused: RowRefused) -> None:
    key = chat.phone_key or ""
    match remedy_for_record(refused):
        case Remedy.TAKE_DUPLICATE:
            record = RecordRef(refused.duplicate_module or tick.settings.target_module, refused.duplicate_id or "")
            take_record(tick, session, key, record, Rule.DUPLICATE)
        case Remedy.OTHER_OWNER:
            refused_owners.append(chat.id)
        case Remedy.WAIT:
            _close(tick, session, key, Verdict(Outcome.PENDING, Reason.BACK_OFF, refused.code, counts_as_attempt=True))
        case _:
            reason, detail = parked_because(refused)
            _close(tick, session, key, Verdict(Outcome.PARKED, reason, detail, counts_as_attempt=True))


def _close(tick: Tick, session: Session, key: str, verdict: Verdict) -> None:
    tick.to_create.pop(key, None)
    family = chats.of_keys(session, tick.organisation_id, [key])
    decide_all(tick, session, [chat.id for chat in family], verdict)


def _park(tick: Tick, chat_id: int, refused: RowRefused) -> None:
    with tick.ledger.transaction() as session:
        for chat in chats.load(session, tick.organisation_id, [chat_id]):
            reason, detail = parked_because(refused)
            _close(tick, session, chat.phone_key or "", Verdict(Outcome.PARKED, reason, detail, counts_as_attempt=True))


def _leave_unanswered(tick: Tick, rows: Sequence[Chat]) -> None:
    """Let the chats of a key whose creation has no trustworthy answer wait until it is settled."""
    open_keys = {chat.phone_key for chat in rows if chat.phone_key in tick.to_create}
    if not open_keys:
        return
    with tick.ledger.transaction() as session:
        for key in sorted(key for key in open_keys if key):
            tick.to_create.pop(key)
            family = chats.of_keys(session, tick.organisation_id, [key])
            wait_for(tick, session, [chat.id for chat in family], Reason.WRITE_UNCONFIRMED)
