"""How many API credits were used, in total and in the last 24 hours."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

_DAY = timedelta(hours=24)


class Credits:
    """A running total and a rolling day."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.total = 0
        self._now = now
        self._day: deque[tuple[datetime, int]] = deque()

    def spend(self, price: int) -> None:
        """Count what a call costs."""
        self.total += price
        self._day.append((self._now(), price))

    def spent(self) -> int:
        """Give what was used in the last 24 hours."""
        while self._day and self._day[0][0] <= self._now() - _DAY:
            self._day.popleft()
        return sum(price for _, price in self._day)
