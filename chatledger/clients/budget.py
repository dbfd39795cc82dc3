"""How fast and how widely one outside system may be called, shared by every coroutine and thread of a process.

TimelinesAI limits the rate, Zoho the number of simultaneous calls; both may close the door for a while (Retry-After).
A budget belongs to no event loop, because Prefect runs mapped tasks in threads with a loop each.
"""

import asyncio
import hashlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from chatledger.clients.clock import Clock, SystemClock
from chatledger.errors import RateLimited, System

PATIENCE_SECONDS = 60.0
"""A door closed for longer than this is reported instead of waited for."""

ZOHO_CALLS_AT_ONCE = {"free": 5, "standard": 10, "professional": 15, "enterprise": 20, "ultimate": 25}
"""Zoho's simultaneous calls per organisation and connected app, by edition (API limits of v8)."""


class RequestBudget:
    """The common half of both budgets: a door that a Retry-After closes for everybody.

    `accepted` tells that this credential has been accepted once; TimelinesAI's edge throttles with a bare 403, which means
    something else before that.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.accepted = False
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._closed_until: datetime | None = None
        self._closed_for = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody call for `seconds`; a door already closed for longer stays so."""
        until = self._clock.now() + timedelta(seconds=seconds)
        with self._lock:
            if self._closed_until is None or until > self._closed_until:
                self._closed_until, self._closed_for = until, seconds

    def seconds_closed(self) -> float:
        """Return how long the door stays closed; a machine clock that was set back does not prolong it."""
        if self._closed_until is None:
            return 0.0
        remaining = (self._closed_until - self._clock.now()).total_seconds()
        return max(0.0, min(remaining, self._closed_for))

    @asynccontextmanager
    async def admitted(self, system: System) -> AsyncIterator[None]:
        """Wait for the permission to make one call and hold it; raise `RateLimited` when the wait is beyond patience."""
        await self._pass_door(system)
        yield

    async def _pass_door(self, system: System) -> None:
        closed = self.seconds_closed()
        if closed > PATIENCE_SECONDS:
            text = f"{system} asked for a pause and is not called for another {closed:.0f} seconds: run again after that."
            raise RateLimited(text, system=system, retry_after=closed)
        if closed:
            await self._clock.sleep(closed)


class TokenBucket(RequestBudget):
    """At most `per_second` calls on average, `burst` of them at once."""

    def __init__(self, per_second: float = 0.8, burst: int = 40, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._per_second = per_second
        self._burst = float(burst)
        self._level = float(burst)
        self._filled_at = self._clock.now()

    @asynccontextmanager
    async def admitted(self, system: System) -> AsyncIterator[None]:
        """Wait for a token, then for the door."""
        wait = self._take()
        if wait:
            try:
                await self._clock.sleep(wait)
            except asyncio.CancelledError:
                self._give_back()
                raise
        await self._pass_door(system)
        yield

    def _take(self) -> float:
        with self._lock:
            now = self._clock.now()
            elapsed = max(0.0, (now - self._filled_at).total_seconds())
            self._filled_at = now
            self._level = min(self._burst, self._level + elapsed * self._per_second) - 1
            return max(0.0, -self._level / self._per_second)

    def _give_back(self) -> None:
        with self._lock:
            self._level = min(self._burst, self._level + 1)


class CallSlots(RequestBudget):
    """At most `limit` calls at the same time."""

    def __init__(self, limit: int = ZOHO_CALLS_AT_ONCE["free"], clock: Clock | None = None) -> None:
        super().__init__(clock)
        self._free = limit
        self._waiting: deque[Future[None]] = deque()

    @asynccontextmanager
    async def admitted(self, system: System) -> AsyncIterator[None]:
        """Wait for a slot, then for the door, and hold the slot during the call."""
        await self._occupy()
        try:
            await self._pass_door(system)
            yield
        finally:
            self._release()

    async def _occupy(self) -> None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                return
            turn: Future[None] = Future()
            self._waiting.append(turn)
        try:
            await asyncio.wrap_future(turn)
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # the slot was handed over while the caller went away
                self._release()
            raise

    def _release(self) -> None:
        with self._lock:
            while self._waiting:
                turn = self._waiting.popleft()
                if turn.set_running_or_notify_cancel():
                    turn.set_result(None)
                    return
            self._free += 1


Budget = TypeVar("Budget", bound=RequestBudget)

_shared: dict[tuple[str, str], RequestBudget] = {}
_shared_lock = threading.Lock()


def _shared_by(url: str, credential: str, make: Callable[[], Budget]) -> Budget:
    key = (url.rstrip("/"), hashlib.sha256(credential.encode("utf-8", "replace")).hexdigest())
    with _shared_lock:
        return _shared.setdefault(key, make())  # type: ignore[return-value]  # one key never holds two kinds of budget


def timelines_budget(api_url: str, token: str, per_second: float = 0.8, burst: int = 40) -> TokenBucket:
    """Return this process's budget for one TimelinesAI token, made at the first call with the figures given then.

    The default honours the stricter of the vendor's two contradicting limits, 50 requests a minute.
    """
    return _shared_by(api_url, token, lambda: TokenBucket(per_second, burst))


def zoho_budget(accounts_url: str, client_id: str, limit: int = ZOHO_CALLS_AT_ONCE["free"]) -> CallSlots:
    """Return this process's budget for one connected Zoho app, made at the first call with the limit given then."""
    return _shared_by(accounts_url, client_id, lambda: CallSlots(limit))
