"""Attempts to send: each form carries the id of its attempt, so that no double click and no reload sends a message twice.

TimelinesAI knows no idempotency key. An attempt whose answer never came is unknown; it is looked for in the chat before it is
made again.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from chatledger.models import Direction, Message
from chatledger.web.live_chat.trouble import Trouble

State = Literal["new", "sent", "refused", "unknown"]

MOST = 10_000
CLOCKS_DIFFER_BY = timedelta(seconds=90)
"""How far our clock and WhatsApp's may be apart when a message is looked for by its time."""


@dataclass(slots=True)
class Attempt:
    """A message somebody tried to send; `uid` once TimelinesAI accepted it, `trouble` when it refused."""

    text: str
    filename: str
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    state: State = "new"
    uid: str = ""
    trouble: Trouble | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Attempts:
    """The attempts of this process, the newest ten thousand."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, ...], Attempt] = {}

    def take(self, person_id: str, attempt_id: str, *, to: str, text: str, filename: str) -> Attempt:
        """Return the attempt with this id, a new one at first; another text, file or receiver is another attempt."""
        key = (person_id, attempt_id, to, text, filename)
        attempt = self._attempts.get(key)
        if attempt is None:
            attempt = self._attempts[key] = Attempt(text, filename)
            while len(self._attempts) > MOST:
                del self._attempts[next(iter(self._attempts))]
        return attempt

    def find_in(self, attempt: Attempt, messages: tuple[Message, ...]) -> str | None:
        """Return the uid of the message an attempt became, None when the chat does not show it."""
        taken = {other.uid for other in self._attempts.values() if other.uid}
        for message in messages:
            fits = message.direction is Direction.OUTGOING and message.text.strip() == attempt.text.strip()
            named = not attempt.filename or any(file.filename == attempt.filename for file in message.attachments)
            if fits and named and message.uid not in taken and message.timestamp >= attempt.began - CLOCKS_DIFFER_BY:
                return message.uid
        return None
