"""A work pool whose workers, on any number of machines, start the runs: every organisation is deployed to it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from deployments.serving.deploying import Served, deployments_of

WORKER_TYPE = "process"


class WorkPool:
    """Deploys organisations to a work pool, which is made where there is none, as they appear and change in the ledger.

    `deployments` holds the id of every deployment by flow name and organisation.
    """

    def __init__(self, name: str, *, tick_every: timedelta) -> None:
        self._name = name
        self._tick_every = tick_every
        self._organisations: dict[str, Served] = {}
        self.deployments: dict[tuple[str, str], UUID] = {}

    def serve(self, organisations: Iterable[Served]) -> None:
        """Apply the deployments of organisations that are new or have changed."""
        changed = [each for each in organisations if self._organisations.get(each.id) != each]
        if not changed:
            return
        with get_client(sync_client=True) as client:
            self._create(client)
        for organisation in changed:
            for deployment in deployments_of(organisation, self._tick_every, self._name):
                # A coroutine only where an event loop runs, which none does in the thread of the watch.
                self.deployments[str(deployment.flow_name), organisation.id] = cast("UUID", deployment.apply())
            self._organisations[organisation.id] = organisation

    def stop(self) -> None:
        """Leave everything to the workers."""

    def _create(self, client: SyncPrefectClient) -> None:
        try:
            client.create_work_pool(WorkPoolCreate(name=self._name, type=WORKER_TYPE))
        except ObjectAlreadyExists:
            return
