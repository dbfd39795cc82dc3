"""Runs in pages, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

from chatledger.ledger.tables import Run
from chatledger.ledger.tables.runs import HAS_NEWS


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are listed. `news` leaves those out that had nothing to do; `start` is included, `end` is not."""

    news: bool = True
    state: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunPosition:
    """The place of a run in the list."""

    started_at: datetime
    id: str


def page(
    session: Session, organisation_id: str, chosen: RunFilter, *, after: RunPosition | None = None, limit: int = 50
) -> Sequence[Run]:
    """Return runs, newest first, that follow a position."""
    query = select(Run).where(Run.organisation_id == organisation_id)
    if chosen.news:
        query = query.where(HAS_NEWS)
    if chosen.state is not None:
        query = query.where(Run.state == chosen.state)
    if chosen.start is not None:
        query = query.where(col(Run.started_at) >= chosen.start)
    if chosen.end is not None:
        query = query.where(col(Run.started_at) < chosen.end)
    if after is not None:
        same_moment = and_(col(Run.started_at) == after.started_at, col(Run.id) < after.id)
        query = query.where(col(Run.started_at) <= after.started_at, or_(col(Run.started_at) < after.started_at, same_moment))
    return session.exec(query.order_by(col(Run.started_at).desc(), col(Run.id).desc()).limit(limit)).all()


def find(session: Session, organisation_id: str, run_id: str) -> Run | None:
    """Return a run of the organisation by its id."""
    run = session.get(Run, run_id)
    return run if run is not None and run.organisation_id == organisation_id else None


def beginning_with(session: Session, organisation_id: str, beginning: str) -> Run | None:
    """Return the run whose id begins like this, None where there is none or more than one."""
    within = (col(Run.id) >= beginning, col(Run.id) < f"{beginning}~", Run.organisation_id == organisation_id)
    found = session.exec(select(Run).where(*within).limit(2)).all()
    return found[0] if len(found) == 1 else None
