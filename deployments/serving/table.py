"""Everything that is deployed, in one table: `serve` and `prefect.yaml` offer exactly this."""

from dataclasses import dataclass
from datetime import timedelta

TICK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Deployed:
    """A flow that is deployed once for every organisation, under the organisation's id.

    `name` is the file in `flows/` and the function in it. `every` or `cron` (in the organisation's time zone) starts runs
    while the organisation is active; without them a run is started by a person. `one_at_a_time` cancels a run that would
    begin beside another one of the same organisation.
    """

    name: str
    every: timedelta | None = None
    cron: str | None = None
    one_at_a_time: bool = False

    @property
    def flow_name(self) -> str:
        """The flow's name in Prefect."""
        return self.name.replace("_", "-")

    @property
    def module_path(self) -> str:
        """Where a process that has this software installed finds the flow, whatever folder it is started in."""
        return f"flows.{self.name}.{self.name}"

    @property
    def file_path(self) -> str:
        """Where a worker finds the flow in a copy of this project."""
        return f"flows/{self.name}.py:{self.name}"


# Interval and cron only: a recurrence rule has stopped Prefect's scheduler for everybody (PrefectHQ/prefect#18861, #18272).
DEPLOYMENTS: tuple[Deployed, ...] = (
    Deployed("sync_chats", every=timedelta(seconds=TICK_SECONDS), one_at_a_time=True),
    Deployed("audit_ledger", cron="30 3 * * *", one_at_a_time=True),
    Deployed("remove_by_age", cron="10 4 * * *", one_at_a_time=True),
    Deployed("configure_sync"),
    Deployed("deactivate_sync"),
    Deployed("retry_messages"),
    Deployed("backfill_chats"),
    Deployed("look_up_chats"),
    Deployed("erase_person"),
)
TICKS = DEPLOYMENTS[0]
