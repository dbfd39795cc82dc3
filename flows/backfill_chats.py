"""History from before an activation is brought in, in slices between the ticks; killed or stopped, it goes on where it was."""

from datetime import datetime
from typing import Annotated, Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed
from pydantic import Field

from chatledger.errors import OutsideError
from tasks.history import read_history, show_progress, store_history, trouble_of_slice
from tasks.history_in_progress import HistoryInProgress, reading_history
from tasks.history_requests import wanted_backfill
from tasks.ledger import close_run
from tasks.tick_in_progress import running_tick
from tasks.tick_moves import TASK_RUNNER, write_open_messages

PATIENCE_SECONDS = 600.0
"""Ticks come first; one that takes longer than this is in trouble, and the backfill goes on another time."""


@flow(name="backfill-chats", task_runner=TASK_RUNNER)
def backfill_chats(
    organisation: str = "main",
    since: Annotated[datetime | None, Field(description="First moment whose messages are brought in.")] = None,
    until: Annotated[datetime | None, Field(description="Where it ends; the start of the activation when left out.")] = None,
    chats: Annotated[list[int] | None, Field(description="Only these chats, by TimelinesAI's id; all when left out.")] = None,
    backfill: Annotated[str | None, Field(description="Instead of a range: the backfill to go on with.")] = None,
) -> State[Any]:
    """Bring in the messages of a range of days, note by note, as if the ticks had been running then."""
    backfill_id = wanted_backfill(organisation, since, until, chats, backfill)
    with reading_history(organisation, backfill_id) as history:
        problem = _work_through(organisation, backfill_id, history)
        progress = history.progress
        said = f"{progress.in_words}."
        if problem is None:
            return Completed(message=said)
        history.stop(problem)
        return Failed(message=f"{said} Stopped, to go on when started again: {problem}")


def _work_through(organisation: str, backfill_id: str, history: HistoryInProgress) -> str | None:
    """Read, store and write slice after slice; return why it stopped before its end."""
    artifact, number = show_progress(history.progress, None), 0
    while read_history(backfill_id, number):
        number += 1
        if history.is_switched_off:
            return f"{organisation} is switched off."
        try:
            problem = _write_slice(organisation, backfill_id)
        except OutsideError as error:
            return str(error)
        artifact = show_progress(history.progress, artifact)
        if problem := problem or (str(history.slice.problem) if history.slice.problem else None):
            return problem
    return str(history.slice.problem) if history.slice.problem else None


def _write_slice(organisation: str, backfill_id: str) -> str | None:
    """Store and write what was read; return what troubled it outside."""
    with running_tick(organisation, runtime.flow_run.id, kind="backfill", patience=PATIENCE_SECONDS) as progress:
        if progress is None:
            return "Another run is at work and does not end."
        store_history(progress.id, backfill_id)
        write_open_messages(progress)
        problem = trouble_of_slice(progress.id)
        close_run(progress.id)
        return problem
