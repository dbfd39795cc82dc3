"""Effects on Zoho CRM, each retryable: what was done is not done again, because every task works from the ledger."""

import hashlib

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TaskRunContext

from chatledger.delivery import attaching, index_reading, notes, records, settling
from tasks.retrying import worth_retrying
from tasks.tick_in_progress import tick_in_progress

WRITE_RETRIES = 2
RETRY_DELAYS: list[float] = [2, 8]


@task(cache_policy=NO_CACHE, task_run_name="settle-writes")
def settle_writes(tick_id: str) -> None:
    """Look up the writes that have no trustworthy answer and have waited long enough."""
    tick_in_progress(tick_id).carry_out(settling.settle)


@task(cache_policy=NO_CACHE, task_run_name="read-index-changes")
def read_index_changes(tick_id: str) -> None:
    """Bring the phone index up to date. Reads are repeated by the client, so this task is not."""
    tick_in_progress(tick_id).carry_out(index_reading.bring_up_to_date)


def _attempt_of_run(context: TaskRunContext, parameters: dict[str, object]) -> str:
    """Tell the attempts of a flow run apart: a retry sees today's owners, not those of its first try."""
    chats = hashlib.sha256(str(parameters["batches"]).encode()).hexdigest()
    return f"owners-{context.task_run.flow_run_id}-{parameters['tick_id']}-{chats}"


@task(cache_key_fn=_attempt_of_run, persist_result=True, result_serializer="json", task_run_name="look-up-owners")
def look_up_owners(tick_id: str, batches: list[list[int]]) -> dict[str, str]:
    """Return the Zoho user id that will own the record made from each chat id; it cannot change within a run."""
    progress = tick_in_progress(tick_id)
    progress.carry_out(records.refresh_metadata)
    chat_ids = [chat_id for batch in batches for chat_id in batch]
    return {str(chat_id): owner for chat_id, owner in progress.decide(records.owners, chat_ids).items()}


@task(
    cache_policy=NO_CACHE,
    retries=WRITE_RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_jitter_factor=1,
    retry_condition_fn=worth_retrying,
    task_run_name="create-records-{batch}",
)
def create_records(tick_id: str, chat_ids: list[int], owners: dict[str, str], batch: int) -> None:
    """Create up to 100 records."""
    _ = batch
    owner_of = {int(chat_id): owner for chat_id, owner in owners.items()}
    tick_in_progress(tick_id).carry_out(records.create, chat_ids, owner_of)


@task(
    cache_policy=NO_CACHE,
    retries=WRITE_RETRIES,
    retry_delay_seconds=RETRY_DELAYS,
    retry_jitter_factor=1,
    retry_condition_fn=worth_retrying,
    task_run_name="write-notes-{batch}",
)
def write_notes(tick_id: str, batch: int) -> None:
    """Write up to 100 notes, the batch that was planned under this number."""
    tick_in_progress(tick_id).carry_out(notes.write_batch, batch)


@task(cache_policy=NO_CACHE, task_run_name="look-at-refused-parents")
def look_at_refused_parents(tick_id: str) -> None:
    """Find out what became of records that would not take a note."""
    tick_in_progress(tick_id).carry_out(notes.look_at_doubted_parents)


@task(cache_policy=NO_CACHE, task_run_name="upload-attachments")
def upload_attachments(tick_id: str) -> None:
    """Upload the files of new messages; chats whose notes must name one that could not be are resolved again."""
    tick_in_progress(tick_id).carry_out(attaching.attach)
