"""Messages that are not in Zoho are tried again, by reason, by uid or by the run that left them; the rest is a tick."""

from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import Field

from chatledger.delivery.retrying import RetriedReason
from tasks.ledger import close_run, open_again, write_down_retry
from tasks.tick_in_progress import running_tick
from tasks.tick_moves import TASK_RUNNER, end_state, write_open_messages
from tasks.timelines import pull_messages

PATIENCE_SECONDS = 120.0
"""A person asked: a tick that is at work is waited for."""


@flow(name="retry-messages", task_runner=TASK_RUNNER)
def retry_messages(
    organisation: str = "main",
    reasons: Annotated[list[RetriedReason] | None, Field(description="Everything held back for these reasons.")] = None,
    messages: Annotated[list[str] | None, Field(description="Or the messages with these uids.")] = None,
    run: Annotated[str | None, Field(description="Or what this run of the sync log left, by its id.")] = None,
) -> State[Any]:
    """Open messages again and run a tick. Give exactly one of reasons, messages and run."""
    with running_tick(organisation, runtime.flow_run.id, kind="retry", patience=PATIENCE_SECONDS) as progress:
        if progress is None:
            return Completed(name="Busy", message="Another run is at work for this organisation; nothing was opened again.")
        opened = open_again(progress.id, [str(reason) for reason in reasons or []], messages or [], run)
        pull_messages(progress.id)
        write_open_messages(progress)
        state, totals = close_run(progress.id)
        write_down_retry(progress.id, opened)
        return end_state(state, totals)
