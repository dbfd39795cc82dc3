"""What is asked of Prefect for one organisation: a deployment of every flow of the table, its schedule on or off."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.runner.storage import LocalStorage
from prefect.schedules import Cron, Interval, Schedule

from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from deployments.serving.table import DEPLOYMENTS, TICKS, Deployed

TAG = "chatledger"
SCHEDULE_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
INSTALLED = LocalStorage("/")
"""Flows are imported from what is installed where they run. Without this a worker would first copy the folder in which
`serve` was started, and fail where there is no such folder; `/` is everywhere."""

START_SECONDS = 120
"""How long a run that was admitted may take to begin before Prefect gives its place away."""


@dataclass(frozen=True, slots=True)
class Served:
    """An organisation as its deployments depend on it."""

    id: str
    active: bool
    timezone: str = "UTC"
    zgid: str = ""


def served_organisations(ledger: Ledger, own: str) -> list[Served]:
    """Return every organisation of the ledger, and `own` even before its first activation: it can be configured then."""
    with ledger.reading() as session:
        known = [
            Served(row.id, row.active, organisations.current_settings(session, row.id).timezone, row.zgid)
            for row in organisations.every(session)
        ]
    return known if any(row.id == own for row in known) else [*known, Served(own, active=False)]


def deployments_of(organisation: Served, tick_every: timedelta, pool: str | None = None) -> Iterator[RunnerDeployment]:
    """Give the deployments of an organisation as `serve` applies them; `tick_every` replaces the minute between ticks.

    Their runs are started by `serve` itself, or by the workers of the work pool `pool`.
    """
    for deployed in DEPLOYMENTS:
        deployment = RunnerDeployment.from_entrypoint(
            deployed.module_path,
            name=organisation.id,
            schedule=_schedule(deployed, organisation, tick_every),
            concurrency_limit=_limit(deployed),
            parameters={"organisation": organisation.id},
            tags=[TAG],
        )
        deployment.work_pool_name = pool  # None is marked as set, so that a deployment that was a worker's becomes ours
        deployment.work_queue_name = None
        if pool:
            deployment.storage = INSTALLED
        yield deployment


def _schedule(deployed: Deployed, organisation: Served, tick_every: timedelta) -> Schedule | None:
    if deployed.cron:
        return Cron(deployed.cron, timezone=organisation.timezone, active=organisation.active)
    if deployed.every is None:
        return None
    every = tick_every if deployed == TICKS else deployed.every
    # Organisations begin at different seconds of the minute, always the same one each.
    offset = timedelta(seconds=zlib.crc32(organisation.id.encode()) % every.total_seconds())
    return Interval(every, anchor_date=SCHEDULE_EPOCH + offset, active=organisation.active)


def _limit(deployed: Deployed) -> ConcurrencyLimitConfig | None:
    if not deployed.one_at_a_time:
        return None
    return ConcurrencyLimitConfig(
        limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW, grace_period_seconds=START_SECONDS
    )
