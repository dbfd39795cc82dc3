"""The thread that starts runs: Prefect's runner, each run in a process of its own, so that none can take the others down."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runner import Runner

from chatledger.errors import ChatledgerError
from deployments.serving.deploying import Served, deployments_of
from deployments.serving.tidying import drop_overdue

POLL_SECONDS = 2
HEARTBEAT_SECONDS = 30
RESTART_SECONDS = 5
FINISH_SECONDS = 6
STOP_SECONDS = 15

logger = logging.getLogger(__name__)


class RunsStarter(threading.Thread):
    """Applies the deployments of the organisations it is given and starts their runs, at most `limit` at once.

    What was to start while nobody was here is dropped first, so that days of downtime end in one tick and not in thousands.
    It begins anew when Prefect's runner gives up, for example because the server was away for long.
    `deployments` holds the id of every deployment by flow name and organisation.
    """

    def __init__(self, organisations: Sequence[Served], *, tick_every: timedelta, limit: int) -> None:
        super().__init__(name="runs-starter", daemon=True)
        self._organisations = {organisation.id: organisation for organisation in organisations}
        self._tick_every = tick_every
        self._limit = limit
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self.deployments: dict[tuple[str, str], UUID] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: Runner | None = None
        self.problem: BaseException | None = None

    def run(self) -> None:
        """Serve until told to stop."""
        while not self._stopping.is_set():
            try:
                asyncio.run(self._serve())
            except Exception as error:  # noqa: BLE001 - whatever it is, ticks must go on
                self.problem = error
                logger.warning("The starter of runs begins anew: %s", error)
                self._ready.set()
                self._stopping.wait(RESTART_SECONDS)

    def wait_until_ready(self, seconds: float) -> None:
        """Return once runs are started. Raises ChatledgerError, and stops, when the deployments cannot be applied."""
        if not self._ready.wait(seconds):
            raise ChatledgerError(f"Prefect did not take the deployments within {seconds:.0f} seconds.")
        if self.problem is not None:
            raise ChatledgerError(f"Prefect did not take the deployments: {self.problem}") from self.problem

    def serve(self, organisations: Iterable[Served]) -> None:
        """Apply the deployments of organisations that are new or have changed."""
        for organisation in organisations:
            if self._organisations.get(organisation.id) != organisation:
                self._call(self._apply, organisation).result(STOP_SECONDS)
                self._organisations[organisation.id] = organisation

    @property
    def processes(self) -> int:
        """How many runs are at work in processes of this one."""
        return len(self._runner._flow_run_process_map) if self._runner else 0  # nothing public says it

    def stop(self) -> None:
        """Stop starting runs, let those at work finish for a few seconds, and end the others."""
        self._stopping.set()
        deadline = time.monotonic() + FINISH_SECONDS
        while self.processes and time.monotonic() < deadline:
            time.sleep(0.1)
        if self._runner and self._runner.started:
            with suppress(RuntimeError, TimeoutError):
                self._call(self._runner.astop).result(STOP_SECONDS)
        self.join(STOP_SECONDS)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._runner = Runner(
            name="chatledger",
            query_seconds=POLL_SECONDS,
            prefetch_seconds=POLL_SECONDS,
            heartbeat_seconds=HEARTBEAT_SECONDS,
            limit=self._limit,
            pause_on_shutdown=False,
        )
        for organisation in self._organisations.values():
            await self._apply(organisation)
        await asyncio.to_thread(self._drop_missed)
        self.problem = None
        self._ready.set()
        await self._runner.start()

    async def _apply(self, organisation: Served) -> None:
        if self._runner is not None:
            for deployment in deployments_of(organisation, self._tick_every):
                added = await self._runner.aadd_deployment(deployment)
                self.deployments[str(deployment.flow_name), organisation.id] = added

    def _drop_missed(self) -> None:
        try:
            with get_client(sync_client=True) as client:
                dropped = drop_overdue(client, list(self.deployments.values()), datetime.now(UTC))
            logger.info("%d runs that were missed are dropped.", dropped)
        except Exception as error:  # noqa: BLE001 - the watch drops them later, and a place for one run lets no crowd in
            logger.warning("Runs that were missed could not be dropped: %s", error)

    def _call(self, function: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> "Future[None]":
        if self._loop is None:
            raise RuntimeError("not started")
        return asyncio.run_coroutine_threadsafe(function(*arguments), self._loop)
