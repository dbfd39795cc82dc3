"""What the pages of this area share: one desk per application."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from chatledger.clients import TimelinesClient
from chatledger.errors import UsageError
from chatledger.ledger import audit_trail, organisations
from chatledger.ledger.audit_trail import Act
from chatledger.models import Account, Chat, ChatsOfRecord, Message, RecordRef, Template
from chatledger.phones import chat_phone_key
from chatledger.web.live_chat.attempts import Attempts
from chatledger.web.live_chat.conversation import Bubble, bubbles
from chatledger.web.live_chat.opened import OpenedRecords
from chatledger.web.live_chat.reading import NewestMessages
from chatledger.web.live_chat.tokens import FileOf, Handshakes, file_address
from chatledger.web.live_chat.visitors import Visitor
from chatledger.web.parts import LookUp, WebParts

TEMPLATES_LIVE_SECONDS = 60.0
UNNAMED_ZONE = "UTC"
NO_REGION = "ZZ"
"""The number of a chat is always international."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The state of the live chat in this process; nothing of it has to survive the process."""

    parts: WebParts
    opened: OpenedRecords
    newest: NewestMessages
    handshakes: Handshakes
    attempts: Attempts = field(default_factory=Attempts)
    known_templates: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: WebParts) -> "Desk":
        """Make the desk of an application."""
        return cls(parts, OpenedRecords(_look_up(parts)), NewestMessages(lambda: timelines(parts)), Handshakes(parts.ledger))

    @property
    def is_set_up(self) -> bool:
        """Whether this process can look anything up at all."""
        return self.parts.look_up is not None and self.parts.timelines is not None

    def timelines(self) -> TimelinesClient:
        """Return the organisation's client; raise UsageError where none is connected."""
        return timelines(self.parts)

    async def chat(self, visitor: Visitor, chat_id: int) -> tuple[ChatsOfRecord, Chat]:
        """Return a chat of the visitor's record with what else was found; raise HTTPException 404 for any other chat."""
        found = await self.opened.of(visitor.person.id, visitor.record)
        chat = next((one for one in found.chats if one.id == chat_id), None)
        if chat is None:
            raise HTTPException(404)
        return found, chat

    async def note_down(self, visitor: Visitor, act: str, chat: Chat, **details: Any) -> None:
        """Write into the audit trail that somebody looked at a chat or sent into it: TimelinesAI names only the workspace."""
        key = chat_phone_key(chat.jid, chat.phone, NO_REGION)
        done = Act(visitor.person.email, act, "chat", str(chat.id), key, details)
        await run_in_threadpool(audit_trail.write, self.parts.ledger, self.parts.organisation_id, done)

    async def templates(self) -> tuple[Template, ...]:
        """Return the workspace's templates as they were less than a minute ago."""
        until, known = self.known_templates.get("", (0.0, ()))
        if self.newest.now() >= until:
            known = await self.timelines().templates()
            self.known_templates[""] = (self.newest.now() + TEMPLATES_LIVE_SECONDS, known)
        return tuple(known)

    async def zone(self, named_by_browser: str = "") -> str:
        """Return the time zone of an activated sync, else the one the browser named, else UTC."""
        try:
            return await run_in_threadpool(self._settings_zone)
        except LookupError:
            return named_by_browser if _is_zone(named_by_browser) else UNNAMED_ZONE

    def bubbles(self, visitor: Visitor, chat: Chat, messages: Sequence[Message], zone: str) -> tuple[Bubble, ...]:
        """Return messages as this visitor is shown them."""

        def link(message: Message, position: int) -> str:
            return file_address(self.parts.ledger, FileOf(visitor.person.id, chat.id, message.uid, position))

        return bubbles(messages, zone=zone, contact=chat.name or chat.phone, link=link)

    def _settings_zone(self) -> str:
        with self.parts.ledger.reading() as session:
            return organisations.current_settings(session, self.parts.organisation_id).timezone


def timelines(parts: WebParts) -> TimelinesClient:
    """Return the organisation's client; raise UsageError where none is connected."""
    if parts.timelines is None:
        raise UsageError("TimelinesAI is not connected: connect it under /connect.")
    return parts.timelines()


def number_of(found: ChatsOfRecord, account_id: str) -> Account | None:
    """Return a connected number by id, None when TimelinesAI no longer lists it."""
    return next((number for number in found.numbers if number.id == account_id), None)


def _look_up(parts: WebParts) -> LookUp:
    if parts.look_up is None:
        return _nothing_to_look_up
    return parts.look_up


async def _nothing_to_look_up(person_id: str, record: RecordRef) -> ChatsOfRecord:
    _ = person_id, record
    raise UsageError("Zoho is not connected: connect it under /connect.")


def _is_zone(name: str) -> bool:
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (ValueError, OSError, KeyError):
        return False
