"""The runs of our deployments, as Prefect's API is asked for them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

AT_WORK = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)


def runs_in(deployments: Sequence[UUID], *types: StateType) -> FlowRunFilter:
    """Match the runs of deployments that are in one of these types of state."""
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))),
    )


def overdue(deployments: Sequence[UUID], before: datetime) -> FlowRunFilter:
    """Match the runs that the schedule wanted to start before a moment and that nobody has started."""
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=list(deployments)),
        state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Scheduled", "Late"])),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=before),
    )


def read_runs(client: SyncPrefectClient, chosen: FlowRunFilter, *, limit: int, offset: int = 0) -> list[FlowRun]:
    """Return the runs that match, the one to start first at first."""
    # Prefect 3.8.8 sends `sort: null` when none is given, which its own server refuses.
    return client.read_flow_runs(flow_run_filter=chosen, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=limit, offset=offset)


def newest_ended(client: SyncPrefectClient, deployment: UUID, limit: int) -> list[FlowRun]:
    """Return the runs of a deployment that ended last, newest first; one cancelled beside another does not count."""
    ended = runs_in([deployment], StateType.COMPLETED, StateType.FAILED, StateType.CRASHED)
    return client.read_flow_runs(flow_run_filter=ended, sort=FlowRunSort.END_TIME_DESC, limit=limit)
