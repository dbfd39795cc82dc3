"""The time a stand-in lives in."""

import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset that tests move forward, so that minutes pass without anybody waiting."""

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> datetime:
        """Give the present moment of the stand-in, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=self.offset_seconds)

    def advance(self, seconds: float) -> None:
        """Move the present forward (or, with a negative number, back)."""
        self.offset_seconds += seconds
