"""Runs that a person asks for in the pages: Prefect is asked for them from the process of the pages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from chatledger.web.acts import NotStarted

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

REQUESTED = "requested"
COMMANDS = {"configure-sync": "chatledger activate", "deactivate-sync": "chatledger deactivate"}


async def open_run(organisation: str, flow: str, known: Callable[[str], None]) -> str:
    """Have a flow run once for an organisation, after `known` was given the run's id; return where the run is shown."""
    return await run_in_threadpool(_open_run, organisation, flow, known)


def _open_run(organisation: str, flow: str, known: Callable[[str], None]) -> str:
    from prefect.states import Pending, Scheduled

    with asking_prefect(COMMANDS[flow]) as client:
        deployment = client.read_deployment_by_name(f"{flow}/{organisation}")
        # Only what is scheduled is begun, and it asks at once who opened it.
        run = client.create_flow_run_from_deployment(deployment.id, state=Pending(), tags=[REQUESTED])
        known(str(run.id))
        client.set_flow_run_state(run.id, Scheduled())
        return f"{prefect_pages()}/runs/flow-run/{run.id}"


def prefect_pages() -> str | None:
    """Return where Prefect's pages are, without a slash at the end; None where no Prefect server is set."""
    from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL

    given, api = PREFECT_UI_URL.value(), PREFECT_API_URL.value()
    return (given or (api or "").removesuffix("/").removesuffix("/api")).removesuffix("/") or None


@contextmanager
def asking_prefect(command: str) -> Iterator["SyncPrefectClient"]:
    """Give a client of Prefect's API; what goes wrong is raised as NotStarted, naming the command that does the same."""
    from httpx import HTTPError
    from prefect.client.orchestration import get_client
    from prefect.exceptions import ObjectNotFound, PrefectException

    if prefect_pages() is None:
        raise NotStarted(f"No Prefect server is set here: start `chatledger serve`, or use `{command}`.")
    try:
        with get_client(sync_client=True) as client:
            yield client
    except ObjectNotFound:
        raise NotStarted(f"Nothing carries this out here: start `chatledger serve`, or use `{command}`.") from None
    except (PrefectException, HTTPError, RuntimeError, ValueError) as error:
        raise NotStarted(
            f"Prefect could not be asked for a run ({type(error).__name__}); try again, or use `{command}`."
        ) from error
