"""Extra ticks between those of the schedule: asked for when a webhook arrives, one for many requests."""

import logging
import threading
import time

from deployments.serving.table import TICKS

PAUSE_SECONDS = 15.0
LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class TickRequests:
    """Has Prefect run `sync-chats` for organisations that ask, at most every `pause` seconds each.

    Any number of requests while one waits are that one. A request while a tick is at work waits for its end, because the
    tick may have read the chat before the message came; a run beside it would only be cancelled.
    """

    def __init__(self, *, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        self._waiting: dict[str, float] = {}
        self._begun: dict[str, float] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="tick-requests", daemon=True)
        self._thread.start()

    def request_tick(self, organisation: str) -> None:
        """Ask for a tick soon; returns at once and never fails: the tick of the schedule comes anyway."""
        with self._changed:
            self._waiting.setdefault(organisation, self._begun.get(organisation, -self._pause) + self._pause)
            self._changed.notify()

    def close(self) -> None:
        """Forget what waits, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(5)

    def _serve(self) -> None:
        while (organisation := self._next()) is not None:
            try:
                started = start_tick(organisation)
            except Exception as error:  # noqa: BLE001 - Prefect may be away; nothing is lost by that
                logger.info("No extra tick for %s: %s", organisation, type(error).__name__)
                started = True
            with self._changed:
                if started:
                    self._begun[organisation] = time.monotonic()
                else:
                    self._waiting.setdefault(organisation, time.monotonic() + LOOK_SECONDS)

    def _next(self) -> str | None:
        """Wait until an organisation is due and return it; None at the end."""
        with self._changed:
            while not self._closed:
                organisation = min(self._waiting, key=self._waiting.__getitem__, default=None)
                wait = self._waiting[organisation] - time.monotonic() if organisation else None
                if organisation is not None and wait is not None and wait <= 0:
                    del self._waiting[organisation]
                    return organisation
                self._changed.wait(wait)
        return None


def start_tick(organisation: str) -> bool:
    """Schedule a run of an organisation's tick now; False while one is at work. Raises what Prefect's client raises."""
    from prefect.client.orchestration import get_client

    from deployments.serving.run_filters import AT_WORK, read_runs, runs_in

    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{TICKS.flow_name}/{organisation}")
        if read_runs(client, runs_in([deployment.id], *AT_WORK), limit=1):
            return False
        client.create_flow_run_from_deployment(deployment.id, tags=["requested"])
        return True
