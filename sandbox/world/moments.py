"""Relative moments: so many days ago, at a local clock time, never later than now."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Moment:
    """`second` seconds after local midnight of the day that was `days_ago` days before today."""

    days_ago: int
    second: int


def moment(days_ago: int, clock: str) -> Moment:
    """Read a local clock time, `HH:MM` or `HH:MM:SS`."""
    at = time.fromisoformat(clock)
    return Moment(days_ago, at.hour * 3600 + at.minute * 60 + at.second)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Turns moments into times. `busiest_second` is the latest second of today that any moment of the world names.

    Where that lies after `now`, the whole of today is squeezed to end at `now`: order is kept across all chats, clock times
    are not. Other days keep their clock times.
    """

    now: datetime
    zone: ZoneInfo
    busiest_second: int = 0

    def at(self, when: Moment) -> datetime:
        """Return the UTC time of a moment."""
        second = when.second if when.days_ago else self._squeezed(when.second)
        day = self.now.astimezone(self.zone).date() - timedelta(days=when.days_ago)
        # Wall clock first, zone second: a clock time stays itself on a day that is 23 or 25 hours long.
        return (datetime.combine(day, time()) + timedelta(seconds=second)).replace(tzinfo=self.zone).astimezone(UTC)

    def _squeezed(self, second: int) -> int:
        local = self.now.astimezone(self.zone)
        elapsed = local.hour * 3600 + local.minute * 60 + local.second
        return second if self.busiest_second <= elapsed else second * elapsed // self.busiest_second

    def text(self, when: Moment, late_seconds: int = 0) -> str:
        """Return a moment as ISO-8601 UTC, `late_seconds` later where that is not after now."""
        return iso(min(self.at(when) + timedelta(seconds=late_seconds), self.now))


def iso(at: datetime) -> str:
    """Return an aware time as ISO-8601 UTC in whole seconds."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()
