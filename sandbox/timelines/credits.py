"""The message credits of the workspace."""

from datetime import datetime

from sandbox.clock import Clock
from sandbox.timelines.memory import Workspace
from sandbox.timelines.refusals import Refusal


class Credits:
    """Spends credits at once and gives those of failed sends back when their time has come."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._quota = workspace.message_credits
        self._clock = clock
        self._coming_back: list[tuple[datetime, int]] = []

    def used(self) -> int:
        """Give the credits used so far."""
        now = self._clock.now()
        self._quota["used"] -= sum(price for at, price in self._coming_back if at <= now)
        self._coming_back = [(at, price) for at, price in self._coming_back if at > now]
        return self._quota["used"]

    def check(self, price: int) -> None:
        """Raise Refusal (403) when there are not enough credits; a queued message holds its credit, too."""
        if self.used() + price > self._quota["total"]:
            raise Refusal(403, "quota_exceeded", "Message quota exceeded")

    def spend(self, price: int) -> None:
        """Take credits. Raises Refusal (403) when there are not enough."""
        self.check(price)
        self._quota["used"] += price

    def give_back(self, price: int, at: datetime) -> None:
        """Promise credits back at a later time."""
        self._coming_back.append((at, price))
