"""The history that this process is reading: tasks are given the backfill's id and find the reader here.

What was read stays in memory until it is stored: message texts are no results of tasks.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from anyio.from_thread import BlockingPortal, start_blocking_portal

from blocks.chat_ledger import ChatLedger
from blocks.credentials import credentials_of
from blocks.environment import Environment, read_environment
from chatledger.delivery import backfill_requests
from chatledger.delivery.backfilling import SHARE_OF_RATE, HistoryReader, Slice
from chatledger.ledger import backfills, lease, organisations
from chatledger.ledger.backfills import Progress
from chatledger.ledger.database import Ledger
from chatledger.models import CallCount

BURST = 5
LONGEST_WAIT_SECONDS = 120.0
POLL_SECONDS = 0.5


class HistoryInProgress:
    """A reader with the event loop its client lives in, and the slice it read last."""

    def __init__(self, reader: HistoryReader, portal: BlockingPortal) -> None:
        self.slice = Slice()
        self._reader = reader
        self._portal = portal
        self._requests_counted = 0

    def read(self) -> bool:
        """Read the next slice; False when it is empty."""
        self.slice = self._portal.call(self._reader.read_slice)
        return not self.slice.is_empty

    def take_requests(self) -> int:
        """Return the requests made since this was last asked."""
        made = self._reader.count.timelines - self._requests_counted
        self._requests_counted += made
        return made

    @property
    def progress(self) -> Progress:
        """How far the backfill is."""
        with self._reader.ledger.reading() as session:
            return backfills.progress(session, self._reader.backfill_id)

    @property
    def is_switched_off(self) -> bool:
        """Whether the organisation was deactivated meanwhile."""
        with self._reader.ledger.reading() as session:
            return not organisations.get(session, self._reader.organisation_id).active

    def stop(self, problem: str) -> None:
        """Write down why the backfill goes on another time."""
        backfill_requests.stopped(self._reader.ledger, self._reader.backfill_id, problem)


_in_progress: dict[str, HistoryInProgress] = {}


def history_in_progress(backfill_id: str) -> HistoryInProgress:
    """Return the history that this process is reading for a backfill."""
    return _in_progress[backfill_id]


@contextmanager
def reading_history(organisation: str, backfill_id: str) -> Iterator[HistoryInProgress]:
    """Open what reading the history of a backfill needs; it takes no lease and gives way to whoever holds it."""
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with start_blocking_portal() as portal:
            reader = _reader(environment, ledger, organisation, backfill_id)
            _in_progress[backfill_id] = HistoryInProgress(reader, portal)
            try:
                yield _in_progress[backfill_id]
            finally:
                del _in_progress[backfill_id]
                portal.call(reader.timelines.aclose)
    finally:
        ledger.close()


def _reader(environment: Environment, ledger: Ledger, organisation: str, backfill_id: str) -> HistoryReader:
    count = CallCount()
    workspace = credentials_of(environment, ledger, organisation).timelines
    slower = workspace.model_copy(update={"requests_per_second": workspace.requests_per_second * SHARE_OF_RATE})

    async def give_way() -> None:
        waited = 0.0
        while waited < LONGEST_WAIT_SECONDS and lease.is_held(ledger, organisation):
            await asyncio.sleep(POLL_SECONDS)
            waited += POLL_SECONDS

    return HistoryReader(ledger, slower.get_client(count, burst=BURST), count, organisation, backfill_id, give_way)
