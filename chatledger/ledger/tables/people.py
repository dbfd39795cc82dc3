"""Who may use the pages, how they get in, and how long they stay."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class Person(SQLModel, table=True):
    """Somebody who may sign in. `email` is in lower case; `role` is admin, operator, viewer or seller."""

    __table_args__ = (UniqueConstraint("organisation_id", "email"),)
    organisation_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    email: str
    name: str = ""
    role: str
    zoho_user_id: str | None = None
    added_at: datetime = Field(sa_type=UtcTime)
    added_by: str = ""
    last_sign_in_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Invitation(SQLModel, table=True):
    """A link that signs one person in once; only the hash of its secret is kept."""

    token_hash: str = Field(primary_key=True)
    organisation_id: str
    person_id: str = Field(index=True)
    expires_at: datetime = Field(sa_type=UtcTime)


class WebSession(SQLModel, table=True):
    """A signed-in browser; only the hash of what its cookie holds is kept. Deleting the row signs it out."""

    __tablename__ = "web_session"
    id_hash: str = Field(primary_key=True)
    organisation_id: str
    person_id: str = Field(index=True)
    signed_in_by: str
    created_at: datetime = Field(sa_type=UtcTime)
    expires_at: datetime = Field(sa_type=UtcTime)
