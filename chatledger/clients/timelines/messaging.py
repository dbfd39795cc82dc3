"""What a person does in a chat: send, attach, react, and what became of it (OpenAPI 1.3.0).

TimelinesAI knows no idempotency key: nothing here is asked twice by itself. An error with `outcome_unknown` means that the
message may have left; look at the chat before it is sent again.
"""

from typing import IO, Any
from urllib.parse import quote

from chatledger.clients.answers import Asked
from chatledger.clients.timelines.answers import drift, rows_of
from chatledger.clients.timelines.connection import TimelinesConnection
from chatledger.clients.timelines.payloads import read_each, read_status, read_template
from chatledger.errors import SchemaDrift
from chatledger.models import StatusChange, Template

LONGEST_TEXT = 2000
"""Characters of a message, of the text beside a file as well."""


class MessagingCalls(TimelinesConnection):
    """What TimelinesAI does in the name of a connected number."""

    async def send_to_chat(
        self, chat_id: int, *, text: str = "", file_uid: str | None = None, reply_to: str | None = None
    ) -> str:
        """Send from the number that owns the chat and return the message's uid; at least a text or a file.

        The answer means that the message was accepted; `status_history` tells what became of it.
        """
        body = _content(text, file_uid) | ({"reply_to": reply_to} if reply_to else {})
        return await self._send(f"/chats/{chat_id}/messages", Asked("TimelinesAI", f"a message to chat {chat_id}", True), body)

    async def send_to_phone(self, phone: str, *, from_phone: str, text: str = "", file_uid: str | None = None) -> str:
        """Send to an international number from a connected one and return the message's uid; the chat is opened by it."""
        body = {"phone": phone, "whatsapp_account_phone": from_phone, **_content(text, file_uid)}
        return await self._send("/messages", Asked("TimelinesAI", "a message to a new chat", True), body)

    async def upload_file(self, filename: str, content: IO[bytes], mimetype: str) -> str:
        """Store a file in the workspace and return its uid; `content` is read as it leaves. Nobody receives anything yet."""
        asked = Asked("TimelinesAI", "the upload of a file")
        payload = await self._write("POST", "/files_upload", asked, files={"file": (filename, content, mimetype)})
        return _named(payload, "uid", asked)

    async def react(self, uid: str, emoji: str) -> None:
        """Set the number's reaction to a message, or take it back with an empty one."""
        asked = Asked("TimelinesAI", f"a reaction to message {uid}")
        await self._write("PATCH", f"/messages/{quote(uid, safe='')}/reactions", asked, body={"reaction": emoji})

    async def templates(self) -> tuple[Template, ...]:
        """Return the text templates of the workspace, the one changed last first; none can be sent by its id."""
        asked = Asked("TimelinesAI", "the list of templates")
        rows = rows_of(await self._get("/templates", asked), "templates", asked)
        return read_each(rows, read_template, "id")[0]

    async def status_history(self, uid: str) -> tuple[StatusChange, ...]:
        """Return what became of a sent message, oldest first; empty until it left."""
        asked = Asked("TimelinesAI", f"the statuses of message {uid}")
        rows = rows_of(await self._get(f"/messages/{quote(uid, safe='')}/status_history", asked), "statuses", asked)
        return read_each(rows, read_status, "status")[0]

    async def _send(self, path: str, asked: Asked, body: dict[str, Any]) -> str:
        return _named(await self._write("POST", path, asked, body=body), "message_uid", asked)


def _content(text: str, file_uid: str | None) -> dict[str, str]:
    return {**({"text": text} if text else {}), **({"file_uid": file_uid} if file_uid else {})}


def _named(payload: Any, key: str, asked: Asked) -> str:
    """Return an id out of an answer; without it the change was made all the same, by an object nobody can name."""
    value = payload.get(key) if isinstance(payload, dict) else None
    if isinstance(value, str) and value:
        return value
    error: SchemaDrift = drift(asked, f"{key} is missing")
    error.outcome_unknown = asked.write
    raise error
