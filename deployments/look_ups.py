"""Look-ups for the pages: each with the clients of whoever asks, and accompanied by a flow run that an operator can see.

The page waits for the look-up alone. Its flow run is made beside it, in a thread of its own; while Prefect is down, slow or
not there, look-ups go on without one.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context

from chatledger.errors import ChatledgerError
from chatledger.models import ChatsOfRecord, RecordRef
from tasks.looking_up import Counts, counts_of, standing_for

RUNS_AT_ONCE = 2
MOST_WAITING = 40
PAUSE_AFTER_FAILURE_SECONDS = 30.0

log = logging.getLogger(__name__)


class AccompaniedLookUps:
    """Gives look-ups their flow runs; `prefect_is_set` says whether there is a Prefect API to make them in."""

    def __init__(self, organisation: str, prefect_is_set: Callable[[], bool]) -> None:
        self._organisation = organisation
        self._prefect_is_set = prefect_is_set
        self._threads = ThreadPoolExecutor(RUNS_AT_ONCE, thread_name_prefix="look-up-runs")
        self._waiting = 0
        self._pause_until = 0.0

    async def accompany(self, record: RecordRef, look_up: "asyncio.Future[ChatsOfRecord]") -> ChatsOfRecord:
        """Return what a look-up finds; its flow run learns only the counts, or the sentence of its failure."""
        outcome: Future[Counts] = Future()
        self._start_run(record, outcome)
        try:
            found = await look_up
        except ChatledgerError as error:
            outcome.set_exception(error)
            raise
        except BaseException:
            outcome.set_exception(ChatledgerError("The look-up was broken off."))
            raise
        outcome.set_result(counts_of(found))
        return found

    def close(self) -> None:
        """Begin no more runs."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start_run(self, record: RecordRef, outcome: Future[Counts]) -> None:
        if self._waiting >= MOST_WAITING or time.monotonic() < self._pause_until or not self._prefect_is_set():
            return
        self._waiting += 1
        run = self._threads.submit(copy_context().run, self._run, record, outcome)
        run.add_done_callback(self._done)

    def _done(self, _run: Future[None]) -> None:
        self._waiting -= 1

    def _run(self, record: RecordRef, outcome: Future[Counts]) -> None:
        from flows.look_up_chats import look_up_chats

        try:
            with standing_for(outcome):
                look_up_chats(record.module, record.id, self._organisation, return_state=True)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with Prefect, the page has its look-up already
            self._pause_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            log.warning(
                "Look-ups go on without flow runs for %d seconds: %s", PAUSE_AFTER_FAILURE_SECONDS, type(error).__name__
            )


def prefect_is_set() -> bool:
    """Say whether a Prefect API is set; without one Prefect would start a server of its own."""
    from prefect.settings import PREFECT_API_URL

    return bool(PREFECT_API_URL.value())
