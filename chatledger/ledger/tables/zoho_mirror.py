"""What is kept of Zoho so that it need not be asked again: the phone index, users and fields."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class IndexState(SQLModel, table=True):
    """How far the phone index of a module is: building or complete, and Zoho's own time up to which changes were read.

    While it is read in full, the next page is told by `page_token`, else by `walked_to` (read in the order of Modified_Time
    up to then), else by `last_id` (read in the order of the ids up to there); all are None before the first page.
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
    walked_to: datetime | None = Field(default=None, sa_type=UtcTime)


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
