"""Rows of the documented views, filtered and streamed: what an export is made of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Float, Integer, Table, func, or_, select
from sqlmodel import Session

from chatledger.errors import UsageError
from chatledger.ledger import chats
from chatledger.ledger.tables import UtcTime
from chatledger.ledger.views import MESSAGE_OUTCOMES, SYNC_CHANGES, SYNC_NOTES, SYNC_RUNS

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be exported: its view, the column that dates a row, its order, and the filters that apply to it."""

    view: Table
    dated: str
    order: tuple[str, ...]
    filters: frozenset[str]


SUBJECTS = {
    "runs": Subject(SYNC_RUNS, "started_at", ("started_at", "run_id"), frozenset({"run"})),
    "messages": Subject(
        MESSAGE_OUTCOMES, "sent_at", ("sent_at", "message_id"),
        frozenset({"outcome", "reason", "phone", "chat", "owner", "number", "record", "run"}),
    ),
    "changes": Subject(SYNC_CHANGES, "at", ("at", "change_id"), frozenset({"phone", "chat", "record", "run"})),
    "notes": Subject(
        SYNC_NOTES, "local_date", ("local_date", "chat_id", "part"),
        frozenset({"phone", "chat", "owner", "number", "record", "run"}),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filters:
    """What an export is narrowed down to. `start` is included, `end` is not; `exact` maps other filters to their value.

    `phone` and `number` are phone keys, `owner` is the name or e-mail of a connected number's owner.
    """

    start: datetime | None = None
    end: datetime | None = None
    exact: dict[str, Any] = field(default_factory=dict)


def columns(what: str) -> list[tuple[str, type]]:
    """Return the name and Python type of each column; the organisation is left out, because a file holds one."""
    view = SUBJECTS[what].view
    return [(column.name, _kind(column)) for column in view.columns if column.name != "organisation_id"]


def _kind(column: ColumnElement[Any]) -> type:
    kinds = ((UtcTime, datetime), (Date, date), (Integer, int), (Float, float))
    return next((python for sql, python in kinds if isinstance(column.type, sql)), str)


def selections(
    session: Session, organisation_id: str, what: str, filters: Filters, zone: str
) -> list[tuple[ColumnElement[bool], ...]]:
    """Return the conditions of the rows an export holds, in parts that follow one another.

    Messages without a readable time come first, dated by their arrival. Raises UsageError for a filter that says nothing about
    `what`.
    """
    subject = SUBJECTS[what]
    unfit = sorted(set(filters.exact) - subject.filters)
    if unfit:
        raise UsageError(
            f"--{unfit[0]} says nothing about {what}; there it can be {_listed(subject.filters)}, --from and --to."
        )
    mine = [subject.view.c.organisation_id == organisation_id]
    mine += [_matches(session, organisation_id, what, name, value) for name, value in filters.exact.items()]
    dated = subject.view.c[subject.dated]
    if what != "messages":
        return [(*mine, *_between(dated, filters, zone))]
    arrived = _between(subject.view.c.first_seen_at, filters, zone)
    return [(*mine, dated.is_(None), *arrived), (*mine, dated.is_not(None), *_between(dated, filters, zone))]


def count(session: Session, what: str, parts: Sequence[tuple[ColumnElement[bool], ...]]) -> int:
    """Return how many rows an export will hold."""
    view = SUBJECTS[what].view
    queries = (select(func.count()).select_from(view).where(*part) for part in parts)
    return sum(session.connection().execute(query).scalar_one() for query in queries)


def batches(
    session: Session, what: str, parts: Sequence[tuple[ColumnElement[bool], ...]]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows in batches, oldest first, without ever holding more than one of them."""
    subject = SUBJECTS[what]
    chosen = [column for column in subject.view.columns if column.name != "organisation_id"]
    for part in parts:
        query = select(*chosen).where(*part).order_by(*(subject.view.c[name] for name in subject.order))
        streamed = session.connection().execute(query, execution_options={"yield_per": ROWS_AT_ONCE, "stream_results": True})
        yield from streamed.partitions()


def _matches(session: Session, organisation_id: str, what: str, name: str, value: Any) -> ColumnElement[bool]:
    view = SUBJECTS[what].view
    if name == "phone" and what != "changes":
        # by chat, which the tables are sorted by: the number itself stands in another one
        family = [chat.id for chat in chats.of_keys(session, organisation_id, [value])]
        return view.c.chat_id.in_(family)
    if name == "owner":
        return or_(func.lower(view.c.owner_name) == value.lower(), view.c.owner_email == value.lower())
    named = {"chat": "chat_id", "record": "record_id", "run": "run_id"}
    same: ColumnElement[bool] = view.c[named.get(name, name)] == value
    return same


def owner_is_known(session: Session, organisation_id: str, owner: str) -> bool:
    """Say whether a connected number belongs to somebody of this name or e-mail."""
    accounts = chats.accounts(session, organisation_id).values()
    return any(owner.lower() in (account.owner_name.lower(), account.owner_email.lower()) for account in accounts)


def _between(column: ColumnElement[Any], filters: Filters, zone: str) -> list[ColumnElement[bool]]:
    start, end = (_bound(column, value, zone) for value in (filters.start, filters.end))
    return [
        *([column >= start] if start is not None else []),
        *([column < end] if end is not None else []),
    ]


def _bound(column: ColumnElement[Any], value: datetime | None, zone: str) -> datetime | date | None:
    if value is None or _kind(column) is datetime:
        return value
    return value.astimezone(ZoneInfo(zone)).date()


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"--{name}" for name in sorted(names))
