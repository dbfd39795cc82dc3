"""Taking the inbox: what webhooks brought since the last tick is stored, or tells what has to be read.

What a webhook brought is data only where it is complete and new; everything else is a hint, and the API is asked. So a
replayed, late or forged event never changes what is known of a message.
"""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatledger.clients.timelines.brought_messages import (
    Incomplete,
    read_brought_chat,
    read_brought_message,
    read_brought_reactions,
)
from chatledger.clients.timelines.webhook_events import EventKind, read_event
from chatledger.delivery.tick import Tick
from chatledger.errors import NotFound, OutsideError
from chatledger.ledger import Session, chats, messages, storing, webhook_inbox
from chatledger.ledger.brought_messages import readable_uids, set_reactions
from chatledger.ledger.tables import Chat as ChatRow
from chatledger.ledger.tables import InboxItem
from chatledger.ledger.webhook_inbox import DONE, PARKED
from chatledger.models import Chat, Message
from chatledger.phones import chat_phone_key
from chatledger.transcript import local_date

ITEMS_AT_ONCE = 200
READS_AT_ONCE = 4
UNKNOWN_CHATS_READ = 40
"""Chats first heard of by webhook that one tick reads; the walk through the chat list finds the other ones sooner."""
NEEDS_A_CHAT = (EventKind.MESSAGE, EventKind.CALL, EventKind.CHAT)


@dataclass(slots=True)
class _Taken:
    """An item of the inbox as it was understood; `state` stays empty while it has to wait."""

    item: InboxItem
    kind: EventKind
    part: dict[str, Any]
    state: str = ""
    reason: str = ""

    def settle(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason


@dataclass(slots=True)
class _Batch:
    """Some items with what was found out for them."""

    taken: list[_Taken]
    found: dict[int, Chat] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)

    def of(self, *kinds: EventKind) -> Iterable[_Taken]:
        return (taken for taken in self.taken if taken.kind in kinds and not taken.state)


async def take_inbox(tick: Tick) -> None:
    """Take everything that waits in the inbox; what needs an answer nobody gives at the moment goes on waiting."""
    after, may_read = 0, UNKNOWN_CHATS_READ
    while True:
        with tick.ledger.reading() as session:
            items = webhook_inbox.waiting(session, tick.organisation_id, after=after, limit=ITEMS_AT_ONCE)
        if not items:
            return
        batch = _Batch([_understood(item) for item in items])
        may_read -= await _know_chats(tick, batch, may_read)
        _keep(tick, batch)
        after = items[-1].id or 0


def _understood(item: InboxItem) -> _Taken:
    part = json.loads(item.body)
    return _Taken(item, read_event(part).kind, part)


async def _know_chats(tick: Tick, batch: _Batch, may_read: int) -> int:
    """Find out about chats the ledger does not know, by chat events or by asking; return how many were asked for."""
    wanted = {taken.item.chat_id for taken in batch.of(*NEEDS_A_CHAT) if taken.item.chat_id is not None}
    with tick.ledger.reading() as session:
        wanted -= {row.id for row in chats.load(session, tick.organisation_id, wanted)}
    for taken in batch.of(EventKind.CHAT):
        told = read_brought_chat(taken.part, tick.timelines.origin)
        if told is not None and told.id in wanted:
            batch.found[told.id] = told
    asked = sorted(wanted - set(batch.found))[:may_read]
    gate = asyncio.Semaphore(READS_AT_ONCE)
    await asyncio.gather(*(_ask_for(tick, batch, chat_id, gate) for chat_id in asked))
    return len(asked)


async def _ask_for(tick: Tick, batch: _Batch, chat_id: int, gate: asyncio.Semaphore) -> None:
    async with gate:
        if tick.stopped or tick.count.timelines >= tick.options.timelines_requests:
            return
        try:
            batch.found[chat_id] = await tick.timelines.chat(chat_id)
        except NotFound:
            batch.missing.add(chat_id)
        except OutsideError as error:
            tick.met(error)


def _keep(tick: Tick, batch: _Batch) -> None:
    """Store what the items say and settle them, in one transaction."""
    now, region = tick.ledger.now(), tick.settings.default_region
    with tick.ledger.transaction() as session:
        chats.make_known(
            session,
            tick.organisation_id,
            list(batch.found.values()),
            since=tick.starts_at,
            phone_key=lambda chat: chat_phone_key(chat.jid, chat.phone, region),
            now=now,
        )
        session.flush()
        ids = {taken.item.chat_id for taken in batch.taken if taken.item.chat_id is not None}
        rows = {row.id: row for row in chats.load(session, tick.organisation_id, ids)}
        _judge_others(tick, session, batch)
        _hold_for_unknown(batch, rows)
        _keep_messages(tick, session, batch, rows)
        _read_no_more_than_needed(tick, session, batch, rows)
        _write_down(tick, session, batch)
        webhook_inbox.empty(session, [each.item.id or 0 for each in batch.taken if _of_erased(rows, each)])


def _of_erased(rows: dict[int, ChatRow], taken: _Taken) -> bool:
    row = rows.get(taken.item.chat_id or 0)
    return row is not None and bool(row.erased) and bool(taken.state)


def _hold_for_unknown(batch: _Batch, rows: dict[int, ChatRow]) -> None:
    """Settle what belongs to chats that do not exist; what belongs to chats nobody could ask for goes on waiting."""
    for taken in batch.of(*NEEDS_A_CHAT):
        chat_id = taken.item.chat_id or 0
        if chat_id in batch.missing:
            taken.settle(PARKED, f"TimelinesAI knows no chat {chat_id}")
        elif chat_id in rows and taken.kind is EventKind.CHAT:
            taken.settle(DONE, "chat_known")
        elif chat_id in rows and taken.kind is EventKind.CALL:
            rows[chat_id].to_read = True
            taken.settle(DONE, "chat_to_read")


def _keep_messages(tick: Tick, session: Session, batch: _Batch, rows: dict[int, ChatRow]) -> None:
    brought: dict[str, tuple[_Taken, Message]] = {}
    for taken in batch.of(EventKind.MESSAGE):
        chat_id = taken.item.chat_id or 0
        if chat_id not in rows:
            continue
        try:
            message = read_brought_message(taken.part, chat_id, taken.item.message_uid, tick.timelines.origin)
        except Incomplete as incomplete:
            rows[chat_id].to_read = True
            taken.settle(DONE, f"chat_to_read: {incomplete}")
            continue
        repeats = message.uid in brought or message.timestamp < tick.starts_at
        taken.settle(DONE, "known" if message.uid in brought else "before_start" if repeats else "stored")
        if not repeats:
            brought[message.uid] = taken, message
    known = readable_uids(session, tick.organisation_id, list(brought))
    for uid in known:
        brought.pop(uid)[0].reason = "known"
    _store(tick, session, [message for _, message in brought.values()], rows)


def _store(tick: Tick, session: Session, new: Sequence[Message], rows: dict[int, ChatRow]) -> None:
    now = tick.ledger.now()
    ordered = sorted(new, key=lambda message: message.timestamp)
    days = [local_date(message.timestamp, tick.settings.timezone) for message in ordered]
    storing.store(session, tick.organisation_id, tick.run_id, ordered, days=days, now=now)
    for message in ordered:
        row = rows[message.chat_id]
        row.unverified_since = row.unverified_since or now
        for position, attachment in enumerate(message.attachments):
            if attachment.url:
                tick.file_urls[message.uid, position] = attachment.url


def _read_no_more_than_needed(tick: Tick, session: Session, batch: _Batch, rows: dict[int, ChatRow]) -> None:
    """Leave a chat unread that was just heard of and whose last message has come already."""
    session.flush()
    last = {chat.id: chat.last_message_uid for chat in batch.found.values() if chat.last_message_uid and chat.id in rows}
    known = messages.known_uids(session, tick.organisation_id, list(last.values()))
    hinted = {taken.item.chat_id for taken in batch.taken if taken.reason.startswith("chat_to_read")}
    for chat_id, uid in last.items():
        if uid in known and chat_id not in hinted:
            rows[chat_id].to_read = False


def _judge_others(tick: Tick, session: Session, batch: _Batch) -> None:
    for taken in batch.of(EventKind.ACCOUNT):
        chats.walk_of(session, tick.organisation_id).accounts_read_at = None
        taken.settle(DONE, "accounts_to_read")
    for taken in batch.of(EventKind.OTHER, EventKind.MALFORMED):
        taken.settle(DONE, "not_synced")
    for taken in batch.of(EventKind.REACTION):
        counts = read_brought_reactions(taken.part)
        done = counts is not None and set_reactions(session, tick.organisation_id, taken.item.message_uid or "", counts)
        taken.settle(DONE, "reactions_set" if done else "message_unknown")


def _write_down(tick: Tick, session: Session, batch: _Batch) -> None:
    groups: dict[tuple[str, str], list[int]] = {}
    for taken in batch.taken:
        if taken.state:
            groups.setdefault((taken.state, taken.reason), []).append(taken.item.id or 0)
    now = tick.ledger.now()
    for (state, reason), ids in groups.items():
        webhook_inbox.settle(session, ids, state, reason, run_id=tick.run_id, now=now)
