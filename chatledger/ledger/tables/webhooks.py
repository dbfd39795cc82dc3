"""What TimelinesAI brings by webhook, and how it was asked to do so."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime


class WebhookRegistration(SQLModel, table=True):
    """The webhooks of an organisation: its secret address, what TimelinesAI says of them, and whether they can be trusted.

    `state` is on (every message event is subscribed and enabled), off (something is wrong, see `problem`) or removed.
    `subscriptions` are TimelinesAI's own rows of ours. `listening_since` is when this side last began to listen without a
    gap, `listening_at` when it last said so. `missed_at` is when a message was last found by reading that no webhook brought.
    """

    __tablename__ = "webhook_registration"
    organisation_id: str = Field(primary_key=True)
    secret_hash: str = Field(unique=True)
    secret: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcTime)
    public_url: str = ""
    state: str = "off"
    problem: str = ""
    checked_at: datetime | None = Field(default=None, sa_type=UtcTime)
    subscriptions: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    listening_since: datetime | None = Field(default=None, sa_type=UtcTime)
    listening_at: datetime | None = Field(default=None, sa_type=UtcTime)
    missed_at: datetime | None = Field(default=None, sa_type=UtcTime)


class InboxItem(SQLModel, table=True):
    """One event a webhook brought, as it came. `fingerprint` is equal for what says the same, however often it comes.

    `state` is waiting, done or parked; `reason` is a word for what was done and a sentence for what was parked. `body` is
    JSON text, or for what was no JSON the beginning of what came. `deliveries` counts how often it came.
    """

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        UniqueConstraint("organisation_id", "fingerprint", name="inbox_fingerprint"),
        Index("inbox_by_state", "organisation_id", "state", "id"),
        Index("inbox_by_time", "organisation_id", "received_at"),
        Index("inbox_by_chat", "organisation_id", "chat_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    fingerprint: str
    event_type: str = ""
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    message_uid: str | None = None
    body: str
    received_at: datetime = Field(sa_type=UtcTime)
    deliveries: int = 1
    state: str = "waiting"
    reason: str = ""
    settled_at: datetime | None = Field(default=None, sa_type=UtcTime)
    run_id: str | None = None
