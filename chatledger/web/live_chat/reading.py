"""The newest messages of the chats that are open in a browser: read once, however many pages show them."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from chatledger.clients import TimelinesClient
from chatledger.models import Message, Page

MOST = 500


@dataclass(frozen=True, slots=True)
class _Read:
    page: asyncio.Future[Page[Message]]
    began: float


class NewestMessages:
    """The first page of each chat; `now` is the time by which callers say how fresh it has to be."""

    def __init__(self, timelines: Callable[[], TimelinesClient], clock: Callable[[], float] = time.monotonic) -> None:
        self._timelines = timelines
        self._clock = clock
        self._read: dict[int, _Read] = {}

    def now(self) -> float:
        """Return the time readings are compared by."""
        return self._clock()

    async def of(self, chat_id: int, *, since: float) -> Page[Message]:
        """Return a page whose reading began at `since` or later; whoever asks meanwhile gets the same one."""
        known = self._read.get(chat_id)
        if known is None or known.began < since or _failed(known.page):
            page = asyncio.ensure_future(self._timelines().messages(chat_id))
            known = _Read(page, self._clock())
            self._read.pop(chat_id, None)
            self._read[chat_id] = known
            while len(self._read) > MOST:
                del self._read[next(iter(self._read))]
        return await asyncio.shield(known.page)


def _failed(page: asyncio.Future[Page[Message]]) -> bool:
    return page.done() and (page.cancelled() or page.exception() is not None)
