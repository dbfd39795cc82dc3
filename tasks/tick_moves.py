"""The moves that every run makes behind its pull: open messages are resolved and written, and the run is closed.

A tick, a retry and a slice of a backfill differ in what they open; what becomes of open messages is decided in one way.
"""

from typing import Any

from prefect import unmapped
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture, PrefectFutureList
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from chatledger.delivery import attaching, notes, records, resolving, settling
from chatledger.errors import OutsideError
from tasks.ledger import match_chats
from tasks.tick_in_progress import TickInProgress
from tasks.zoho import (
    create_records,
    look_at_refused_parents,
    look_up_owners,
    read_index_changes,
    settle_writes,
    upload_attachments,
    write_notes,
)

TASK_RUNNER: TaskRunner[PrefectFuture[Any]] = ThreadPoolTaskRunner(max_workers=8)  # type: ignore[assignment]  # narrower
ROUNDS = 4
"""A record may turn out deleted and the next one converted: after that many rounds the rest waits for the next run."""


def write_open_messages(progress: TickInProgress) -> None:
    """Settle what is unconfirmed, then resolve and write every open message of the ledger, files included."""
    if progress.decide(settling.due):
        settle_writes(progress.id)
    batches = progress.decide(resolving.triage)
    if batches and _all_well(progress, read_index_changes.map([progress.id])):
        _resolve_and_write(progress, batches)
    if progress.decide(attaching.any_waiting):
        upload_attachments(progress.id)
        _resolve_and_write(progress, progress.decide(resolving.again))


def _resolve_and_write(progress: TickInProgress, batches: list[list[int]]) -> None:
    """Match, create and write, and once more for whatever turned out to be gone or converted meanwhile."""
    for _ in range(ROUNDS):
        if not batches:
            return
        _all_well(progress, match_chats.map(unmapped(progress.id), batches, range(len(batches))))
        if wanted := progress.decide(records.creation_batches):
            _create(progress, wanted)
        planned = progress.decide(notes.plan, [chat for batch in batches for chat in batch])
        _all_well(progress, write_notes.map(unmapped(progress.id), range(planned)))
        if progress.decide(notes.any_doubted):
            _all_well(progress, look_at_refused_parents.map([progress.id]))
        batches = progress.decide(resolving.again)


def _create(progress: TickInProgress, batches: list[list[int]]) -> None:
    """Look up who will own the new records, then create them."""
    owners = look_up_owners.with_options(result_storage=progress.results).map([progress.id], [batches])
    if _all_well(progress, owners):
        [owner_of] = owners.result()
        _all_well(progress, create_records.map(unmapped(progress.id), batches, unmapped(owner_of), range(len(batches))))


def _all_well(progress: TickInProgress, futures: PrefectFutureList[Any]) -> bool:
    """Wait for mapped tasks; trouble outside is remembered and the run goes on without them, a bug ends it."""
    futures.wait()
    errors = [future.result(raise_on_failure=False) for future in futures if future.state.is_failed()]
    for error in errors:
        if not isinstance(error, OutsideError):
            raise error
        progress.tick.met(error)
    return not errors


def end_state(state: str, totals: dict[str, Any]) -> State[Any]:
    """Return the end state of a flow run from its ledger run's: degraded is a completion, and is named."""
    counts = ", ".join(f"{number} {name}" for name, number in totals["messages"].items())
    match state:
        case "failed":
            return Failed(message=f"Nothing could be done: {counts}.")
        case "degraded":
            return Completed(name="Degraded", message=f"Something is missing: {counts}.")
        case _:
            return Completed(message=f"All good: {counts}.")
