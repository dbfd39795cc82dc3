"""What commands that run a flow share: who may run one, how it ended, its summary and exit code."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from blocks.environment import Environment
from chatledger.delivery import recognising
from chatledger.delivery.closing import empty_summary, summary_of
from chatledger.errors import ChatledgerError, UsageError
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Run
from deployments.cli.connections import credentials_hash, open_clients

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


def refuse_unless_active(environment: Environment, ledger: Ledger) -> None:
    """Raise UsageError unless the organisation is switched on and the tokens belong to the systems it is bound to.

    Raises OutsideError when changed tokens cannot be checked.
    """
    digest = credentials_hash(environment, ledger)
    recognising.active(ledger, environment.chatledger_organisation)
    _refuse_another_pair(environment, ledger, digest)


def refuse_changed_pair(environment: Environment, ledger: Ledger) -> None:
    """Raise UsageError unless the tokens belong to the systems the organisation is bound to; OutsideError as above."""
    recognising.activated(ledger, environment.chatledger_organisation)
    _refuse_another_pair(environment, ledger, credentials_hash(environment, ledger))


def _refuse_another_pair(environment: Environment, ledger: Ledger, digest: str) -> None:
    if not recognising.is_known(ledger, environment.chatledger_organisation, digest):
        asyncio.run(_recognise(environment, ledger, digest))


async def _recognise(environment: Environment, ledger: Ledger, digest: str) -> None:
    async with open_clients(environment, ledger) as clients:
        await recognising.recognise(ledger, environment.chatledger_organisation, digest, clients.timelines, clients.zoho)


def ended(state: "State[Any]") -> tuple[str, BaseException | None]:
    """Return the flow run's id, and the error it ended with."""
    if not (state.is_failed() or state.is_crashed()):
        return str(state.state_details.flow_run_id), None
    failure = state.result(raise_on_failure=False)
    error = failure if isinstance(failure, BaseException) else ChatledgerError(state.message or "The run failed.")
    return str(state.state_details.flow_run_id), error


@contextmanager
def summary_of_nothing(*, dry_run: bool = False) -> Iterator[None]:
    """Print the summary of a run that could not begin, because a system or Prefect cannot be reached; wrong use has none."""
    try:
        yield
    except UsageError:
        raise
    except (ChatledgerError, RuntimeError):
        print(json.dumps(empty_summary() | ({"dry_run": True} if dry_run else {})))
        raise


def summary(run: Run | None, error: BaseException | None) -> dict[str, Any]:
    """Return the summary of a run; without one it never began, because it failed before or another one was at work."""
    if run is not None:
        return summary_of(run)
    return empty_summary() | ({} if error else {"busy": True})


def exit_code(run: Run | None, error: BaseException | None) -> int:
    """Return 0 when the run did its job or found another one at work, else say why not and return 1."""
    if run is None and error is None:
        return 0
    if run is None or run.trouble_outside or run.state not in ("completed", "degraded"):
        print(f"chatledger: {run.problem if run and run.problem else error}", file=sys.stderr)
        return 1
    return 0
