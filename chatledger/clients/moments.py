"""Vendor timestamps. No I/O."""

import re
from datetime import UTC, datetime
from typing import Any

SPACE_BEFORE_OFFSET = re.compile(r"\s+(?=(?:[+-]\d{2}:?\d{2}|[Zz])$)")


def read_moment(value: Any) -> datetime:
    """Return a timestamp in UTC from ISO 8601 or TimelinesAI's `2026-05-18 10:44:21 +0300`.

    Raise `ValueError` without an offset: guessing one could move a message to another day.
    """
    try:
        moment = datetime.fromisoformat(SPACE_BEFORE_OFFSET.sub("", str(value).strip()))
        if moment.tzinfo is None:
            raise ValueError("a timestamp without offset")
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a timestamp outside the calendar") from None


def read_optional_moment(value: Any) -> datetime | None:
    """Return the timestamp, None where there is none; raise `ValueError` where it cannot be read."""
    return None if value is None or value == "" else read_moment(value)
