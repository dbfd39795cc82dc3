"""The watch of `serve` over everything that runs: puts right what can be put right, and says what a person should know."""

import logging
from collections.abc import Callable
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun

from blocks.environment import read_environment
from chatledger.errors import ChatledgerError
from chatledger.ledger import runs
from chatledger.ledger.database import Ledger
from deployments.serving.alert_log import AlertLog
from deployments.serving.connection_watch import ConnectionWatch
from deployments.serving.deploying import Served, served_organisations
from deployments.serving.elsewhere import RunsElsewhere
from deployments.serving.run_filters import newest_ended
from deployments.serving.runs_starter import RunsStarter
from deployments.serving.table import DEPLOYMENTS, TICKS
from deployments.serving.tidying import DeadRuns, LostSlots, drop_overdue
from deployments.serving.work_pool import WorkPool
from tasks.alarms import SWITCHED_OFF, SWITCHED_ON, tell

MISSED = timedelta(minutes=2)
"""A run of the schedule that is so late is not worth starting: the next one does its work."""

ENDED_PER_LOOK = 20

logger = logging.getLogger(__name__)


class Watch:
    """Looks after the parts of `serve`; whatever goes wrong in one look is said once and tried again in the next."""

    def __init__(
        self,
        ledger: Ledger,
        own: str,
        starter: RunsStarter | RunsElsewhere | WorkPool,
        *,
        revive: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._own = own
        self._starter = starter
        self._revive = revive
        self._say = say
        self._dead_runs = DeadRuns(ledger, read_environment().chatledger_lease_seconds)
        self._lost_slots = LostSlots()
        self._alerts = AlertLog()
        self._connections = ConnectionWatch(ledger, self._tell)
        self._told: dict[str, str] = {}
        self._active: dict[str, bool] = {}
        self._told_until: dict[str, datetime] = {}

    def look(self) -> None:
        """Look once after everything."""
        with self._troubles("Prefect"):
            self._revive()
        with self._troubles("deployments"):
            organisations = served_organisations(self._ledger, self._own)
            self._starter.serve(organisations)
            self._tell_of_switches(organisations)
        with self._troubles("connections"):
            self._connections.look([each for each, active in self._active.items() if active])
        with self._troubles("Prefect's runs"), get_client(sync_client=True) as client:
            self._tidy(client)
            for line in self._alerts.new(client):
                self._say(line)

    def _tidy(self, client: SyncPrefectClient) -> None:
        scheduled = {deployed.flow_name for deployed in DEPLOYMENTS if deployed.every or deployed.cron}
        deployments = self._starter.deployments
        drop_overdue(client, [key for (flow, _), key in deployments.items() if flow in scheduled], datetime.now(UTC) - MISSED)
        for (flow, organisation), deployment in list(deployments.items()):
            for run in self._dead_runs.mark(client, organisation, deployment, ticks=flow == TICKS.flow_name):
                self._say(f"{organisation}: the process of {flow} run {run.name} has ended; marked as crashed")
            if flow == TICKS.flow_name:
                self._tell_of_runs(client, organisation, deployment)
                if self._lost_slots.free(client, deployment):
                    self._say(f"{organisation}: freed a place that was taken by no run")

    def _tell_of_switches(self, organisations: list[Served]) -> None:
        """Let Prefect's alerts know from when on, and until when, ticks are to be expected."""
        for organisation in organisations:
            if self._active.get(organisation.id) != organisation.active:
                self._active[organisation.id] = organisation.active
                tell(organisation.id, SWITCHED_ON if organisation.active else SWITCHED_OFF)

    def _tell_of_runs(self, client: SyncPrefectClient, organisation: str, deployment: UUID) -> None:
        """Say how each tick since the last look ended that did not end well, and which one is the first good one after it."""
        ended = [(run.end_time, run) for run in newest_ended(client, deployment, ENDED_PER_LOOK) if run.end_time]
        known = self._told_until.get(organisation)
        for at, run in reversed([each for each in ended if each[0] > known] if known else ended[:1]):
            self._told_until[organisation] = at
            self._tell(f"tick of {organisation}", self._trouble_of(organisation, run))

    def _trouble_of(self, organisation: str, run: FlowRun) -> str | None:
        if run.state is None or (run.state.is_completed() and run.state.name != "Degraded"):
            return None
        with self._ledger.reading() as session:
            row = runs.of_flow_run(session, organisation, str(run.id))
        reason = row.problem if row and row.problem else run.state.message
        return f"{(run.state.name or 'ended').lower()}: {reason}"

    @contextmanager
    def _troubles(self, what: str) -> Any:
        try:
            yield
        except Exception as error:  # the watch must go on
            logger.info("The watch over %s failed.", what, exc_info=True)
            self._tell(what, str(error) if isinstance(error, ChatledgerError) else f"not available ({type(error).__name__})")
        else:
            self._tell(what, None)

    def _tell(self, what: str, trouble: str | None) -> None:
        before = self._told.get(what)
        if trouble == before:
            return
        self._say(f"{what}: {trouble}" if trouble else f"{what}: well again")
        if trouble:
            self._told[what] = trouble
        else:
            del self._told[what]
