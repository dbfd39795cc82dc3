"""What the query of a list says."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.datastructures import QueryParams

from sandbox.timelines.refusals import invalid
from sandbox.timelines.timestamps import read_bound

PAGE_SIZE = 50  # fixed: limit, per_page and their like are ignored


def flag(query: QueryParams, name: str) -> bool | None:
    """Read true or false, None when it is not given. Raises Refusal for another word."""
    given = query.get(name)
    if given is None:
        return None
    if given.lower() not in {"true", "false"}:
        raise invalid("must be true or false", field=name)
    return given.lower() == "true"


def several(query: QueryParams, name: str) -> list[str]:
    """Read comma-separated values, an empty list when it is not given."""
    return [part.strip() for part in query.get(name, "").split(",") if part.strip()]


def page_number(query: QueryParams) -> int:
    """Read the page, counted from 1. Raises Refusal for anything else."""
    given = query.get("page", "1")
    if not given.isdecimal() or int(given) < 1:
        raise invalid("must be a positive integer", field="page")
    return int(given)


def bound(query: QueryParams, name: str, zone: ZoneInfo, *, end_of_day: bool = False) -> datetime | None:
    """Read a limit in time, None when it is not given. Raises Refusal for what is no date."""
    given = query.get(name)
    if not given:
        return None
    try:
        return read_bound(given, zone, end_of_day=end_of_day)
    except ValueError as error:
        raise invalid("must be a date or a datetime in ISO format", field=name) from error
