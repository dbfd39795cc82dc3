"""What one generation of a world carries along: its randomness, its moment, its phrases, and who speaks."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.world.moments import DAY_SECONDS, iso


@dataclass(frozen=True, slots=True)
class Growth:
    """A generation in progress; `phrases` by language."""

    random: Random
    now: datetime
    days: int
    phrases: dict[str, list[str]]

    def seconds_ago(self) -> int:
        """Return a random distance within the days of the world."""
        return self.random.randint(0, self.days * DAY_SECONDS)

    def at(self, seconds_ago: int) -> str:
        """Return the moment so many seconds before now, as ISO-8601 UTC; never a later one than now."""
        return iso(self.now - timedelta(seconds=max(seconds_ago, 0)))

    def uid(self) -> str:
        """Return a fresh message uid."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


@dataclass(frozen=True, slots=True)
class Talk:
    """One chat to be grown: its kind, the contact with name and language, and our account."""

    kind: str
    account: dict[str, Any]
    contact: str
    language: str
