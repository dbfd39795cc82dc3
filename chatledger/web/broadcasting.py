"""Tells open pages that something is new in a chat, whichever process received it.

What is new is seen in the ledger's inbox of webhooks: at once where this process kept it, else within a second.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress
from weakref import WeakSet

from starlette.concurrency import run_in_threadpool

from chatledger.errors import LedgerUnavailable
from chatledger.ledger import webhook_inbox
from chatledger.ledger.database import Ledger

LOOK_SECONDS = 1.0
OVERLAP = 200
"""Of two transactions the one with the higher id may be seen first, so that the newest ids are looked at more than once."""

log = logging.getLogger(__name__)


class Subscription:
    """What one page listens to: an endless async iterator of chat ids in which something is new.

    News that nobody has taken yet are told once per chat, however many there were. It ends by itself when it is forgotten.
    """

    def __init__(self, chat_ids: Collection[int]) -> None:
        self._followed = set(chat_ids)
        self._news: dict[int, None] = {}
        self._arrived = asyncio.Event()

    def follow(self, chat_id: int) -> None:
        """Listen to one more chat."""
        self._followed.add(chat_id)

    def tell(self, chat_id: int) -> None:
        """Take note of news, if they are of a chat that is listened to."""
        if chat_id in self._followed:
            self._news[chat_id] = None
            self._arrived.set()

    def __aiter__(self) -> "Subscription":
        return self

    async def __anext__(self) -> int:
        """Return the next chat with something new, when there is one."""
        while not self._news:
            self._arrived.clear()
            await self._arrived.wait()
        chat_id = next(iter(self._news))
        del self._news[chat_id]
        return chat_id


class Broadcaster:
    """Brings news from the ledger to the pages of this process; to be used in the event loop of the pages."""

    def __init__(self) -> None:
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._nudged = asyncio.Event()
        self._after: int | None = None
        self._seen: set[int] = set()

    def subscribe(self, chat_ids: Collection[int]) -> Subscription:
        """Listen to these chats from now on; what is not held any more hears nothing."""
        subscription = Subscription(chat_ids)
        self._subscriptions.add(subscription)
        self.nudge()
        return subscription

    def publish(self, chat_id: int) -> None:
        """Tell the pages of this process that something is new in a chat."""
        for subscription in list(self._subscriptions):
            subscription.tell(chat_id)

    def nudge(self) -> None:
        """Have the inbox looked at now."""
        self._nudged.set()

    async def watch(self, ledger: Ledger) -> None:
        """Look at the inbox for as long as the pages are served, every second while one of them listens."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._nudged.wait()
            self._nudged.clear()
            try:
                await self._look(ledger)
            except LedgerUnavailable as error:
                log.warning("Open pages are not told of news at the moment: %s", error)
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, ledger: Ledger) -> None:
        if not self._subscriptions:
            self._after = None
            return
        if self._after is None:
            newest = await run_in_threadpool(_newest, ledger)
            known = await run_in_threadpool(_since, ledger, newest - OVERLAP)
            self._seen = {item for item in known if item <= newest}
            self._after = newest
        found = await run_in_threadpool(_since, ledger, self._after - OVERLAP)
        for chat_id in {chat_id for item, chat_id in found.items() if item not in self._seen}:
            self.publish(chat_id)
        self._after = max([self._after, *found])
        self._seen = set(found)


def _newest(ledger: Ledger) -> int:
    with ledger.reading() as session:
        return webhook_inbox.newest_id(session)


def _since(ledger: Ledger, after: int) -> dict[int, int]:
    with ledger.reading() as session:
        return webhook_inbox.chats_since(session, after)
