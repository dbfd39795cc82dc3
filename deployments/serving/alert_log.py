"""Alerts that went off in Prefect, as lines for whoever reads the output of `serve`."""

from datetime import UTC, datetime

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter

from deployments.automations.table import PREFIX

FIRED = "prefect.automation.triggered"


class AlertLog:
    """Remembers which alerts were told."""

    def __init__(self) -> None:
        self._since = datetime.now(UTC)
        self._told: set[str] = set()

    def new(self, client: SyncPrefectClient) -> list[str]:
        """Return a line for each alert of ours that went off since the last call."""
        found = client.read_events(
            EventFilter(event=EventNameFilter(name=[FIRED]), occurred=EventOccurredFilter(since=self._since)), limit=50
        ).events
        fresh = [event for event in found if str(event.id) not in self._told and _name(event).startswith(PREFIX)]
        self._told = {str(event.id) for event in found}
        return [f"alert: {_name(event).removeprefix(PREFIX)}" for event in reversed(fresh)]


def _name(event: object) -> str:
    return str(getattr(event, "resource", {}).get("prefect.resource.name", ""))
