"""The tick that this process is running: tasks are given its id, never a live object, and find it here.

Mapped tasks run in threads while the clients belong to one event loop; every move is carried out in that loop.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from blocks.chat_ledger import ChatLedger
from blocks.environment import Environment, read_environment
from blocks.timelines_workspace import TimelinesWorkspace
from blocks.zoho_connection import ZohoConnection
from chatledger.delivery import closing
from chatledger.delivery import tick as ticks
from chatledger.delivery.tick import Options, Tick
from chatledger.errors import LeaseLost
from chatledger.ledger import lease
from chatledger.ledger.database import Ledger
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount

Result = TypeVar("Result")
SECONDS_OF_REQUESTS = 600


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

    def carry_out(self, move: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Carry out an asynchronous move in the tick's loop and return its result."""
        return self._portal.call(move, self.tick, *arguments)

    def decide(self, move: Callable[..., Result], *arguments: Any) -> Result:
        """Carry out a move that asks no outside system, in the tick's loop as well: moves never overlap half-way."""

        async def decided() -> Result:
            return move(self.tick, *arguments)

        return self._portal.call(decided)


_in_progress: dict[str, TickInProgress] = {}


def tick_in_progress(tick_id: str) -> TickInProgress:
    """Return the tick that this process is running under this id."""
    return _in_progress[tick_id]


@contextmanager
def running_tick(organisation: str, flow_run_id: str | None) -> Iterator[TickInProgress | None]:
    """Run a tick for an organisation: lease taken and kept, clients open. Yields None when another run is at work."""
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with start_blocking_portal() as portal, TemporaryDirectory(prefix="chatledger-results-") as results:
            tick = _begun(environment, ledger, organisation, flow_run_id)
            if tick is None:
                yield None
                return
            renewal = portal.start_task_soon(_keep_lease, tick)
            progress = _in_progress[tick.run_id] = TickInProgress(tick, portal, Path(results))
            try:
                yield progress
            except BaseException as error:
                closing.give_up(tick, error)
                raise
            finally:
                renewal.cancel()
                del _in_progress[tick.run_id]
                portal.call(tick.timelines.aclose)
                portal.call(tick.zoho.aclose)
    finally:
        ledger.close()


def options_of(environment: Environment) -> Options:
    """Read how long a tick's parts may take from the environment."""
    return Options(
        unknown_write_wait=environment.chatledger_unknown_write_wait_seconds,
        http_timeout=environment.chatledger_http_timeout_seconds,
        lease=environment.chatledger_lease_seconds,
        timelines_requests=40 + int(SECONDS_OF_REQUESTS * environment.timelines_requests_per_second),
    )


def _begun(environment: Environment, ledger: Ledger, organisation: str, flow_run_id: str | None) -> Tick | None:
    count = CallCount()
    connection = ZohoConnection.from_environment(environment)
    return ticks.begin(
        ledger,
        organisation,
        timelines=TimelinesWorkspace.from_environment(environment).get_client(count),
        zoho=connection.get_client(count, LedgerTokenStore(ledger, organisation, credentials=connection.credentials)),
        count=count,
        options=options_of(environment),
        record_url=connection.record_url,
        flow_run_id=flow_run_id,
    )


async def _keep_lease(tick: Tick) -> None:
    """Renew the lease at a third of its life; once it is lost every further write is refused by the ledger."""
    with suppress(LeaseLost, asyncio.CancelledError):
        while True:
            await asyncio.sleep(tick.options.lease / 3)
            lease.renew(tick.ledger, tick.organisation_id, tick.fence, tick.options.lease)
