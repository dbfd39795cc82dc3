"""Who looked at, decided or took away what: for people who answer for other people's data."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime


class AuditEntry(SQLModel, table=True):
    """One act of a person. `act` is looked, retried, pinned, unpinned, exported, erased or another verb in the past.

    `subject_kind` and `subject` name what it was done to by an id of ours or of the outside systems (chat, message, run,
    reason), never by a number or a name: `person_hash` is the keyed hash of the phone key it concerned, so that a number can
    be looked for here and is not found in here. `details` holds counts and filters under the same rule.
    """

    __tablename__ = "audit_trail"
    __table_args__ = (
        Index("audit_by_time", "organisation_id", "at"),
        Index("audit_by_person", "organisation_id", "person_hash"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    at: datetime = Field(sa_type=UtcTime)
    actor: str
    act: str
    subject_kind: str = ""
    subject: str = ""
    person_hash: str | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
