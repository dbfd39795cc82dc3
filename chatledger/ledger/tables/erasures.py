"""Who was erased on request: the receipt, which keeps the next sync from bringing the person back."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class Erasure(SQLModel, table=True):
    """The receipt of an erasure. `phone_hash` is keyed: it is recognised when it comes again, and tells nobody the number."""

    organisation_id: str = Field(primary_key=True)
    phone_hash: str = Field(primary_key=True)
    erased_at: datetime = Field(sa_type=UtcTime)
    actor: str
    zoho_notes: str
    chats: int = 0
    messages: int = 0
    notes: int = 0
