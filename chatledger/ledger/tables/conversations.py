"""What TimelinesAI told us: numbers, chats and messages with their outcomes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime


class Account(SQLModel, table=True):
    """A connected WhatsApp number; `id` is its WID."""

    organisation_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    phone: str
    owner_name: str
    owner_email: str
    connected: bool
    read_at: datetime = Field(sa_type=UtcTime)


class Chat(SQLModel, table=True):
    """A WhatsApp conversation as TimelinesAI last described it.

    `to_read` says that it has changed since its messages were read; `read_until` is the newest message time up to which they
    were read completely, None until the first read. `unverified_since` is when the first message since then came by webhook
    alone: one before it may have been lost, so the chat is read some time later. `erased` says that the person behind
    it was erased on request.
    """

    __table_args__ = (
        Index("chat_by_phone_key", "organisation_id", "phone_key"),
        Index("chat_by_name", "organisation_id", "name_folded", "last_message_at"),
    )
    organisation_id: str = Field(primary_key=True)
    id: int = Field(primary_key=True, sa_type=BigInteger)
    name: str
    phone: str
    jid: str
    kind: str
    account_id: str
    url: str
    phone_key: str | None = None
    last_message_at: datetime | None = Field(default=None, sa_type=UtcTime)
    last_message_uid: str | None = None
    to_read: bool = Field(default=False, index=True)
    read_misses: int = 0
    read_until: datetime | None = Field(default=None, sa_type=UtcTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcTime)
    first_seen_at: datetime = Field(sa_type=UtcTime)
    name_folded: str | None = None
    unverified_since: datetime | None = Field(default=None, sa_type=UtcTime)
    erased: bool | None = None


class Message(SQLModel, table=True):
    """One item of a chat with its outcome. `id` is the order of arrival; `detail` holds Zoho's code and field of a refusal.

    `raw` holds the payload of a message that could not be read, `timestamp` is None for those alone. `account_id` is that of
    its chat, repeated here because five million messages are listed and counted by number.
    """

    __table_args__ = (
        UniqueConstraint("organisation_id", "uid", name="message_uid"),
        Index("message_by_chat", "organisation_id", "chat_id", "timestamp"),
        Index("message_by_outcome", "organisation_id", "outcome", "reason", "next_try_at"),
        Index("message_by_run", "organisation_id", "run_id"),
        Index("message_by_time", "organisation_id", "timestamp"),
        Index("message_by_reason", "organisation_id", "reason", "timestamp"),
        Index("message_by_number", "organisation_id", "account_id", "reason", "timestamp"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    uid: str
    chat_id: int = Field(sa_type=BigInteger)
    account_id: str | None = None
    timestamp: datetime | None = Field(default=None, sa_type=UtcTime)
    local_date: date | None = None
    kind: str = ""
    direction: str = ""
    text: str = ""
    sender_name: str = ""
    agent: str = ""
    status: str = ""
    failure: str = ""
    origin: str = ""
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    reactions: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    content_hash: str = ""
    raw: Any = Field(default=None, sa_type=JSON)
    first_run_id: str
    first_seen_at: datetime = Field(sa_type=UtcTime)
    outcome: str
    reason: str
    detail: str = ""
    attempts: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcTime)
    run_id: str
    decided_at: datetime = Field(sa_type=UtcTime)
    module: str | None = None
    record_id: str | None = None
    note_id: str | None = None
    text_removed: bool | None = None


class MessageAttachment(SQLModel, table=True):
    """A file of a message and whether it was uploaded to its note: state is waiting, uploaded or not_uploaded."""

    __tablename__ = "message_attachment"
    organisation_id: str = Field(primary_key=True)
    message_uid: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    filename: str
    size: int | None = None
    state: str = "waiting"
    reason: str = ""
    attempts: int = 0
    zoho_note_id: str | None = None
    zoho_attachment_id: str | None = None


class ChatWalk(SQLModel, table=True):
    """Where reading the chat list stands. `cursor` is the newest message time fully read, by TimelinesAI's own values.

    `walked_at` is when a walk last ended, `pages` how many pages it took: a long one is made less often.
    """

    __tablename__ = "chat_walk"
    organisation_id: str = Field(primary_key=True)
    cursor: datetime | None = Field(default=None, sa_type=UtcTime)
    order_broken: bool = False
    next_page: int | None = None
    walk_newest: datetime | None = Field(default=None, sa_type=UtcTime)
    swept_at: datetime | None = Field(default=None, sa_type=UtcTime)
    reread_at: datetime | None = Field(default=None, sa_type=UtcTime)
    accounts_read_at: datetime | None = Field(default=None, sa_type=UtcTime)
    walked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    pages: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
