"""What the health page tells, gathered where it is known: the ledger, the disk, Prefect's API."""

import shutil
import time
from datetime import datetime
from pathlib import Path

import anyio.to_thread
from prefect.client.orchestration import SyncPrefectClient, get_client

from blocks.environment import read_environment
from chatledger.delivery import webhook_trust
from chatledger.errors import LedgerUnavailable
from chatledger.ledger import Session, history, lease, organisations, runs, webhook_registrations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Organisation
from chatledger.models import Outcome
from chatledger.web.health_state import Health, OrganisationHealth

KEEP_SECONDS = 3.0
"""Whoever asks more often gets the same answer: a page without login must not become a load."""


class HealthFacts:
    """Gathers the health of this installation; `examine` is what the page calls."""

    def __init__(self, ledger: Ledger, home: Path) -> None:
        self._ledger = ledger
        self._home = home
        self._known: tuple[float, Health] | None = None
        self._one_at_a_time = anyio.Lock()

    async def examine(self) -> Health:
        """Return the health of now, or of at most three seconds ago."""
        async with self._one_at_a_time:
            if self._known is None or time.monotonic() - self._known[0] > KEEP_SECONDS:
                self._known = (time.monotonic(), await anyio.to_thread.run_sync(self._gather))
            return self._known[1]

    def _gather(self) -> Health:
        found = self._organisations()
        return Health(
            ledger_reachable=found is not None,
            prefect_reachable=prefect_answers(),
            disk_free_bytes=shutil.disk_usage(self._home).free,
            organisations=found or (),
        )

    def _organisations(self) -> tuple[OrganisationHealth, ...] | None:
        try:
            with self._ledger.transaction():
                pass  # only one that may write shows that the database is not locked or read-only
            now = self._ledger.now()
            with self._ledger.reading() as session:
                return tuple(self._of(session, row, now.timestamp()) for row in organisations.every(session))
        except LedgerUnavailable:
            return None

    def _of(self, session: Session, row: Organisation, now: float) -> OrganisationHealth:
        newest, good = runs.latest(session, row.id, 1), runs.last_good(session, row.id)
        since = max([moment for moment in (good.started_at if good else None, row.activated_at) if moment])
        counts = history.counts(session, row.id, [Outcome.PENDING, Outcome.PARKED])
        return OrganisationHealth(
            id=row.id,
            active=row.active,
            seconds_since_good_tick=now - good.started_at.timestamp() if good else None,
            seconds_without_good_tick=now - since.timestamp(),
            state_of_newest_tick=newest[0].state if newest else None,
            at_work=lease.is_held(self._ledger, row.id),
            pending=sum(count for (outcome, _), count in counts.items() if outcome == Outcome.PENDING),
            parked=sum(count for (outcome, _), count in counts.items() if outcome == Outcome.PARKED),
            problem=newest[0].problem if newest and newest[0].trouble_outside else None,
            webhooks_relied_on=_relied_on(session, row, self._ledger.now()),
        )


def _relied_on(session: Session, row: Organisation, now: datetime) -> bool | None:
    if webhook_registrations.find(session, row.id) is None:
        return None
    return webhook_trust.health(session, row.id, now, read_environment().chatledger_sweep_seconds).trusted


def prefect_answers() -> bool:
    """Say whether the Prefect server that this process uses answers its health check."""
    try:
        with get_client(sync_client=True) as client:
            return _healthy(client)
    except Exception:  # noqa: BLE001 - whatever keeps it from answering
        return False


def _healthy(client: SyncPrefectClient) -> bool:
    return client.api_healthcheck() is None
