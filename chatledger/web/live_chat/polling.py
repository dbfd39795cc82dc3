"""Asking for news where no webhook tells them: gently, once for all pages that show a chat, and not while nobody does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chatledger.errors import ChatledgerError
from chatledger.web.broadcasting import Broadcaster
from chatledger.web.live_chat.reading import NewestMessages

FIRST_SECONDS = 4.0
SLOWER = 1.6
LONGEST_SECONDS = 60.0
LONGEST_WITH_WEBHOOKS_SECONDS = 300.0
"""Webhooks tell of messages, but not of ticks and reactions, and one may get lost."""

log = logging.getLogger(__name__)


class Polling:
    """Watches the chats that somebody has open."""

    def __init__(self, newest: NewestMessages, broadcaster: Broadcaster, webhooks_on: Callable[[], bool]) -> None:
        self._newest = newest
        self._broadcaster = broadcaster
        self._webhooks_on = webhooks_on
        self._watched: dict[int, tuple[int, asyncio.Task[None]]] = {}

    @asynccontextmanager
    async def watching(self, chat_id: int | None) -> AsyncIterator[None]:
        """Have a chat, if any, watched for the length of the block; several pages share one watch."""
        if chat_id is None:
            yield
            return
        pages, watch = self._watched.get(chat_id) or (0, asyncio.create_task(self._watch(chat_id)))
        self._watched[chat_id] = (pages + 1, watch)
        try:
            yield
        finally:
            pages, watch = self._watched.pop(chat_id)
            if pages > 1:
                self._watched[chat_id] = (pages - 1, watch)
            else:
                watch.cancel()

    async def _watch(self, chat_id: int) -> None:
        """Look soon after news, because ticks follow, and then ever more seldom."""
        news, pause, seen = self._broadcaster.subscribe([chat_id]), FIRST_SECONDS, None
        while True:
            try:
                await asyncio.wait_for(anext(news), pause)
                pause = FIRST_SECONDS
                continue
            except TimeoutError:
                longest = LONGEST_WITH_WEBHOOKS_SECONDS if self._webhooks_on() else LONGEST_SECONDS
                pause = min(pause * SLOWER, longest)
            try:
                page = await self._newest.of(chat_id, since=self._newest.now() - FIRST_SECONDS / 2)
            except ChatledgerError as error:
                log.info("Chat %s could not be looked at: %s", chat_id, error)
                continue
            looked = [(message.uid, message.status, message.text, message.reactions) for message in page.items]
            if looked != seen:
                self._broadcaster.publish(chat_id)
            seen = looked
