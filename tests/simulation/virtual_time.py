"""Time that passes only when everybody waits: an event loop that jumps to the next timer instead of sleeping."""

import asyncio
import selectors
from datetime import UTC, datetime, timedelta

BEGINNING = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
"""The day before New York's clocks are put forward, so that some seeds live through a day of 23 hours."""


class NothingLeftToDo(Exception):
    """Everybody waits for something that no timer will bring."""


class _Jump(selectors.SelectSelector):
    """Says that nothing is ready and lets the loop's time jump instead of waiting."""

    elapsed = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise NothingLeftToDo
        self.elapsed += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose timers, deadlines included, run on virtual seconds."""

    def __init__(self):
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self):
        return self.jump.elapsed

    def _write_to_self(self):
        """Nobody has to be woken: the loop never sleeps."""


class VirtualClock:
    """The clock of one system: the loop's time since `BEGINNING`, off by `skew` seconds."""

    def __init__(self, loop, start=BEGINNING, skew=0.0):
        self._loop = loop
        self._start = start + timedelta(seconds=skew)

    def now(self):
        return self._start + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)
