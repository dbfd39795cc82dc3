"""Bringing in the history before an activation, slice by slice: read without the lease, stored and written under it.

A slice is what a few requests give. Its place is stored together with its messages, so that a killed backfill goes on there.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime

from chatledger.clients import TimelinesClient
from chatledger.delivery.tick import Tick
from chatledger.errors import NotFound, NotPermitted, OutsideError, SchemaDrift
from chatledger.ledger import Session, backfills, chats, messages, organisations, storing
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Backfill, BackfillChat
from chatledger.models import CallCount, Chat, ChatKind, Message, Page, Unreadable, Workspace
from chatledger.phones import chat_phone_key
from chatledger.transcript import local_date

REQUESTS_PER_SLICE = 12
"""About half a minute of reading at half of TimelinesAI's rate, and at most 600 messages to write."""
CHATS_PER_SLICE = 12
SLICES_PER_QUOTA_CHECK = 10
SHARE_OF_RATE = 0.5
"""Of TimelinesAI's rate, what a backfill uses; the other half is for whatever else asks, such as live chat."""
KEPT_FOR_TICKS = 0.2
"""Of the month's TimelinesAI requests, what a backfill leaves to the ticks."""
CREDITS_KEPT = 2_500
"""Of Zoho's daily credits, half of what its smallest edition has; what is left is only told once half of all is used."""


def leaves_enough(workspace: Workspace) -> None:
    """Raise NotPermitted when the ticks need what is left of the month's TimelinesAI requests."""
    total, used = workspace.api_calls_total, workspace.api_calls_used
    if total and used is not None and total - used < KEPT_FOR_TICKS * total:
        text = (
            f"TimelinesAI has {max(total - used, 0)} of {total} requests left this month, which the ticks need: "
            "call again next month, or with a larger plan; what is done stays done."
        )
        raise NotPermitted(text, system="TimelinesAI")


def enough_credits(remaining: int | None) -> None:
    """Raise NotPermitted when the ticks need what is left of Zoho's credits; None is for enough."""
    if remaining is not None and remaining < CREDITS_KEPT:
        text = f"Zoho has {remaining} API credits left for today, which the ticks need: call again tomorrow."
        raise NotPermitted(text, system="Zoho CRM")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which messages count: from `since` on and before `until`, days in `zone`."""

    since: datetime
    until: datetime
    zone: str

    def hold(self, item: Message) -> bool:
        """Say whether a message belongs to the history asked for."""
        return self.since <= item.timestamp < self.until

    def day(self, item: Message) -> date:
        """Return the local date of a message."""
        return self.day_of(item.timestamp)

    def day_of(self, moment: datetime) -> date:
        """Return the local date of a moment."""
        return local_date(moment, self.zone)


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """What was read of a chat from `began_before` back to `before`; `done` says that nothing older is wanted."""

    chat_id: int
    began_before: str | None
    before: str | None
    done: bool
    items: tuple[Message, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(slots=True)
class Slice:
    """What a few requests gave: chats that were listed, or the history of some; `problem` is why it is cut short."""

    chats: list[Chat] = field(default_factory=list)
    listed_page: int | None = None
    more_chats: bool = False
    histories: list[ReadHistory] = field(default_factory=list)
    problem: OutsideError | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return self.listed_page is None and not self.histories and not self.chats


@dataclass(slots=True)
class HistoryReader:
    """Reads the history that one backfill asks for; it changes nothing anywhere. `give_way` is awaited before each request."""

    ledger: Ledger
    timelines: TimelinesClient
    count: CallCount
    organisation_id: str
    backfill_id: str
    give_way: Callable[[], Awaitable[None]]
    slices: int = 0

    async def read_slice(self) -> Slice:
        """Read what comes next within a slice's requests; an empty slice without problem means that all is read."""
        found = Slice()
        with self.ledger.reading() as session:
            backfill = backfills.progress(session, self.backfill_id).backfill
            waiting = backfills.waiting(session, self.backfill_id, CHATS_PER_SLICE)
            settings = organisations.current_settings(session, self.organisation_id)
        limit = self.count.timelines + REQUESTS_PER_SLICE
        try:
            if self.slices % SLICES_PER_QUOTA_CHECK == 0:
                leaves_enough(await self.timelines.workspace())
            self.slices += 1
            if backfill.state == "listing":
                await self._list(backfill, found, limit)
            else:
                await self._read(waiting, Bounds(backfill.since, backfill.until, settings.timezone), found, limit)
        except OutsideError as error:
            found.problem = error
        return found

    async def _list(self, backfill: Backfill, found: Slice, limit: int) -> None:
        if backfill.chat_ids is not None:
            found.more_chats = True
            for chat_id in backfill.chat_ids:
                await self.give_way()
                with suppress(NotFound):
                    found.chats.append(await self.timelines.chat(chat_id))
            found.listed_page, found.more_chats = 1, False
            return
        page_number, seen = backfill.next_page, set[int]()
        while self.count.timelines < limit:
            await self.give_way()
            page = await self.timelines.chats(page_number)
            ids = {chat.id for chat in page.items}
            if ids and ids <= seen and page.more:
                raise SchemaDrift("TimelinesAI gives the same page of chats again and again.", system="TimelinesAI")
            seen |= ids
            found.chats += page.items
            found.listed_page, found.more_chats = page_number, page.more
            if not page.more:
                return
            page_number += 1

    async def _read(self, waiting: Sequence[BackfillChat], bounds: Bounds, found: Slice, limit: int) -> None:
        for row in waiting:
            if self.count.timelines >= limit:
                return
            try:
                found.histories.append(await self._read_chat(row, bounds, limit))
            except NotFound:
                found.histories.append(ReadHistory(row.chat_id, row.before, row.before, done=True))

    async def _read_chat(self, row: BackfillChat, bounds: Bounds, limit: int) -> ReadHistory:
        items: dict[str, Message] = {}
        unreadable: dict[str, Unreadable] = {}
        before = row.before or self._known(row.chat_id, bounds)
        while True:
            page = await self._page(row, before)
            fresh = [item for item in page.items if item.uid not in items]
            items.update((item.uid, item) for item in fresh)
            unreadable.update((item.id, item) for item in page.unreadable)
            if not page.more or any(item.timestamp < bounds.since for item in page.items):
                kept = tuple(item for item in items.values() if bounds.hold(item))
                return ReadHistory(row.chat_id, row.before, row.before, True, kept, tuple(unreadable.values()))
            further = page.next_token or (fresh[-1].uid if fresh else None)
            if further in (None, before) or not (fresh or page.unreadable):
                raise SchemaDrift(f"TimelinesAI gives the same messages of chat {row.chat_id} again.", system="TimelinesAI")
            before = further
            if self.count.timelines >= limit:
                return _whole_days(row, before, items.values(), tuple(unreadable.values()), bounds)

    async def _page(self, row: BackfillChat, before: str | None) -> Page[Message]:
        await self.give_way()
        try:
            return await self.timelines.messages(row.chat_id, before=before)
        except NotFound:
            if before is None:
                raise
            # The message itself may be gone since: the chat is read from its newest one.
            return await self.timelines.messages(row.chat_id)

    def _known(self, chat_id: int, bounds: Bounds) -> str | None:
        with self.ledger.reading() as session:
            return backfills.oldest_known(session, self.organisation_id, chat_id, bounds.until)


def _whole_days(
    row: BackfillChat, before: str | None, items: Iterable[Message], unreadable: tuple[Unreadable, ...], bounds: Bounds
) -> ReadHistory:
    """Keep the days that were read to their beginning, so that each note is written once; the oldest is read again.

    A day that fills a whole slice is kept as far as it was read, back to the message `before`.
    """
    newest_first = sorted(items, key=lambda item: item.timestamp, reverse=True)
    oldest_day = bounds.day(newest_first[-1]) if newest_first else None
    whole = [item for item in newest_first if bounds.day(item) != oldest_day]
    kept = tuple(item for item in whole or newest_first if bounds.hold(item))
    return ReadHistory(row.chat_id, row.before, whole[-1].uid if whole else before, False, kept, unreadable)


def store(tick: Tick, backfill_id: str, read: Slice) -> None:
    """Store a slice with the place it ends at, in one transaction; what another process has stored meanwhile is left out."""
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        backfill = backfills.progress(session, backfill_id).backfill
        if read.listed_page is not None or read.chats:
            _store_chats(tick, session, backfill, read, now)
        for history in read.histories:
            _store_history(tick, session, backfill, history, now)
        left = backfill.state == "listing" or backfills.waiting(session, backfill_id, 1)
        if not left:
            backfill.state, backfill.ended_at, backfill.problem = "done", now, None


def _store_chats(tick: Tick, session: Session, backfill: Backfill, read: Slice, now: datetime) -> None:
    region = tick.settings.default_region
    direct = [chat for chat in read.chats if chat.kind is ChatKind.DIRECT]
    wanted = [chat for chat in direct if chat.last_message_at is None or chat.last_message_at >= backfill.since]
    chats.make_known(
        session, tick.organisation_id, wanted, since=tick.starts_at, now=now,
        phone_key=lambda chat: chat_phone_key(chat.jid, chat.phone, region),
    )  # fmt: skip
    backfills.add_chats(session, backfill, [chat.id for chat in wanted])
    backfill.groups_left_out += len(read.chats) - len(direct)
    backfill.next_page = (read.listed_page or 1) + 1
    if not read.more_chats:
        backfill.state = "reading"
        if backfill.chat_ids is None:
            # A chat that moved to the head while later pages were read is on none of them; a tick has seen it there.
            backfills.add_chats(session, backfill, chats.active_since(session, tick.organisation_id, backfill.since))


def _store_history(tick: Tick, session: Session, backfill: Backfill, read: ReadHistory, now: datetime) -> None:
    row = backfills.chat(session, backfill.id, read.chat_id)
    if row.done or row.before != read.began_before:
        return
    # The API's order is newest first; two messages of one second keep the order in which they were written.
    items = list(reversed(read.items))
    items.sort(key=lambda item: item.timestamp)
    new = len(items) - len(messages.known_uids(session, tick.organisation_id, [item.uid for item in items]))
    days = [local_date(item.timestamp, tick.settings.timezone) for item in items]
    storing.store(session, tick.organisation_id, tick.run_id, items, days=days, now=now)
    storing.park_unreadable(session, tick.organisation_id, tick.run_id, read.unreadable, chat_id=read.chat_id, now=now)
    tick.file_urls.update(
        ((item.uid, position), file.url) for item in items for position, file in enumerate(item.attachments) if file.url
    )
    row.done, row.before, row.messages = read.done, read.before, row.messages + new
