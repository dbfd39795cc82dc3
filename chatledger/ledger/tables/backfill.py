"""How far the history before an activation has been brought in."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import UtcTime


class Backfill(SQLModel, table=True):
    """One request for history: messages from `since` on and before `until`, of these chats or (None) of all.

    `state` is listing (the chat list is read, next `next_page`), reading (chat by chat) or done; one that stopped with a
    `problem` keeps its state and goes on from there.
    """

    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    since: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime)
    chat_ids: list[int] | None = Field(default=None, sa_type=JSON)
    state: str = "listing"
    next_page: int = 1
    groups_left_out: int = 0
    problem: str | None = None
    created_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class BackfillChat(SQLModel, table=True):
    """One chat of a backfill. Everything newer than the message `before` has been brought in; None before the first page."""

    __tablename__ = "backfill_chat"
    backfill_id: str = Field(primary_key=True)
    chat_id: int = Field(primary_key=True, sa_type=BigInteger)
    organisation_id: str = Field(index=True)
    done: bool = False
    before: str | None = None
    messages: int = 0
