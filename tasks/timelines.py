"""Effects on TimelinesAI: it is only ever read."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from chatledger.delivery.pull import pull
from tasks.tick_in_progress import tick_in_progress


@task(cache_policy=NO_CACHE, task_run_name="pull-messages")
def pull_messages(tick_id: str) -> None:
    """Bring the ledger up to what TimelinesAI holds. Reads are repeated by the client, so this task is not."""
    tick_in_progress(tick_id).carry_out(pull)
