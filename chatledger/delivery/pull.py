"""Pulling: the chat list is walked from its head, and the messages of what has changed are read and stored.

The documented order (newest first) is checked, not trusted: where it is broken, the whole list is walked, spread over ticks.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chatledger.delivery.inbox import take_inbox
from chatledger.delivery.tick import Tick
from chatledger.delivery.webhook_trust import note_missed, walk_is_due
from chatledger.errors import LoginRefused, NotFound, NotPermitted, OutsideError, SchemaDrift
from chatledger.ledger import Session, chats, lease, storing
from chatledger.ledger.tables import Chat as ChatRow
from chatledger.models import Chat, Message, Page, Unreadable
from chatledger.phones import chat_phone_key
from chatledger.transcript import local_date

OVERLAP = timedelta(hours=1)
SWEEP_EVERY = timedelta(minutes=15)
REREAD_EVERY = timedelta(hours=24)
REREAD_ACTIVE = timedelta(days=7)
REREAD_WITH_WEBHOOKS = 1_000
"""Chats a night while webhooks bring late messages as well: more would take too much of the month's calls."""
VERIFY_AFTER = timedelta(hours=1)
"""A chat that webhooks alone wrote to is read after that long, at once where they are doubted: one may have been lost."""
ACCOUNTS_EVERY = timedelta(hours=1)
PAGES_PER_TICK = 20
READS_AT_ONCE = 4
MISSES_BEFORE_GIVING_UP = 5
CHATS_PER_TRANSACTION = 10
"""Enough to spare the disk, few enough that the next answers hardly wait while these are stored."""


async def pull(tick: Tick) -> None:
    """Bring the ledger up to what TimelinesAI holds; trouble is remembered in the tick and the rest goes on."""
    await take_inbox(tick)
    await find_changes(tick)
    await read_changed_chats(tick)
    note_missed(tick)


async def find_changes(tick: Tick) -> None:
    """Walk the chat list and mark what has changed for reading; while webhooks are relied on, only now and then."""
    due = walk_is_due(tick)
    try:
        await _read_accounts(tick, due=due)
        if due:
            await _walk(tick)
    except OutsideError as error:
        tick.met(error)


async def _read_accounts(tick: Tick, *, due: bool) -> None:
    """Read the connected numbers: every hour beside a walk, at once when a webhook told that one has changed."""
    now = tick.ledger.now()
    with tick.ledger.reading() as session:
        read_at = chats.accounts_read_at(session, tick.organisation_id)
    if read_at is not None and (not due or now - read_at < ACCOUNTS_EVERY):
        return
    accounts = await tick.timelines.accounts()
    with tick.ledger.transaction() as session:
        chats.store_accounts(session, tick.organisation_id, accounts, now)
        chats.walk_of(session, tick.organisation_id).accounts_read_at = now


@dataclass(slots=True)
class _Walk:
    """A walk through the chat list as it goes."""

    page: int
    stop_at: datetime
    sweeps: bool
    broken: bool
    newest: datetime | None
    previous: datetime | None = None
    ended: bool = False
    seen: set[int] = field(default_factory=set)
    pages_read: int = 0

    def take(self, page: Page[Chat]) -> None:
        """Move on behind a page, noticing a broken order and an endless list."""
        ids = {chat.id for chat in page.items}
        if ids and ids <= self.seen and page.more:
            raise SchemaDrift(
                "TimelinesAI gives the same page of chats again and again; the walk stops here and is tried at the next tick.",
                system="TimelinesAI",
            )
        self.seen |= ids
        dated = [chat.last_message_at for chat in page.items if chat.last_message_at]
        self.newest = max([*dated, *([self.newest] if self.newest else [])], default=None)
        self.broken = self.broken or not _in_order(page, self.previous, self.ended)
        self.ended = self.ended or not all(chat.last_message_at for chat in page.items)
        self.previous = dated[-1] if dated else self.previous
        self.page += 1
        self.pages_read += 1

    def may_stop(self, page: Page[Chat], changed: int) -> bool:
        """Say whether everything behind this page is known: it is older than the cursor, or nothing on it has changed."""
        if self.broken or not page.items:
            return False
        if not self.sweeps and not changed:
            return True
        # Chats without messages come last, or the order is broken: a sweep looks behind them before it believes that.
        orderly = all(chat.last_message_at for chat in page.items)
        return orderly and self.previous is not None and self.previous < self.stop_at


async def _walk(tick: Tick) -> None:
    """Walk the chat list until everything older is known, marking what has changed."""
    now = tick.ledger.now()
    walk = _started(tick, now)
    was_broken, walk.broken = walk.broken, False
    while True:
        page = await tick.timelines.chats(walk.page)
        walk.take(page)
        with tick.ledger.transaction() as session:
            changed = _store_page(tick, session, page, now)
            if not page.more:
                return _walked(tick, session, walk, now, swept=True)
            if not was_broken and walk.may_stop(page, changed):
                return _walked(tick, session, walk, now, swept=walk.sweeps)
            if (was_broken or walk.broken) and walk.pages_read >= PAGES_PER_TICK:
                return _interrupted(tick, session, walk)


def _started(tick: Tick, now: datetime) -> _Walk:
    with tick.ledger.transaction() as session:
        kept = chats.walk_of(session, tick.organisation_id)
        if kept.reread_at is None:
            kept.reread_at = now
        elif now - kept.reread_at >= REREAD_EVERY:
            most = REREAD_WITH_WEBHOOKS if tick.trusts_webhooks else None
            chats.mark_active_for_reading(session, tick.organisation_id, max(tick.starts_at, now - REREAD_ACTIVE), most=most)
            kept.reread_at = now
        verified = now if tick.doubts_webhooks else now - VERIFY_AFTER
        chats.mark_unverified_for_reading(session, tick.organisation_id, verified)
        return _Walk(
            page=kept.next_page or 1,
            stop_at=max(tick.starts_at, kept.cursor - OVERLAP) if kept.cursor else tick.starts_at,
            sweeps=kept.swept_at is None or now - kept.swept_at >= SWEEP_EVERY,
            broken=kept.order_broken,
            newest=kept.walk_newest,
        )


def _in_order(page: Page[Chat], previous: datetime | None, ended: bool) -> bool:
    """Check newest first, chats without messages last; `ended` says that such chats have come already."""
    for chat in page.items:
        if chat.last_message_at is None:
            ended = True
            continue
        if ended or (previous is not None and chat.last_message_at > previous):
            return False
        previous = chat.last_message_at
    return True


def _store_page(tick: Tick, session: Session, page: Page[Chat], now: datetime) -> int:
    region = tick.settings.default_region
    changed = chats.store_page(
        session,
        tick.organisation_id,
        page.items,
        since=tick.starts_at,
        phone_key=lambda chat: chat_phone_key(chat.jid, chat.phone, region),
        now=now,
        trusts_webhooks=tick.trusts_webhooks,
    )
    if page.unreadable:
        tick.remarks.append(
            f"{len(page.unreadable)} chats of TimelinesAI's list could not be read ({page.unreadable[0].why}); run doctor."
        )
    return changed


def _walked(tick: Tick, session: Session, done: _Walk, now: datetime, *, swept: bool) -> None:
    chats.walked(
        session,
        tick.organisation_id,
        newest=done.newest,
        broken=done.broken,
        pages=done.page - 1,
        now=now,
        swept=swept,
    )


def _interrupted(tick: Tick, session: Session, done: _Walk) -> None:
    walk = chats.walk_of(session, tick.organisation_id)
    walk.next_page, walk.walk_newest, walk.order_broken = done.page, done.newest, True


async def read_changed_chats(tick: Tick) -> None:
    """Read and store the messages of every chat that is marked, as far as the tick's requests last."""
    with tick.ledger.reading() as session:
        waiting = chats.to_read(session, tick.organisation_id)
    gate = asyncio.Semaphore(READS_AT_ONCE)
    done: list[_ReadChat] = []

    async def read(chat: ChatRow) -> None:
        async with gate:
            if tick.stopped or tick.count.timelines >= tick.options.timelines_requests or len(tick.problems) > READS_AT_ONCE:
                return
            try:
                done.append(await _read_chat(tick, chat))
            except NotFound:
                done.append(_ReadChat(chat.id, gone=True))
            except (LoginRefused, NotPermitted, OutsideError) as error:
                tick.met(error)
        if len(done) >= CHATS_PER_TRANSACTION:
            _store(tick, done)

    await asyncio.gather(*(read(chat) for chat in waiting))
    _store(tick, done)


@dataclass(frozen=True, slots=True)
class _ReadChat:
    """What a chat was found to hold, newest first."""

    id: int
    items: tuple[Message, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    gone: bool = False


async def _read_chat(tick: Tick, chat: ChatRow) -> _ReadChat:
    """Read a chat from its newest message back to where everything is known; only then it may be stored."""
    floor = max(tick.starts_at, chat.read_until - OVERLAP) if chat.read_until else tick.starts_at
    items: dict[str, Message] = {}
    unreadable: dict[str, Unreadable] = {}
    before: str | None = None
    while True:
        page = await tick.timelines.messages(chat.id, before=before)
        fresh = [item for item in page.items if item.uid not in items]
        items.update((item.uid, item) for item in fresh)
        unreadable.update((item.id, item) for item in page.unreadable)
        if not page.more or (page.items and min(item.timestamp for item in page.items) < floor):
            break
        if not fresh:
            raise SchemaDrift(
                f"TimelinesAI gives the same messages of chat {chat.id} again and again; the chat is read at the next tick.",
                system="TimelinesAI",
            )
        before = fresh[-1].uid
    return _ReadChat(chat.id, tuple(items.values()), tuple(unreadable.values()))


def _store(tick: Tick, done: list[_ReadChat]) -> None:
    """Store what was read of some chats and empty the list."""
    if not done:
        return
    now = tick.ledger.now()
    counted = [item for chat in done for item in _counted(tick, chat)]
    for item in counted:
        for position, attachment in enumerate(item.attachments):
            if attachment.url:
                tick.file_urls[item.uid, position] = attachment.url
    days = [local_date(item.timestamp, tick.settings.timezone) for item in counted]
    with tick.ledger.transaction() as session:
        # Whoever took the lease over may have read a later edit of the same messages.
        lease.check(session, tick.organisation_id, tick.fence)
        storing.store(session, tick.organisation_id, tick.run_id, counted, days=days, now=now)
        rows = {row.id: row for row in chats.load(session, tick.organisation_id, [chat.id for chat in done])}
        for chat in done:
            if chat.unreadable:
                unreadable = chat.unreadable
                storing.park_unreadable(session, tick.organisation_id, tick.run_id, unreadable, chat_id=chat.id, now=now)
            _mark_read(rows[chat.id], chat, now)
    done.clear()


def _counted(tick: Tick, chat: _ReadChat) -> list[Message]:
    # The API's order is newest first; two messages of one second keep the order in which they were written.
    counted = (item for item in reversed(chat.items) if item.timestamp >= tick.starts_at)
    return sorted(counted, key=lambda item: item.timestamp)


def _mark_read(row: ChatRow, chat: _ReadChat, now: datetime) -> None:
    named = {item.uid for item in chat.items} | {item.id for item in chat.unreadable}
    missing = chat.gone or (bool(chat.items) and row.last_message_uid is not None and row.last_message_uid not in named)
    row.read_misses = row.read_misses + 1 if missing else 0
    row.to_read = missing and row.read_misses < MISSES_BEFORE_GIVING_UP
    read = [item.timestamp for item in chat.items]
    row.read_until = max([*read, *([row.read_until] if row.read_until else [])], default=None)
    row.read_at, row.unverified_since = now, None
