"""Where chats belong in Zoho and what was, or may have been, written there."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime


class Link(SQLModel, table=True):
    """The remembered phone key -> record of an organisation, shared by all chats of that key.

    `rule` says what decided, `matched_key` which form of the number the record carries, `candidates` who else was alive.
    """

    __table_args__ = (
        Index("link_by_record", "organisation_id", "record_id"),
        Index("link_by_rule", "organisation_id", "rule", "changed_at"),
    )
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

    __table_args__ = (
        UniqueConstraint("organisation_id", "chat_id", "local_date", "part", name="note_of_day"),
        Index("note_by_zoho_id", "organisation_id", "zoho_id"),
        Index("note_by_record", "organisation_id", "record_id"),
    )
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
        Index("intent_by_day", "organisation_id", "chat_id", "local_date"),
        Index("intent_by_message", "organisation_id", "message_uid"),
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
