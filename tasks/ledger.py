"""Effects on the ledger alone."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from chatledger.delivery import closing, resolving
from tasks.tick_in_progress import tick_in_progress


@task(cache_policy=NO_CACHE, task_run_name="match-chats-{batch}")
def match_chats(tick_id: str, chat_ids: list[int], batch: int) -> None:
    """Decide for a batch of chats which record each belongs to."""
    _ = batch
    tick_in_progress(tick_id).decide(resolving.match, chat_ids)


@task(cache_policy=NO_CACHE, task_run_name="close-run")
def close_run(tick_id: str) -> tuple[str, dict[str, Any]]:
    """Write the run's totals and end state down and publish them, without personal data, where anything happened."""
    progress = tick_in_progress(tick_id)
    progress.decide(closing.postpone_rest)
    links = progress.decide(closing.created_record_links)
    state, totals = progress.decide(closing.end)
    if totals["messages"]["seen"] or state != "completed":
        create_table_artifact(table=closing.as_table(state, totals), key="sync-run", description="What this run did.")
    if links:
        create_markdown_artifact(markdown="\n".join(links), key="created-records", description="Records this run created.")
    return state, totals
