"""Bring events to whoever subscribed: 5 seconds per attempt, 3 attempts, errors counted, no order promised."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox.clock import Clock
from sandbox.timelines import memory
from sandbox.timelines.faults import Faults

ATTEMPTS = 3


@dataclass(frozen=True)
class _Parcel:
    webhook: memory.Webhook
    body: dict[str, Any]


class Deliveries:
    """Takes events from any thread and delivers them in the server's loop.

    `log` has one entry per attempt: `{"at", "webhook_id", "event_type", "attempt", "status"}`, status None when there was
    no answer in time.
    """

    def __init__(self, workspace: memory.Workspace, faults: Faults, clock: Clock) -> None:
        self.log: list[dict[str, Any]] = []
        self._workspace = workspace
        self._faults = faults
        self._clock = clock
        self._waiting: deque[_Parcel] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def emit(self, event_type: str, payload: dict[str, Any]) -> None:
        """Send an event to the enabled subscriptions of its type as they are now."""
        if self._faults.lost_webhooks > 0:
            self._faults.lost_webhooks -= 1
            return
        body = {"event_type": event_type, **({"data": payload} if self._faults.webhook_in_data else payload)}
        for webhook in self._workspace.webhooks:
            if webhook.event_type == event_type and webhook.enabled and not webhook.deleted:
                self._waiting.extend([_Parcel(webhook, body)] * (1 + self._faults.webhook_duplicates))
        if self._loop and self._waiting:
            self._loop.call_soon_threadsafe(self._start_waiting)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver for the length of the block; what is under way at its end is given up."""
        async with httpx.AsyncClient(headers={"user-agent": "TimelinesAI-Webhook"}) as self._client:
            self._loop = asyncio.get_running_loop()
            self._start_waiting()
            try:
                yield
            finally:
                self._loop = None
                for task in self._under_way:
                    task.cancel()
                await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start_waiting(self) -> None:
        while self._waiting:
            task = asyncio.ensure_future(self._deliver(self._waiting.popleft()))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _deliver(self, parcel: _Parcel) -> None:
        await asyncio.sleep(self._faults.webhook_delay_seconds)
        for attempt in range(1, ATTEMPTS + 1):
            status = await self._attempt(parcel)
            self._note(parcel, attempt, status)
            if status is not None and 200 <= status < 300:
                parcel.webhook.errors_counter = 0
                return
            if attempt < ATTEMPTS:
                await asyncio.sleep(self._faults.webhook_retry_seconds)
        parcel.webhook.errors_counter += 1

    async def _attempt(self, parcel: _Parcel) -> int | None:
        try:
            async with asyncio.timeout(self._faults.webhook_timeout_seconds):
                headers = {"content-type": "application/json"}
                answer = await self._client.post(parcel.webhook.url, content=self._text(parcel), headers=headers, timeout=None)
                return answer.status_code
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL):
            return None

    def _text(self, parcel: _Parcel) -> bytes:
        body: Any = [parcel.body] if self._faults.webhooks_in_lists else parcel.body
        text = json.dumps(body).encode()
        if self._faults.malformed_webhooks <= 0:
            return text
        self._faults.malformed_webhooks -= 1
        return spoilt(parcel.body, text, self._faults.malformed_webhooks)

    def _note(self, parcel: _Parcel, attempt: int, status: int | None) -> None:
        self.log.append(
            {
                "at": self._clock.now().isoformat(),
                "webhook_id": parcel.webhook.id,
                "event_type": parcel.webhook.event_type,
                "attempt": attempt,
                "status": status,
            }
        )


def spoilt(body: dict[str, Any], text: bytes, number: int) -> bytes:
    """Spoil the body of a webhook in one of five ways, by turns."""
    ways: list[bytes] = [
        text[: len(text) // 2],
        b"",
        json.dumps({**body, "chat": {"chat_id": "seven"}}).encode(),
        json.dumps({"event_type": body["event_type"]}).encode(),
        b"\xff\xfe" + text,
    ]
    return ways[number % len(ways)]
