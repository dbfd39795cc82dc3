"""The TimelinesAI client: one method per question, values of `chatledger.models` as answers."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from chatledger.clients.answers import Asked
from chatledger.clients.timelines.answers import drift, rows_of
from chatledger.clients.timelines.messaging import MessagingCalls
from chatledger.clients.timelines.payloads import read_account, read_chat, read_each, read_message, read_workspace, why
from chatledger.errors import OutsideError
from chatledger.models import Account, Chat, Message, Page, Workspace

PAGE_SIZE = 50
"""Fixed by the vendor; every size parameter is ignored."""

NOT_OFFERED = (403, 404, 405)

Value = TypeVar("Value")
log = logging.getLogger(__name__)


class TimelinesClient(MessagingCalls):
    """Asks TimelinesAI's Public API at `api_url` with a workspace token; sends come from its base class.

    Every method raises errors of `chatledger.errors`. Requests are counted in `count`, wait for `budget` (by default the one
    this process keeps for the token) and end after `timeout` seconds in total. Reads are repeated a bounded number of times.
    """

    async def workspace(self) -> Workspace:
        """Return the workspace of the token with its monthly API calls."""
        asked = Asked("TimelinesAI", "the workspace")
        return _read_one(read_workspace, await self._get("/workspace", asked), asked)

    async def accounts(self) -> tuple[Account, ...]:
        """Return the connected WhatsApp numbers, disconnected ones included; one that cannot be read is left out."""
        asked = Asked("TimelinesAI", "the list of WhatsApp accounts")
        rows = rows_of(await self._get("/whatsapp_accounts", asked), "whatsapp_accounts", asked)
        accounts, unreadable = read_each(rows, read_account, "id")
        if unreadable:
            log.warning("%d WhatsApp accounts could not be read: %s", len(unreadable), unreadable[0].why)
        return accounts

    async def chats(self, page: int = 1, *, phone: str | None = None) -> Page[Chat]:
        """Return one page (50) of the chats. The vendor promises newest first; do not rely on it.

        `phone` leaves only the direct chats with a number; written with its plus it has to be equal.
        """
        asked = Asked("TimelinesAI", f"page {page} of the chats")
        payload = await self._get("/chats", asked, {"page": page, **({"phone": phone} if phone else {})})
        rows = rows_of(payload, "chats", asked)
        items, unreadable = read_each(rows, lambda raw: read_chat(raw, self._origin), "id")
        return Page(items, unreadable, _has_more(payload, rows))

    async def chat(self, chat_id: int) -> Chat:
        """Return one chat; raise `NotFound` when it does not exist."""
        asked = Asked("TimelinesAI", f"chat {chat_id}")
        return _read_one(lambda raw: read_chat(raw, self._origin), await self._get(f"/chats/{chat_id}", asked), asked)

    async def messages(self, chat_id: int, *, before: str | None = None) -> Page[Message]:
        """Return up to 50 messages of a chat, newest first, all kinds (notes and calls too).

        `before` is a uid, exclusive; `next_token` of the page is the uid to go on with. The vendor documents no page number
        for messages, so the way back goes by `before_message`.
        """
        asked = Asked("TimelinesAI", f"the messages of chat {chat_id}")
        query = {"sorting_order": "desc", **({"before_message": before} if before else {})}
        payload = await self._get(f"/chats/{chat_id}/messages", asked, query)
        rows = rows_of(payload, "messages", asked)
        items, unreadable = read_each(rows, lambda raw: read_message(raw, self._origin, chat_id), "uid")
        more = _has_more(payload, rows)
        return Page(items, unreadable, more, _oldest_uid(items, rows) if more else None)

    async def message(self, uid: str) -> Message:
        """Return one message with fresh attachment URLs; raise `NotFound` when it does not exist."""
        asked = Asked("TimelinesAI", f"message {uid}")
        payload = await self._get(f"/messages/{quote(uid, safe='')}", asked)
        return _read_one(lambda raw: read_message(raw, self._origin), payload, asked)

    async def waba_accounts(self) -> int:
        """Return the number of WhatsApp Business accounts, 0 where that cannot be learned; only a warning hangs on it."""
        asked = Asked("TimelinesAI", "the list of WhatsApp Business accounts")
        try:
            payload = await self._get("/waba/accounts", asked, forbidden_means_throttled=False)
            return len(rows_of(payload, "waba_accounts", asked))
        except OutsideError as error:
            if error.status not in NOT_OFFERED:
                log.warning("The number of WhatsApp Business accounts is unknown: %s", error)
            return 0

    async def download(self, url: str, *, max_bytes: int) -> bytes:
        """Return the content of an attachment.

        Raise `NotFound` when its URL has expired, `Rejected` for a host that is not allowed and for more than `max_bytes`.
        """
        return await self._files.fetch(url, max_bytes=max_bytes, left=self._left)


def _read_one(read: Callable[[Any], Value], payload: Any, asked: Asked) -> Value:
    try:
        return read(payload)
    except ValidationError as error:
        raise drift(asked, why(error)) from None


def _has_more(payload: Any, rows: list[Any]) -> bool:
    said = payload.get("has_more_pages") if isinstance(payload, dict) else None
    return len(rows) >= PAGE_SIZE if said is None else str(said).lower() in ("true", "1")


def _oldest_uid(items: tuple[Message, ...], rows: list[Any]) -> str | None:
    """Return the uid to go back from; of several in the oldest second the last one listed."""
    if items:
        return min(reversed(items), key=lambda message: message.timestamp).uid
    uids = [raw["uid"] for raw in rows if isinstance(raw, dict) and isinstance(raw.get("uid"), str)]
    return uids[-1] if uids else None
