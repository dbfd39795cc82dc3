"""How TimelinesAI writes and reads moments in time."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DATE_ONLY = re.compile(r"\d{4}-\d{2}-\d{2}")


def written(moment: datetime, zone: ZoneInfo) -> str:
    """Write `YYYY-MM-DD HH:MM:SS ±HHMM` in the workspace's zone; the offset is the one valid at that moment."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z")


def written_iso(moment: datetime) -> str:
    """Write ISO 8601 in UTC with a Z, as the template endpoints do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stored(text: str | datetime) -> datetime:
    """Read an ISO 8601 moment (without an offset: UTC) as UTC in whole seconds, the precision TimelinesAI keeps.

    Raises ValueError when it is none.
    """
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def read_bound(text: str, zone: ZoneInfo, *, end_of_day: bool) -> datetime:
    """Read a date or a date and time from a filter; without an offset it is meant in the workspace's zone.

    The filters are documented as inclusive, so that a bare date bounds with its first or, for `end_of_day`, its last
    second. Raises ValueError for anything else.
    """
    if _DATE_ONLY.fullmatch(text):
        day = date.fromisoformat(text)
        start = datetime.combine(day + timedelta(days=int(end_of_day)), time(), zone)
        return start.astimezone(UTC) - timedelta(seconds=int(end_of_day))
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
