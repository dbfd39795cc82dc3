"""What connects an organisation or a person to an outside system, and consents that were begun."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class StoredConnection(SQLModel, table=True):
    """Encrypted credentials with what was learned about them. `person_id` is empty for the organisation's own connection."""

    __tablename__ = "stored_connection"
    organisation_id: str = Field(primary_key=True)
    system: str = Field(primary_key=True)
    person_id: str = Field(primary_key=True, default="")
    ciphertext: bytes
    facts: dict[str, Any] = Field(sa_type=JSON)
    connected_at: datetime = Field(sa_type=UtcTime)
    connected_by: str = ""


class StartedConsent(SQLModel, table=True):
    """A consent that a browser was sent to Zoho for. It is deleted by the answer that uses it."""

    __tablename__ = "started_consent"
    state_hash: str = Field(primary_key=True)
    organisation_id: str
    browser_hash: str
    ciphertext: bytes
    expires_at: datetime = Field(sa_type=UtcTime)
