"""Resolving: which open messages count, and which record the chats of each phone key belong to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from chatledger.delivery import index_reading
from chatledger.delivery.tick import Tick
from chatledger.ledger import Session, chats, intents, links, messages, phone_index, retention
from chatledger.ledger.links import NewLink
from chatledger.ledger.messages import Verdict
from chatledger.ledger.tables import Chat, Link
from chatledger.ledger.tables import Message as MessageRow
from chatledger.matching import Ambiguous, Case, CreateRecord, Decision, Found, Linked, Matched, NotSynced, decide
from chatledger.models import Attachment, ChatKind, Direction, IndexedRecord, Message, Outcome, Reason, RecordRef
from chatledger.phones import alias_key
from chatledger.planning import key_batches, pause_after, why_chat_is_skipped, why_message_is_skipped
from chatledger.settings import SyncSettings

CURED_BY_A_RECORD = (
    Reason.SEVERAL_MATCHES,
    Reason.OUTGOING_ONLY,
    Reason.MANDATORY_FIELD_MISSING,
    Reason.FIELD_REFUSED,
    Reason.DUPLICATE_REFUSED,
    Reason.RECORD_REFUSED,
)
"""What keeps messages from Zoho only as long as their number has no record."""

CERTAINLY_KEPT = timedelta(days=retention.SHORTEST_KEPT_DAYS - 2)
"""No text of so young a day is removed: a day has up to 25 hours, and what is removed first is its earliest message."""


def as_message(row: MessageRow) -> Message:
    """Read a stored message back into the value the pure modules work on. Raises ValueError for one without a time."""
    if row.timestamp is None:
        raise ValueError(f"message {row.uid} was never readable")
    return Message(
        uid=row.uid,
        chat_id=row.chat_id,
        timestamp=row.timestamp,
        kind=row.kind,
        direction=Direction(row.direction),
        text=row.text,
        sender_name=row.sender_name,
        agent=row.agent,
        status=row.status,
        failure=row.failure,
        attachments=tuple(Attachment(**attachment) for attachment in row.attachments),
        reactions=row.reactions,
        origin=row.origin,
    )


def triage(tick: Tick) -> list[list[int]]:
    """Settle every open message that needs no look at Zoho and return batches of the chats that do.

    A tick in which this returns nothing makes no Zoho call at all.
    """
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        waiting = messages.open_messages(session, tick.organisation_id, now)
        rows = {chat.id: chat for chat in chats.load(session, tick.organisation_id, [row.chat_id for row in waiting])}
        unconfirmed = _unconfirmed(session, tick.organisation_id)
        old = {row.chat_id for row in waiting if row.timestamp and row.timestamp < now - CERTAINLY_KEPT}
        closed = retention.closed_days(session, tick.organisation_id, old)
        settled: dict[Verdict, list[int]] = defaultdict(list)
        candidates: dict[int, str] = {}
        for row in waiting:
            chat = rows.get(row.chat_id)
            reason = _why_skipped(chat, row)
            key = (chat.phone_key if chat else None) or ""
            if reason is None and (row.chat_id, row.local_date) in closed:
                reason = Reason.DAY_CLOSED
            if reason is not None:
                settled[Verdict(Outcome.SKIPPED, reason)].append(row.id or 0)
            elif alias_key(key) in unconfirmed or (row.chat_id, row.local_date) in unconfirmed:
                settled[Verdict(Outcome.PENDING, Reason.WRITE_UNCONFIRMED)].append(row.id or 0)
            else:
                candidates[row.chat_id] = key
        for verdict, ids in settled.items():
            messages.decide(session, ids, verdict, run_id=tick.run_id, now=now)
    return list(key_batches(sorted(candidates.items())))


def _unconfirmed(session: Session, organisation_id: str) -> set[object]:
    """Return the alias keys and (chat, day) pairs whose last write has no trustworthy answer yet: they wait for it."""
    unsettled = intents.unsettled(session, organisation_id)
    keys = {alias_key(intent.phone_key or "") for intent in unsettled if intent.kind == "create_record"}
    notes_of = ("create_note", "update_note")
    return {*keys, *((intent.chat_id, intent.local_date) for intent in unsettled if intent.kind in notes_of)}


def again(tick: Tick) -> list[list[int]]:
    """Return batches of the chats that have to be resolved once more in this tick."""
    ids, tick.rework = tick.rework, set()
    with tick.ledger.reading() as session:
        rows = chats.load(session, tick.organisation_id, ids)
    return list(key_batches([(row.id, row.phone_key or "") for row in rows]))


def _why_skipped(chat: Chat | None, row: MessageRow) -> Reason | None:
    if row.timestamp is None or chat is None:
        return Reason.NO_PHONE if chat is None else None
    return why_chat_is_skipped(ChatKind(chat.kind), chat.phone_key) or why_message_is_skipped(as_message(row))


def match(tick: Tick, chat_ids: Sequence[int]) -> None:
    """Decide for each phone key of these chats and remember it: links are stored, creations are noted in the tick."""
    with tick.ledger.transaction() as session:
        rows = chats.load(session, tick.organisation_id, chat_ids)
        keys = sorted({row.phone_key for row in rows if row.phone_key})
        family = chats.of_keys(session, tick.organisation_id, keys)
        chats_of: dict[str, list[int]] = defaultdict(list)
        for row in family:
            chats_of[row.phone_key or ""].append(row.id)
        unconfirmed = _unconfirmed(session, tick.organisation_id)
        found: list[NewLink] = []
        for key, case in cases(session, tick.organisation_id, tick.settings, keys, chats_of).items():
            if alias_key(key) in unconfirmed:
                wait_for(tick, session, chats_of[key], Reason.WRITE_UNCONFIRMED)
            else:
                found += _apply(tick, session, key, chats_of[key], decide(case, tick.settings))
        now = tick.ledger.now()
        tick.matched += links.remember_each(session, tick.organisation_id, found, run_id=tick.run_id, now=now)
        take_up_cured(tick, session, [chat for link in found for chat in chats_of[link.phone_key]])
        _take_up(tick, session, {key: chats_of[key] for key in keys if alias_key(key) not in unconfirmed})


def cases(
    session: Session, organisation: str, settings: SyncSettings, keys: Sequence[str], chats_of: Mapping[str, list[int]]
) -> dict[str, Case]:
    """Return what the decision about each phone key rests on, as the ledger knows it; `chats_of` names the chats of a key."""
    known = links.load(session, organisation, keys)
    linked = phone_index.by_id(session, organisation, [_ref(link) for link in known.values()])
    target = _found(session, organisation, settings.target_module, keys)
    converted = _found(session, organisation, settings.converted_module, keys) if settings.follows_conversions else {}
    leads = [*linked.values(), *(row for found in target.values() for row in (*found.exact, *found.alias))]
    traces = [RecordRef("Contacts", row.converted_contact) for row in leads if row.converted_contact]
    contacts = {ref.id: row for ref, row in phone_index.by_id(session, organisation, traces).items()}
    written = messages.chats_with_incoming(session, organisation, [chat for key in keys for chat in chats_of[key]])
    by_key = {}
    for key in keys:
        link = known.get(key)
        by_key[key] = Case(
            phone_key=key,
            link=_ref(link) if link else None,
            linked=linked.get(_ref(link)) if link else None,
            target=target.get(key, Found()),
            converted=converted.get(key, Found()),
            known_contacts=contacts,
            somebody_wrote_to_us=any(chat in written for chat in chats_of[key]),
        )
    return by_key


def _ref(link: Link) -> RecordRef:
    return RecordRef(link.module, link.record_id)


def _found(session: Session, organisation: str, module: str, keys: Sequence[str]) -> dict[str, Found]:
    # A row with exactly this key has its alias key as well: one look finds both.
    alike = phone_index.by_alias(session, organisation, module, [alias_key(key) for key in keys], alias_key)
    return {key: _exact_and_alias(key, alike.get(alias_key(key), ())) for key in keys}


def _exact_and_alias(key: str, alike: Sequence[IndexedRecord]) -> Found:
    return Found(tuple(row for row in alike if row.phone_key == key), tuple(row for row in alike if row.phone_key != key))


def _apply(tick: Tick, session: Session, key: str, chat_ids: list[int], decision: Decision) -> list[NewLink]:
    tick.records.pop(key, None)
    tick.to_create.pop(key, None)
    match decision:
        case Linked(record):
            tick.records[key] = record
        case Matched():
            tick.records[key] = decision.record
            return [
                NewLink(key, decision.record, decision.rule.value, decision.matched_key, decision.candidates, decision.hops)
            ]
        case CreateRecord():
            tick.to_create[key] = decision
        case Ambiguous(candidates):
            detail = ", ".join(f"{row.ref.module}/{row.ref.id}" for row in candidates)
            decide_all(tick, session, chat_ids, Verdict(Outcome.PARKED, Reason.SEVERAL_MATCHES, detail))
        case NotSynced(reason):
            decide_all(tick, session, chat_ids, Verdict(Outcome.SKIPPED, reason))
    return []


def _take_up(tick: Tick, session: Session, chats_of: Mapping[str, list[int]]) -> None:
    """Open the messages again that waited for a record, where their phone key has one now or gets one."""
    waited = [Reason.OUTGOING_ONLY, Reason.SEVERAL_MATCHES]
    families = [chats_of[key] for key in chats_of if key in tick.records or key in tick.to_create]
    held = _open_again(tick, session, [chat for family in families for chat in family], waited)
    # Other chats of the number are not in this batch.
    tick.rework.update(chat for family in families if held & set(family) for chat in family)


def take_up_cured(tick: Tick, session: Session, chat_ids: Sequence[int]) -> None:
    """Open the messages of chats again that could not be written as long as their number had no record: it has one now."""
    tick.rework.update(_open_again(tick, session, chat_ids, CURED_BY_A_RECORD))


def _open_again(tick: Tick, session: Session, chat_ids: Sequence[int], reasons: Sequence[Reason]) -> set[int]:
    held = messages.chats_held(session, tick.organisation_id, chat_ids, reasons)
    messages.take_up(session, tick.organisation_id, held, reasons)
    return held


def decide_all(tick: Tick, session: Session, chat_ids: Iterable[int], verdict: Verdict) -> None:
    """Give every open message of these chats the same verdict; one that counts as an attempt rests longer each time."""
    now = tick.ledger.now()
    by_pause: dict[timedelta | None, list[int]] = defaultdict(list)
    for row in messages.open_messages(session, tick.organisation_id, now, chat_ids):
        pause = pause_after(row.attempts + 1) if verdict.counts_as_attempt else None
        by_pause[pause].append(row.id or 0)
    for pause, ids in by_pause.items():
        due = now + pause if pause else verdict.next_try_at
        final = Verdict(verdict.outcome, verdict.reason, verdict.detail, due, verdict.counts_as_attempt)
        messages.decide(session, ids, final, run_id=tick.run_id, now=now)


def wait_for(tick: Tick, session: Session, chat_ids: Iterable[int], reason: Reason) -> None:
    """Leave the open messages of these chats pending for the next tick, with the reason."""
    decide_all(tick, session, chat_ids, Verdict(Outcome.PENDING, reason))


async def match_with_fresh_index(tick: Tick, chat_ids: Sequence[int]) -> None:
    """Match again by an index that is at most a minute old, immediately before something is created."""
    if not index_reading.is_fresh(tick):
        await index_reading.read_changes(tick)
        match(tick, chat_ids)
