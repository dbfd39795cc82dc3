"""Moments as a person types them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chatledger.errors import UsageError


def read_moment(text: str, zone: str, option: str) -> datetime:
    """Read an ISO 8601 moment; one without offset is in `zone`. Raises UsageError naming the option."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text} is not a moment such as 2026-11-01 or 2026-11-01T08:00:00-05:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
