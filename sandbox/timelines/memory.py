"""What the stand-in remembers: one workspace with its numbers, chats and messages.

Chats and messages are found by id without a search, and the messages of a chat are kept in order, so that a workspace of
5,000 chats and 200,000 messages answers as fast as a small one.
"""

import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.timelines.faults import ChatOrder


@dataclass(slots=True)
class Attachment:
    """A file that travels with a message; without `content` its bytes are made up when somebody downloads it."""

    filename: str
    size: int
    mimetype: str
    content: bytes | None = None


@dataclass(slots=True)
class Message:
    """One item of a chat; `statuses` is what becomes of it over time, in order."""

    uid: str
    chat_id: int
    timestamp: datetime
    received: datetime
    from_me: bool
    text: str | None
    statuses: list[tuple[datetime, str]]
    sender_name: str = ""
    sender_phone: str | None = None
    created_by: str = ""
    origin: str = "synced from WhatsApp"
    message_type: str = "whatsapp"
    attachment: Attachment | None = None
    reactions: list[dict[str, Any]] = field(default_factory=list)
    failure_reason: dict[str, Any] | None = None
    reply_to: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    arrival: int = 0

    @property
    def position(self) -> tuple[datetime, int]:
        """Where the message stands in its chat: by its own time, then by arrival."""
        return self.timestamp, self.arrival

    def status(self, now: datetime) -> str:
        """Give the last status reached; a message that has reached none is being sent."""
        reached = self.history(now)
        return reached[-1][1] if reached else "Sending"

    def history(self, now: datetime) -> list[tuple[datetime, str]]:
        """Give the statuses reached so far."""
        return [step for step in self.statuses if step[0] <= now]


@dataclass(slots=True)
class Chat:
    """One conversation on one connected number; `messages` is in order of position."""

    id: int
    name: str
    phone: str | None
    jid: str
    is_group: bool
    account_id: str
    created: datetime
    responsible_email: str | None = None
    labels: list[str] = field(default_factory=list)
    group_members: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False
    read: bool = True
    unattended: bool = False
    chatgpt_autoresponse_enabled: bool = False
    messages: list[Message] = field(default_factory=list)

    @property
    def last_message(self) -> Message | None:
        """The message with the latest time, whenever it arrived."""
        return self.messages[-1] if self.messages else None


@dataclass(slots=True)
class Account:
    """A connected WhatsApp number; `status` is active or disconnected, whatever the reason."""

    id: str
    phone: str
    owner_name: str
    owner_email: str
    account_name: str
    status: str
    connected_on: datetime
    disconnected_on: datetime | None = None


@dataclass(slots=True)
class Teammate:
    """A member of the workspace."""

    user_id: int
    display_name: str
    email: str
    role: str
    created: datetime


@dataclass(slots=True)
class Template:
    """A text snippet of the workspace."""

    id: int
    name: str
    text: str
    created_by: str
    created: datetime
    updated: datetime
    visibility: str = "public"
    team_title: str | None = None
    uses: int = 0


@dataclass(slots=True)
class File:
    """A file uploaded to the workspace."""

    uid: str
    filename: str
    mimetype: str
    content: bytes
    uploaded_by: str
    uploaded: datetime


@dataclass(slots=True)
class Webhook:
    """A subscription to one kind of event; a deleted one is kept, because creating it again brings it back."""

    id: int
    event_type: str
    url: str
    enabled: bool = True
    deleted: bool = False
    errors_counter: int = 0


@dataclass
class Workspace:
    """The memory itself."""

    slug: str
    display_name: str
    plan: str
    zone: ZoneInfo
    token: str
    api_calls: dict[str, int]
    message_credits: dict[str, int]
    accounts: dict[str, Account] = field(default_factory=dict)
    teammates: list[Teammate] = field(default_factory=list)
    chats: dict[int, Chat] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    templates: dict[int, Template] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    webhooks: list[Webhook] = field(default_factory=list)
    _arrivals: int = 0
    _by_jid: dict[tuple[str, str], int] = field(default_factory=dict)
    _ordered: tuple[tuple[str, int], list[Chat]] | None = None

    def add_chat(self, chat: Chat) -> None:
        """Remember a chat."""
        self.chats[chat.id] = chat
        self._by_jid[chat.account_id, chat.jid] = chat.id
        self.reorder()

    def chat_of(self, account_id: str, jid: str) -> Chat | None:
        """Find the chat with this contact or group on this number."""
        chat_id = self._by_jid.get((account_id, jid))
        return None if chat_id is None else self.chats[chat_id]

    def next_chat_id(self) -> int:
        """Give an id that no chat has."""
        return max(self.chats, default=1_000_000) + 1

    def change_jid(self, chat: Chat, jid: str) -> None:
        """Give a chat another WhatsApp identity."""
        self._by_jid.pop((chat.account_id, chat.jid), None)
        chat.jid = jid
        self._by_jid[chat.account_id, jid] = chat.id

    def add_message(self, message: Message) -> None:
        """Put a message into its chat at its place in time."""
        self._arrivals += 1
        message.arrival = self._arrivals
        insort(self.chats[message.chat_id].messages, message, key=lambda other: other.position)
        self.messages[message.uid] = message
        self.reorder()

    def remove_message(self, message: Message) -> None:
        """Forget a message as if it had never been."""
        history = self.chats[message.chat_id].messages
        del history[bisect_left(history, message.position, key=lambda other: other.position)]
        del self.messages[message.uid]
        self.reorder()

    def reorder(self) -> None:
        """Take note that names or last messages changed."""
        self._ordered = None

    def ordered_chats(self, order: ChatOrder, seed: int) -> list[Chat]:
        """Give all chats in the wanted order (not to be changed by the caller)."""
        if self._ordered is None or self._ordered[0] != (order, seed):
            ranks = {"spec": _newest_first, "name": lambda chat: (chat.name.casefold(), chat.id), "shuffled": _shuffled(seed)}
            self._ordered = (order, seed), sorted(self.chats.values(), key=ranks[order])
        return self._ordered[1]

    def teammate(self, email: str | None) -> Teammate | None:
        """Find a member by e-mail, in any case of letters."""
        wanted = (email or "").casefold()
        return next((mate for mate in self.teammates if mate.email.casefold() == wanted), None)


def _newest_first(chat: Chat) -> tuple[bool, float, str, int]:
    last = chat.last_message
    return last is None, -last.timestamp.timestamp() if last else 0.0, chat.name.casefold(), chat.id


def _shuffled(seed: int) -> Any:
    return lambda chat: hashlib.sha256(f"{seed}:{chat.id}".encode()).digest()
