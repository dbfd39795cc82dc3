"""The deployments that workers of a work pool run: `serve --no-runs` looks after them and starts nothing."""

from collections.abc import Iterable
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from deployments.serving.deploying import Served
from deployments.serving.table import DEPLOYMENTS


class RunsElsewhere:
    """Finds the deployments by their names and switches their schedules on and off as the ledger says.

    `deployments` holds the id of every one that was found, by flow name and organisation.
    """

    def __init__(self) -> None:
        self.deployments: dict[tuple[str, str], UUID] = {}
        self._active: dict[UUID, bool] = {}

    def serve(self, organisations: Iterable[Served]) -> None:
        """Look for deployments of these organisations; a schedule changes when the organisation does, not before."""
        with get_client(sync_client=True) as client:
            for organisation in organisations:
                for deployed in DEPLOYMENTS:
                    self._look(client, deployed.flow_name, organisation)

    def stop(self) -> None:
        """Leave everything to the workers."""

    def _look(self, client: SyncPrefectClient, flow: str, organisation: Served) -> None:
        key = (flow, organisation.id)
        known = self.deployments.get(key)
        if known and self._active.get(known) == organisation.active:
            return
        try:
            found = client.read_deployment_by_name(f"{flow}/{organisation.id}")
        except ObjectNotFound:
            return
        self.deployments[key] = found.id
        self._active[found.id] = organisation.active
        _switch(client, found, active=organisation.active)


def _switch(client: SyncPrefectClient, deployment: DeploymentResponse, *, active: bool) -> None:
    for schedule in deployment.schedules:
        if schedule.active != active:
            client.update_deployment_schedule(deployment.id, schedule.id, active=active)
