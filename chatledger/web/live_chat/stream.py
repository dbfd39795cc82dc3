"""News of the open record as server-sent events: one connection per page, nothing to be asked for by the page.

Events: `messages` (the newest messages of the open chat, rendered), `chat` (another chat of the record has news) and `renew`
(the stream ends here; the page opens a new one, by which the right to see the record is checked again).
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import Response

from chatledger.errors import ChatledgerError
from chatledger.models import Chat
from chatledger.web.live_chat.conversation import Bubble
from chatledger.web.live_chat.desk import Desk
from chatledger.web.live_chat.pages import LATEST, rendered_latest
from chatledger.web.live_chat.polling import Polling
from chatledger.web.live_chat.visitors import Visitor, visitor_of
from chatledger.web.wording import language_of

SECONDS = 270.0
"""How long a stream lives: less than a session token."""

PING_SECONDS = 20
AT_THE_SAME_TIME = 0.05
"""Pages that hear the same news share one reading, begun at most so many seconds before the last of them asks."""

MOST_RENDERED = 200


class Stream:
    """The streams of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        webhooks_on = desk.parts.webhooks_on or (lambda: False)
        self.polling = Polling(desk.newest, desk.parts.broadcaster, webhooks_on)
        self._rendered: dict[tuple[Any, ...], str] = {}

    async def events(self, request: Request) -> Response:
        """Stream the news of a record whose chat `chat` is open."""
        visitor = await visitor_of(request)
        found = await self.desk.opened.of(visitor.person.id, visitor.record)
        shown = next((chat for chat in found.chats if str(chat.id) == request.query_params.get("chat")), None)
        zone = await self.desk.zone(request.query_params.get("zone", ""))
        news = self._news(request, visitor, {chat.id for chat in found.chats}, shown, zone)
        return EventSourceResponse(news, ping=PING_SECONDS, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    async def _news(
        self, request: Request, visitor: Visitor, chats: set[int], shown: Chat | None, zone: str
    ) -> AsyncIterator[dict[str, str]]:
        news = self.desk.parts.broadcaster.subscribe(chats)
        async with self.polling.watching(shown.id if shown else None):
            yield {"event": "ready", "data": "{}"}
            end = asyncio.get_running_loop().time() + SECONDS
            while (remaining := end - asyncio.get_running_loop().time()) > 0:
                with suppress(TimeoutError):
                    chat_id = await asyncio.wait_for(anext(news), remaining)
                    yield await self._event(request, visitor, chat_id, shown, zone)
        yield {"event": "renew", "data": "{}"}

    async def _event(self, request: Request, visitor: Visitor, chat_id: int, shown: Chat | None, zone: str) -> dict[str, str]:
        html = ""
        if shown and shown.id == chat_id:
            try:
                page = await self.desk.newest.of(chat_id, since=self.desk.newest.now() - AT_THE_SAME_TIME)
            except ChatledgerError:
                return {"event": "chat", "data": json.dumps({"chat": chat_id})}
            html = self._html(request, self.desk.bubbles(visitor, shown, page.items[:LATEST], zone), zone)
        return {"event": "messages" if html else "chat", "data": json.dumps({"chat": chat_id, "html": html})}

    def _html(self, request: Request, bubbles: tuple[Bubble, ...], zone: str) -> str:
        """Render once what many pages are shown alike; addresses of files are one person's own."""
        addresses = tuple(file.address for bubble in bubbles for file in bubble.files)
        key = (tuple((bubble.uid, bubble.mark) for bubble in bubbles), addresses, language_of(request), zone)
        if key not in self._rendered:
            while len(self._rendered) >= MOST_RENDERED:
                del self._rendered[next(iter(self._rendered))]
            self._rendered[key] = bytes(rendered_latest(request, bubbles, zone).body).decode()
        return self._rendered[key]
