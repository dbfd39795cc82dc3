"""An organisation: what it is bound to, how it is set up, who may write for it."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class Organisation(SQLModel, table=True):
    """A Zoho organisation bound to a TimelinesAI workspace, and whether its sync is switched on.

    In adopt mode, and for days up to `restored_at`, Zoho may hold notes that this ledger knows nothing of.
    """

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
    restored_at: datetime | None = Field(default=None, sa_type=UtcTime)
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
