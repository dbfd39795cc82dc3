"""One tick: new WhatsApp messages become Zoho records and daily notes, and every message gets an outcome.

A retry, a second scheduler or a kill at any point loses nothing and repeats nothing: the ledger is the memory, Prefect's
results are not.
"""

from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.ledger import close_run
from tasks.tick_in_progress import running_tick
from tasks.tick_moves import TASK_RUNNER, end_state, write_open_messages
from tasks.timelines import pull_messages


@flow(name="sync-chats", task_runner=TASK_RUNNER)
def sync_chats(organisation: str = "main") -> State[Any]:
    """Run one tick for an organisation; does nothing while another run is at work."""
    with running_tick(organisation, runtime.flow_run.id) as progress:
        if progress is None:
            return Completed(name="Busy", message="Another run is at work for this organisation.")
        pull_messages(progress.id)
        write_open_messages(progress)
        return end_state(*close_run(progress.id))
