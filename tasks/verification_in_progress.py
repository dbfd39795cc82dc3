"""The verification that this process is carrying out: tasks are given its id and find it here, with its event loop."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from blocks.chat_ledger import ChatLedger
from blocks.credentials import credentials_of
from blocks.environment import read_environment
from chatledger.delivery import recognising
from chatledger.delivery import verification as verifications
from chatledger.delivery.verification import Verification
from chatledger.delivery.verifying import end
from chatledger.models import CallCount

Result = TypeVar("Result")


class VerificationInProgress:
    """A verification with the event loop its clients live in."""

    def __init__(self, verification: Verification, portal: BlockingPortal) -> None:
        self.verification = verification
        self._portal = portal

    @property
    def id(self) -> str:
        """The verification's id, which tasks are given."""
        return self.verification.id

    def carry_out(self, move: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Carry out an asynchronous move in the clients' loop and return its result."""
        return self._portal.call(move, self.verification, *arguments)


_in_progress: dict[str, VerificationInProgress] = {}


def verification_in_progress(verification_id: str) -> VerificationInProgress:
    """Return the verification that this process is carrying out under this id."""
    return _in_progress[verification_id]


@contextmanager
def running_verification(
    organisation: str,
    flow_run_id: str | None,
    *,
    start: datetime | None,
    end_of_period: datetime | None,
    repairs: bool,
    trusts_earlier_reads: bool,
) -> Iterator[VerificationInProgress]:
    """Open what a verification needs. It takes no lease: ticks go on beside it. Raises what `verification.begin` does."""
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with start_blocking_portal() as portal:
            count = CallCount()
            credentials = credentials_of(environment, ledger, organisation)
            timelines, zoho = credentials.clients(ledger, count)
            try:
                verification = verifications.begin(
                    ledger, organisation, timelines=timelines, zoho=zoho, count=count, start=start, end=end_of_period,
                    repairs=repairs, trusts_earlier_reads=trusts_earlier_reads, flow_run_id=flow_run_id,
                )  # fmt: skip
                progress = _in_progress[verification.id] = VerificationInProgress(verification, portal)
                try:
                    digest = credentials.digest(ledger)
                    if not recognising.is_known(ledger, organisation, digest):
                        portal.call(recognising.recognise, ledger, organisation, digest, timelines, zoho)
                    yield progress
                except BaseException as error:
                    end(verification, error)
                    raise
                finally:
                    del _in_progress[verification.id]
            finally:
                portal.call(timelines.aclose)
                portal.call(zoho.aclose)
    finally:
        ledger.close()
