"""The ledger's tables. Every row belongs to one organisation; every time is UTC.

An analyst can read them as they are: `run` what happened when, `message` what became of each message and why, `link` which
record a phone belongs to, `note` what was written where, `change` what was changed by whom.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, Index, Integer, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

BIG_KEY = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column whose type is exactly INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware time, kept as UTC in every database; SQLite has no type for zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Refuse naive times, so that no local time can slip in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored in the ledger")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Organisation(SQLModel, table=True):
    """A Zoho organisation bound to a TimelinesAI workspace, and whether its sync is switched on."""

    id: str = Field(primary_key=True)
    zgid: str
    workspace_id: str
    connected_user_id: str
    credentials_hash: str
    zoho_name: str = ""
    active: bool = False
    adopt_mode: bool = False
    starts_at: datetime = Field(sa_type=UtcTime)
    activated_at: datetime = Field(sa_type=UtcTime)
    deactivated_at: datetime | None = Field(default=None, sa_type=UtcTime)
    metadata_read_at: datetime | None = Field(default=None, sa_type=UtcTime)


class SettingsVersion(SQLModel, table=True):
    """Every settings file that was ever activated; the highest version counts."""

    __tablename__ = "settings_version"
    organisation_id: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcTime)


class Lease(SQLModel, table=True):
    """Who may write for an organisation. `fence` grows with every change of holder; a late writer is told by it."""

    organisation_id: str = Field(primary_key=True)
    holder: str = ""
    fence: int = 0
    expires_at: datetime = Field(sa_type=UtcTime)


class ConnectionToken(SQLModel, table=True):
    """The encrypted access token of a connection, and which process is fetching a new one."""

    __tablename__ = "connection_token"
    organisation_id: str = Field(primary_key=True)
    connection: str = Field(primary_key=True)
    ciphertext: bytes | None = None
    claimed_by: str | None = None
    claimed_until: datetime | None = Field(default=None, sa_type=UtcTime)


class Run(SQLModel, table=True):
    """One tick (or backfill) with its totals. `state` is running, completed, degraded, failed or crashed.

    `trouble_outside` says that an outside system refused us or could not be reached, and that work was left for it.
    """

    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    flow_run_id: str | None = None
    kind: str = "tick"
    state: str = "running"
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    fence: int = 0
    problem: str | None = None
    trouble_outside: bool = False
    messages_seen: int = 0
    messages_synced: int = 0
    messages_skipped: int = 0
    messages_failed: int = 0
    messages_pending: int = 0
    records_matched: int = 0
    records_created: int = 0
    notes_created: int = 0
    notes_updated: int = 0
    notes_unchanged: int = 0
    calls_timelines: int = 0
    calls_zoho: int = 0
    zoho_credits: int = 0
    seconds: float = 0.0


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
    were read completely, None until the first read.
    """

    __table_args__ = (Index("chat_by_phone_key", "organisation_id", "phone_key"),)
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


class Message(SQLModel, table=True):
    """One item of a chat with its outcome. `id` is the order of arrival; `detail` holds Zoho's code and field of a refusal.

    `raw` holds the payload of a message that could not be read, `timestamp` is None for those alone.
    """

    __table_args__ = (
        UniqueConstraint("organisation_id", "uid", name="message_uid"),
        Index("message_by_chat", "organisation_id", "chat_id", "timestamp"),
        Index("message_by_outcome", "organisation_id", "outcome", "reason", "next_try_at"),
        Index("message_by_run", "organisation_id", "run_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    uid: str
    chat_id: int = Field(sa_type=BigInteger)
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


class Link(SQLModel, table=True):
    """The remembered phone key -> record of an organisation, shared by all chats of that key.

    `rule` says what decided, `matched_key` which form of the number the record carries, `candidates` who else was alive.
    """

    organisation_id: str = Field(primary_key=True)
    phone_key: str = Field(primary_key=True)
    module: str
    record_id: str
    rule: str
    matched_key: str = ""
    candidates: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    pinned: bool = False
    run_id: str = ""
    created_at: datetime = Field(sa_type=UtcTime)
    changed_at: datetime = Field(sa_type=UtcTime)


class Note(SQLModel, table=True):
    """The Zoho note of one chat, local date and part. `zoho_id` is None while it does not exist (yet, or any more).

    `body_hash` is that of the last confirmed body and None while unknown; `title` never changes after the first plan.
    """

    __table_args__ = (UniqueConstraint("organisation_id", "chat_id", "local_date", "part", name="note_of_day"),)
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    chat_id: int = Field(sa_type=BigInteger)
    local_date: date
    part: int
    chat_name: str
    title: str
    module: str | None = None
    record_id: str | None = None
    zoho_id: str | None = None
    body_hash: str | None = None
    created_at: datetime | None = Field(default=None, sa_type=UtcTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    run_id: str = ""


class Intent(SQLModel, table=True):
    """A write that was decided, committed before its request leaves.

    `state`: open (may be on its way), unknown (no trustworthy answer), confirmed, refused (certainly not done), abandoned
    (never left), settled (looked up: found when `result_id` is set, else missing). `settle_after` is by the database's clock.
    """

    __table_args__ = (
        Index("intent_by_state", "organisation_id", "state"),
        Index("intent_by_key", "organisation_id", "phone_key"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    run_id: str
    fence: int
    kind: str
    state: str = "open"
    module: str
    record_id: str | None = None
    phone_key: str | None = None
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    local_date: date | None = None
    part: int | None = None
    message_uid: str | None = None
    position: int | None = None
    zoho_note_id: str | None = None
    title: str = ""
    url_path: str = ""
    body_hash: str = ""
    index_cursor: datetime | None = Field(default=None, sa_type=UtcTime)
    decided_at: datetime = Field(sa_type=UtcTime)
    may_leave_until: datetime = Field(sa_type=UtcTime)
    settle_after: datetime | None = Field(default=None, sa_type=UtcTime)
    result_id: str | None = None
    refusal: str = ""


class IndexState(SQLModel, table=True):
    """How far the phone index of a module is: building or complete, and Zoho's own time up to which changes were read.

    `swept_at` is when the list of deleted records was last read, once a day; `grown_at` when a record last appeared.
    """

    __tablename__ = "index_state"
    organisation_id: str = Field(primary_key=True)
    module: str = Field(primary_key=True)
    phone_field: str
    region: str
    state: str = "building"
    page_token: str | None = None
    last_id: str | None = None
    rows_read: int = 0
    cursor: datetime | None = Field(default=None, sa_type=UtcTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcTime)
    swept_at: datetime | None = Field(default=None, sa_type=UtcTime)
    grown_at: datetime | None = Field(default=None, sa_type=UtcTime)


class IndexedRecord(SQLModel, table=True):
    """One row of the phone index: what matching needs to know of a Zoho record."""

    __tablename__ = "indexed_record"
    __table_args__ = (
        Index("indexed_by_phone_key", "organisation_id", "module", "phone_key"),
        Index("indexed_by_alias_key", "organisation_id", "module", "alias_key"),
    )
    organisation_id: str = Field(primary_key=True)
    module: str = Field(primary_key=True)
    record_id: str = Field(primary_key=True)
    phone_key: str | None = None
    alias_key: str | None = None
    owner_id: str | None = None
    created_at: datetime | None = Field(default=None, sa_type=UtcTime)
    modified_at: datetime | None = Field(default=None, sa_type=UtcTime)
    alive: bool = True
    converted: bool = False
    converted_contact: str | None = None
    read_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ZohoUser(SQLModel, table=True):
    """A user of the Zoho organisation, read hourly, at activation and after an owner was refused."""

    __tablename__ = "zoho_user"
    organisation_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    email: str
    name: str
    active: bool
    confirmed: bool


class FieldMetadata(SQLModel, table=True):
    """The fields of a synced module as Zoho last described them."""

    __tablename__ = "field_metadata"
    organisation_id: str = Field(primary_key=True)
    module: str = Field(primary_key=True)
    fields: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)


class ChatWalk(SQLModel, table=True):
    """Where reading the chat list stands. `cursor` is the newest message time fully read, by TimelinesAI's own values."""

    __tablename__ = "chat_walk"
    organisation_id: str = Field(primary_key=True)
    cursor: datetime | None = Field(default=None, sa_type=UtcTime)
    order_broken: bool = False
    next_page: int | None = None
    walk_newest: datetime | None = Field(default=None, sa_type=UtcTime)
    swept_at: datetime | None = Field(default=None, sa_type=UtcTime)
    reread_at: datetime | None = Field(default=None, sa_type=UtcTime)
    accounts_read_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Change(SQLModel, table=True):
    """One line of history: what was linked, created, written, pinned or moved, by which run or person."""

    __table_args__ = (Index("change_by_time", "organisation_id", "at"),)
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    at: datetime = Field(sa_type=UtcTime)
    run_id: str | None = None
    actor: str = "sync"
    what: str
    phone_key: str | None = None
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    module: str | None = None
    record_id: str | None = None
    note_id: str | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSON)
