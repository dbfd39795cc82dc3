"""Effects of a backfill: history is read from TimelinesAI and stored slice by slice; progress is shown in Prefect."""

from uuid import UUID

from prefect import task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE

from chatledger.delivery import backfilling
from chatledger.errors import NotPermitted
from chatledger.ledger.backfills import Progress
from tasks.history_in_progress import history_in_progress
from tasks.tick_in_progress import tick_in_progress


@task(cache_policy=NO_CACHE, task_run_name="read-history-{number}")
def read_history(backfill_id: str, number: int) -> bool:
    """Read the next slice and keep it in this process; False when there is nothing left to store."""
    _ = number
    return history_in_progress(backfill_id).read()


@task(cache_policy=NO_CACHE, task_run_name="store-history")
def store_history(tick_id: str, backfill_id: str) -> None:
    """Store the slice that was read, under the lease of a run."""
    history, progress = history_in_progress(backfill_id), tick_in_progress(tick_id)
    progress.tick.count.timelines += history.take_requests()
    progress.decide(backfilling.store, backfill_id, history.slice)


def show_progress(progress: Progress, artifact_id: UUID | None) -> UUID:
    """Publish how far a backfill is, without personal data; return the artifact's id."""
    if artifact_id is None:
        made = create_progress_artifact(
            progress=progress.percent, key=f"backfill-{progress.backfill.id}", description=progress.in_words
        )
        return UUID(str(made))
    update_progress_artifact(artifact_id=artifact_id, progress=progress.percent, description=progress.in_words)
    return artifact_id


def trouble_of_slice(tick_id: str) -> str | None:
    """Return why a backfill must not go on after the slice a run has just written, None when it may."""
    tick = tick_in_progress(tick_id).tick
    if tick.problems:
        return str(tick.problems[0])
    try:
        backfilling.enough_credits(tick.zoho.credits_remaining)
    except NotPermitted as error:
        return str(error)
    return None
