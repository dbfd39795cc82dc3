"""The tick that this process is running: tasks are given its id, never a live object, and find it here.

Mapped tasks run in threads while the clients belong to one event loop; every move is carried out in that loop.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from blocks.chat_ledger import ChatLedger
from blocks.credentials import credentials_of
from blocks.environment import Environment, read_environment
from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery import closing, recognising
from chatledger.delivery import tick as ticks
from chatledger.delivery.tick import Options, Tick
from chatledger.errors import LeaseLost
from chatledger.ledger import lease, runs
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount

Result = TypeVar("Result")
SECONDS_OF_REQUESTS = 600
POLL_SECONDS = 0.5
"""How often somebody who waits for the lease asks for it."""


class TickInProgress:
    """A tick with the event loop its clients live in, and a folder for results of tasks that lasts as long as the tick."""

    def __init__(self, tick: Tick, portal: BlockingPortal, results: Path) -> None:
        self.tick = tick
        self.results = results
        self._portal = portal

    @property
    def id(self) -> str:
        """The run's id, which tasks are given."""
        return self.tick.run_id

    def call(self, function: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Call an asynchronous function in the tick's loop, where its clients live."""
        return self._portal.call(function, *arguments)

    def carry_out(self, move: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Carry out an asynchronous move in the tick's loop and return its result."""
        return self.call(move, self.tick, *arguments)

    def decide(self, move: Callable[..., Result], *arguments: Any) -> Result:
        """Carry out a move that asks no outside system, in the tick's loop as well: moves never overlap half-way."""

        async def decided() -> Result:
            return move(self.tick, *arguments)

        return self.call(decided)


_in_progress: dict[str, TickInProgress] = {}


def tick_in_progress(tick_id: str) -> TickInProgress:
    """Return the tick that this process is running under this id."""
    return _in_progress[tick_id]


@contextmanager
def running_tick(
    organisation: str, flow_run_id: str | None, *, kind: str = "tick", patience: float = 0
) -> Iterator[TickInProgress | None]:
    """Run a tick for an organisation: lease taken and kept, clients open.

    Yields None when another run is still at work after `patience` seconds. A slice of a backfill is short and is waited for
    in any case: live messages come first.
    """
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with (
            start_blocking_portal() as portal,
            TemporaryDirectory(prefix="chatledger-results-") as results,
            _open_clients(environment, ledger, organisation, portal) as clients,
        ):
            tick = _begun(
                environment, ledger, organisation, clients, flow_run_id=flow_run_id, kind=kind, patience=patience
            )  # fmt: skip
            if tick is None:
                yield None
                return
            renewal = portal.start_task_soon(_keep_lease, tick)
            progress = _in_progress[tick.run_id] = TickInProgress(tick, portal, Path(results))
            try:
                _recognise(progress, clients)
                yield progress
            except BaseException as error:
                closing.give_up(tick, error)
                raise
            finally:
                renewal.cancel()
                del _in_progress[tick.run_id]
    finally:
        ledger.close()


@dataclass(frozen=True, slots=True)
class _Clients:
    """Both clients, the count of their requests, where a person finds records, and the hash of the credentials."""

    timelines: TimelinesClient
    zoho: ZohoClient
    count: CallCount
    record_url: str
    digest: str


@contextmanager
def _open_clients(environment: Environment, ledger: Ledger, organisation: str, portal: BlockingPortal) -> Iterator[_Clients]:
    """Open the clients of an organisation that is switched on."""
    recognising.active(ledger, organisation)
    credentials, count = credentials_of(environment, ledger, organisation), CallCount()
    timelines, zoho = credentials.clients(ledger, count)
    try:
        yield _Clients(timelines, zoho, count, credentials.zoho.record_url, credentials.digest(ledger))
    finally:
        portal.call(timelines.aclose)
        portal.call(zoho.aclose)


def _recognise(progress: TickInProgress, clients: _Clients) -> None:
    """Check credentials that have changed: a run must never write one organisation's chats into another's CRM."""
    ledger, organisation = progress.tick.ledger, progress.tick.organisation_id
    if not recognising.is_known(ledger, organisation, clients.digest):
        progress.call(recognising.recognise, ledger, organisation, clients.digest, clients.timelines, clients.zoho)


def options_of(environment: Environment) -> Options:
    """Read how long a tick's parts may take from the environment."""
    return Options(
        unknown_write_wait=environment.chatledger_unknown_write_wait_seconds,
        http_timeout=environment.chatledger_http_timeout_seconds,
        lease=environment.chatledger_lease_seconds,
        sweep_seconds=environment.chatledger_sweep_seconds,
        timelines_requests=40 + int(SECONDS_OF_REQUESTS * environment.timelines_requests_per_second),
    )


def _begun(
    environment: Environment,
    ledger: Ledger,
    organisation: str,
    clients: _Clients,
    *,
    flow_run_id: str | None,
    kind: str,
    patience: float,
) -> Tick | None:
    begin = partial(
        ticks.begin,
        ledger,
        organisation,
        timelines=clients.timelines,
        zoho=clients.zoho,
        count=clients.count,
        options=options_of(environment),
        record_url=clients.record_url,
        flow_run_id=flow_run_id,
        kind=kind,
    )
    started = time.monotonic()
    while (tick := begin()) is None:
        waited = time.monotonic() - started
        if waited > (environment.chatledger_lease_seconds if _backfill_is_at_work(ledger, organisation) else patience):
            return None
        time.sleep(POLL_SECONDS)
    return tick


def _backfill_is_at_work(ledger: Ledger, organisation: str) -> bool:
    with ledger.reading() as session:
        run = runs.at_work(session, organisation)
    return run is not None and run.kind == "backfill"


async def _keep_lease(tick: Tick) -> None:
    """Renew the lease at a third of its life; once it is lost every further write is refused by the ledger."""
    with suppress(LeaseLost, asyncio.CancelledError):
        while True:
            await asyncio.sleep(tick.options.lease / 3)
            lease.renew(tick.ledger, tick.organisation_id, tick.fence, tick.options.lease)
