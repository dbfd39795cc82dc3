"""What a verification found comparing TimelinesAI, the ledger and Zoho; ids and hashes only, no text and no number."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime


class Verification(SQLModel, table=True):
    """One comparison of the three systems. `standings` counts the period's messages, each exactly once, by where they stand.

    `state`: running; clean (nothing found); repaired (nothing left); findings (some are left); incomplete (a system refused or
    could not be reached, so that some messages are unchecked); failed. `period_to` is None where there was no upper bound.
    `expectations` are those of the nightly audit with whether they were met; None where they were not checked.
    """

    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    flow_run_id: str | None = None
    state: str = "running"
    problem: str | None = None
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    period_from: datetime = Field(sa_type=UtcTime)
    period_to: datetime | None = Field(default=None, sa_type=UtcTime)
    standings: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    messages: int = 0
    chats: int = 0
    notes: int = 0
    index_rows: int = 0
    found: int = 0
    repaired: int = 0
    calls_timelines: int = 0
    calls_zoho: int = 0
    zoho_credits: int = 0
    seconds: float = 0.0
    expectations: list[dict[str, Any]] | None = Field(default=None, sa_type=JSON)


class Finding(SQLModel, table=True):
    """One difference that a verification found. `kind` says what, the other columns name exactly where.

    `others` are further ids of the kind's own sort: the note or records it is a duplicate of. `expected_hash` is what the
    ledger says was read or written, `found_hash` what was found.
    """

    __tablename__ = "verification_finding"
    __table_args__ = (
        Index("finding_of_verification", "verification_id", "kind"),
        Index("finding_of_chat", "organisation_id", "chat_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    verification_id: str
    kind: str
    at: datetime = Field(sa_type=UtcTime)
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    local_date: date | None = None
    message_uid: str | None = None
    module: str | None = None
    record_id: str | None = None
    note_id: str | None = None
    others: list[str] = Field(default_factory=list, sa_type=JSON)
    expected_hash: str = ""
    found_hash: str = ""
    repaired: bool = False


class VerifiedNote(SQLModel, table=True):
    """A note whose full text was found as written, so that it need not be read again while neither side has changed it.

    `listed_hash` is the hash of its text as the list of its record's notes shows it, cut.
    """

    __tablename__ = "verified_note"
    organisation_id: str = Field(primary_key=True)
    note_id: str = Field(primary_key=True)
    body_hash: str
    modified_at: datetime = Field(sa_type=UtcTime)
    listed_hash: str
