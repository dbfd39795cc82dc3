"""What a page of the sync log was asked for: dates, filters and the place to go on from, read from its address."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams
from starlette.requests import Request

from chatledger.errors import UsageError
from chatledger.ledger import Session, organisations
from chatledger.ledger.message_pages import MessagePosition
from chatledger.ledger.run_pages import RunPosition
from chatledger.web.parts import WebParts

ROWS = 50
LONGEST_SEARCH = 200
_POSITION = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?)~([0-9A-Za-z-]{1,64})", re.ASCII)


def parts_of(request: Request) -> WebParts:
    """Return what the pages may use."""
    parts: WebParts = request.app.state.parts
    return parts


def zone_of(session: Session, organisation_id: str) -> str:
    """Return the settings' time zone, UTC before the first activation."""
    try:
        return organisations.current_settings(session, organisation_id).timezone
    except LookupError:
        return "UTC"


def chosen(query: QueryParams, name: str, known: Any) -> str | None:
    """Return a parameter that is one of the known values, None where it is not given. Raises UsageError for any other."""
    value = query.get(name, "")
    if not value:
        return None
    if value not in known:
        raise UsageError(f"The filter {name} has no such value: choose one of the list.")
    return value


def day(query: QueryParams, name: str) -> date | None:
    """Return a day, None where none is given. Raises UsageError for what is no day."""
    value = query.get(name, "")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise UsageError(f"The filter {name} is not a day: write it as 2026-03-31.") from None


def period(query: QueryParams, zone: str) -> tuple[datetime | None, datetime | None]:
    """Return where the days `from` and `to` (included) start and end in a time zone."""
    first, last = day(query, "from"), day(query, "to")
    return midnight(first, zone), midnight(last + timedelta(days=1), zone) if last and last < date.max else None


def midnight(of: date | None, zone: str) -> datetime | None:
    """Return the first moment of a day in a time zone."""
    return datetime(of.year, of.month, of.day, tzinfo=ZoneInfo(zone)) if of else None


def today(now: datetime, zone: str) -> date:
    """Return which day it is in a time zone."""
    return now.astimezone(ZoneInfo(zone)).date()


def message_position(query: QueryParams) -> MessagePosition | None:
    """Return the message to go on after."""
    found = _POSITION.fullmatch(query.get("after", ""))
    return MessagePosition(_moment(found[1]), int(found[2])) if found and found[2].isdigit() else None


def run_position(query: QueryParams) -> RunPosition | None:
    """Return the run to go on after."""
    found = _POSITION.fullmatch(query.get("after", ""))
    return RunPosition(_moment(found[1]), found[2]) if found else None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def written(at: datetime, row_id: int | str) -> str:
    """Write the place of a row as `message_position` and `run_position` read it."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}~{row_id}"


def address(request: Request, **changes: str | None) -> str:
    """Return the address of this page with other parameters; None takes one away."""
    kept = {name: value for name, value in request.query_params.items() if name not in changes and value}
    query = kept | {name: value for name, value in changes.items() if value}
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path
