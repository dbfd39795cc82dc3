"""What Prefect leaves lying about, put right from outside: overdue runs, runs of dead processes, places nobody occupies."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter, EventResourceFilter
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from chatledger.ledger import lease
from chatledger.ledger.database import Ledger
from deployments.serving.deploying import START_SECONDS
from deployments.serving.run_filters import AT_WORK, overdue, read_runs, runs_in

PAGE = 50
"""The most that Prefect deletes in one call."""

HEARTBEATS = timedelta(minutes=7)
"""Two heartbeats of a worker that runs with Prefect's own setting (180 seconds), and some patience."""

SLOT_SECONDS = 90
"""Longer than a run can be between taking its place and being seen in a state of work."""


def drop_overdue(client: SyncPrefectClient, deployments: Sequence[UUID], before: datetime) -> int:
    """Delete the runs that the schedule wanted before a moment and nobody started; return how many.

    Ticks take up whatever is open, so one run does the work of all that were missed. A run that a person asked for stays.
    """
    dropped = kept = 0
    while deployments:
        runs = read_runs(client, overdue(deployments, before), limit=PAGE, offset=kept)
        missed = [run.id for run in runs if run.auto_scheduled]
        if missed:
            _delete(client, missed)
        dropped, kept = dropped + len(missed), kept + len(runs) - len(missed)
        if len(runs) < PAGE:
            break
    return dropped


def _delete(client: SyncPrefectClient, runs: list[UUID]) -> None:
    chosen = FlowRunFilter(id=FlowRunFilterId(any_=runs)).model_dump(mode="json", exclude_unset=True)
    client.request("POST", "/flow_runs/bulk_delete", json={"flow_runs": chosen, "limit": len(runs)})  # type: ignore[arg-type]


class DeadRuns:
    """Finds runs that Prefect believes to be at work although their process has ended, and says so to Prefect.

    Prefect's runner says it at once of a process it started; this is for what was killed together with the runner. A tick
    holds the ledger's lease from its first second and renews it for as long as it lives; other runs send heartbeats.
    """

    def __init__(self, ledger: Ledger, patience: float) -> None:
        """Look at the runs of a ledger; `patience` is how many seconds without a sign of life make one dead."""
        self._ledger, self._patience = ledger, patience
        self._silent_since: dict[UUID, dict[UUID, float]] = {}

    def mark(self, client: SyncPrefectClient, organisation: str, deployment: UUID, *, ticks: bool) -> list[FlowRun]:
        """Mark as crashed what gave no sign of life for long enough, or never began in two minutes; return it."""
        runs = read_runs(client, runs_in([deployment], *AT_WORK), limit=PAGE)
        alive = self._with_sign(client, organisation, runs, ticks=ticks)
        known, now = self._silent_since.get(deployment, {}), time.monotonic()
        silent = {run.id: known.get(run.id, now) for run in runs if run.id not in alive and not _is_starting(run)}
        self._silent_since[deployment] = silent
        dead = [run for run in runs if run.id in silent and now - silent[run.id] >= self._patience]
        for run in dead:
            message = "The process of this run has ended; the next tick takes up what it left."
            client.set_flow_run_state(run.id, Crashed(message=message), force=True)
        return dead

    def _with_sign(self, client: SyncPrefectClient, organisation: str, runs: list[FlowRun], *, ticks: bool) -> set[UUID]:
        begun = [run for run in runs if run.state_type != StateType.PENDING]
        if not ticks:
            return {run.id for run in begun if _has_heartbeat(client, run)}
        return {run.id for run in begun} if lease.is_held(self._ledger, organisation) else set()


def _is_starting(run: FlowRun) -> bool:
    since = run.state.timestamp if run.state else None
    return run.state_type == StateType.PENDING and bool(since and datetime.now(UTC) - since < timedelta(seconds=START_SECONDS))


def _has_heartbeat(client: SyncPrefectClient, run: FlowRun) -> bool:
    since = datetime.now(UTC) - HEARTBEATS
    if run.start_time and run.start_time > since:
        return True
    seen = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.heartbeat"]),
        occurred=EventOccurredFilter(since=since),
        resource=EventResourceFilter(id=[f"prefect.flow-run.{run.id}"]),
    )
    return bool(client.read_events(seen, limit=1).events)


class LostSlots:
    """Finds places of a deployment that are taken although none of its runs is at work, and frees them."""

    def __init__(self) -> None:
        self._taken_since: dict[UUID, float] = {}

    def free(self, client: SyncPrefectClient, deployment: UUID) -> bool:
        """Free the deployment's places once they have been taken by nobody for 90 seconds; say whether that was done."""
        name = f"deployment:{deployment}"
        try:
            taken = client.read_global_concurrency_limit_by_name(name).active_slots
        except ObjectNotFound:
            taken = 0
        if not taken or read_runs(client, runs_in([deployment], *AT_WORK), limit=1):
            self._taken_since.pop(deployment, None)
            return False
        since = self._taken_since.setdefault(deployment, time.monotonic())
        if time.monotonic() - since < SLOT_SECONDS:
            return False
        client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(active_slots=0))
        del self._taken_since[deployment]
        return True
