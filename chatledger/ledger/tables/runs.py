"""What happened when, and what was changed by whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, text
from sqlmodel import Field, SQLModel

from chatledger.ledger.tables.columns import BIG_KEY, UtcTime

HAS_NEWS = text("(messages_seen > 0 OR state <> 'completed' OR problem IS NOT NULL)")
"""What a list of runs shows first: at a tick a minute, most of half a million runs a year have nothing to tell."""


class Run(SQLModel, table=True):
    """One run with its totals. `kind` is tick, retry or backfill (one slice of it).

    `state` is running, completed, degraded, failed or crashed.
    `trouble_outside` says that an outside system refused us or could not be reached, and that work was left for it.
    """

    __table_args__ = (
        Index(
            # what a period cost is added up from here alone, without looking at half a million rows
            "run_by_time",
            "organisation_id",
            "started_at",
            "state",
            "zoho_credits",
            "calls_zoho",
            "calls_timelines",
            "seconds",
        ),
        Index("run_with_news", "organisation_id", "started_at", sqlite_where=HAS_NEWS, postgresql_where=HAS_NEWS),
    )
    id: str = Field(primary_key=True)
    organisation_id: str = Field(index=True)
    flow_run_id: str | None = None
    kind: str = "tick"
    state: str = "running"
    started_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)
    fence: int = 0
    problem: str | None = None
    trouble_outside: bool = False
    messages_seen: int = 0
    messages_synced: int = 0
    messages_skipped: int = 0
    messages_failed: int = 0
    messages_pending: int = 0
    records_matched: int = 0
    records_created: int = 0
    notes_created: int = 0
    notes_updated: int = 0
    notes_unchanged: int = 0
    calls_timelines: int = 0
    calls_zoho: int = 0
    zoho_credits: int = 0
    seconds: float = 0.0


class Change(SQLModel, table=True):
    """One line of history: what was linked, created, written, pinned or moved, by which run or person."""

    __table_args__ = (
        Index("change_by_time", "organisation_id", "at"),
        Index("change_by_key", "organisation_id", "phone_key"),
        Index("change_by_run", "organisation_id", "run_id"),
        Index("change_by_note", "organisation_id", "note_id"),
    )
    id: int | None = Field(default=None, sa_column=Column(BIG_KEY, primary_key=True, autoincrement=True))
    organisation_id: str
    at: datetime = Field(sa_type=UtcTime)
    run_id: str | None = None
    actor: str = "sync"
    what: str
    phone_key: str | None = None
    chat_id: int | None = Field(default=None, sa_type=BigInteger)
    module: str | None = None
    record_id: str | None = None
    note_id: str | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSON)
