"""Figures of a period: messages by day, number and reason, the lag until they stood in Zoho, and what the runs cost."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, String, case, column, func, literal, values
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from chatledger.ledger.chunking import chunks
from chatledger.ledger.tables import Message, Run, UtcTime
from chatledger.models import Outcome, Reason

SAMPLE = 2_000
LAG_BOUNDS = (60, 120, 300, 900, 3_600, 21_600, 86_400)
"""Seconds up to which a message counts as that fast; the last group is everything slower."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A stretch of whole local days: the first of them, and where it starts and ends."""

    day: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Count:
    """How many messages of a bucket (by its place), a number and a reason there are."""

    bucket: int
    account_id: str
    reason: str
    messages: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the runs of a bucket did and cost."""

    runs: int
    failed: int
    credits: int
    calls_zoho: int
    calls_timelines: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Lag:
    """How many of the looked-at messages stood in Zoho within each of `LAG_BOUNDS`, and later; median and 95th percentile.

    Where there are more than `SAMPLE` messages, that many are looked at, evenly spread over their arrival.
    """

    looked_at: int
    groups: tuple[int, ...]
    median: float | None
    p95: float | None


def buckets(first: date, last: date, zone: str, days: int) -> list[Bucket]:
    """Cut a period into stretches of so many days, midnight to midnight in the zone, daylight saving included."""
    found = []
    day = first
    while day <= last:
        following = min(day + timedelta(days=days), last + timedelta(days=1))
        found.append(
            Bucket(day, *(datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)) for each in (day, following)))
        )
        day = following
    return found


def counts(session: Session, organisation_id: str, period: Sequence[Bucket], account_ids: Sequence[str]) -> list[Count]:
    """Count the messages of each bucket by number and reason, along one index and without reading a single message."""
    places: list[Any] = [column("place", Integer), column("starts_at", UtcTime), column("ends_at", UtcTime)]
    bucket = values(*places).data([(place, each.start, each.end) for place, each in enumerate(period)]).cte("bucket")
    number = values(column("account_id", String)).data([(account,) for account in account_ids]).cte("number")
    reason = values(column("code", String)).data([(code.value,) for code in Reason]).cte("reason")
    counted = (
        core_select(func.count())
        .where(
            col(Message.organisation_id) == organisation_id,
            col(Message.account_id) == number.c.account_id,
            col(Message.reason) == reason.c.code,
            col(Message.timestamp) >= bucket.c.starts_at,
            col(Message.timestamp) < bucket.c.ends_at,
        )
        .correlate(bucket, number, reason)
        .scalar_subquery()
    )
    query = core_select(bucket.c.place, number.c.account_id, reason.c.code, counted).select_from(
        bucket.join(number, literal(True)).join(reason, literal(True))
    )
    return [Count(*row) for row in session.connection().execute(query) if row[3]]


def unreadable(session: Session, organisation_id: str) -> int:
    """Count the messages that no day can be told of, because they could not be read."""
    query = select(func.count()).where(
        Message.organisation_id == organisation_id, Message.reason == Reason.UNREADABLE.value, col(Message.timestamp).is_(None)
    )
    return session.exec(query).one()


def costs(session: Session, organisation_id: str, period: Sequence[Bucket]) -> list[Cost]:
    """Add up the runs that started in each bucket."""
    return [_cost(session, organisation_id, bucket) for bucket in period]


def _cost(session: Session, organisation_id: str, bucket: Bucket) -> Cost:
    failed = func.sum(case((col(Run.state).in_(["failed", "crashed"]), 1), else_=0))
    query = core_select(
        func.count(), failed, func.sum(Run.zoho_credits), func.sum(Run.calls_zoho), func.sum(Run.calls_timelines),
        func.sum(Run.seconds),
    ).where(
        col(Run.organisation_id) == organisation_id, col(Run.started_at) >= bucket.start, col(Run.started_at) < bucket.end
    )  # fmt: skip
    return Cost(*(value or 0 for value in session.connection().execute(query).one()))


def lag(session: Session, organisation_id: str, start: datetime, end: datetime) -> Lag:
    """Measure how long after WhatsApp the messages sent in a period stood in Zoho."""
    seconds = sorted(_lags(session, organisation_id, start, end))
    borders = [0, *(bisect_right(seconds, bound) for bound in LAG_BOUNDS), len(seconds)]
    groups = tuple(later - earlier for earlier, later in pairwise(borders))
    return Lag(len(seconds), groups, _share(seconds, 0.5), _share(seconds, 0.95))


def _share(seconds: Sequence[float], share: float) -> float | None:
    return seconds[min(int(len(seconds) * share), len(seconds) - 1)] if seconds else None


def _lags(session: Session, organisation_id: str, start: datetime, end: datetime) -> list[float]:
    sent = (col(Message.organisation_id) == organisation_id, col(Message.timestamp) >= start, col(Message.timestamp) < end)
    few = session.exec(select(Message.id).where(*sent).order_by(col(Message.timestamp)).limit(SAMPLE + 1)).all()
    chosen = [message_id or 0 for message_id in few] if len(few) <= SAMPLE else _spread(session, sent)
    found: list[float] = []
    for chunk in chunks(chosen):
        # by their ids alone: every other condition would tempt a planner to another, longer way
        query = select(Message.organisation_id, Message.outcome, Message.timestamp, Message.decided_at)
        for owner, outcome, at, decided in session.exec(query.where(col(Message.id).in_(chunk))):
            if owner == organisation_id and outcome == Outcome.SYNCED and at is not None and start <= at < end:
                found.append(max((decided - at).total_seconds(), 0.0))
    return found


def _spread(session: Session, sent: tuple[object, ...]) -> list[int]:
    """Choose ledger ids evenly between the first and the last message of a period; ids follow the order of arrival."""
    ends = [
        session.exec(select(Message.id).where(*sent).order_by(order).limit(1)).one() or 0  # type: ignore[arg-type]
        for order in (col(Message.timestamp), col(Message.timestamp).desc())
    ]
    low, high = min(ends), max(ends)
    step = max((high - low) // SAMPLE, 1)
    return list(range(low, high + 1, step))[: SAMPLE + 1]
