"""Effects on the ledger alone."""

from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from chatledger.delivery import alarms, closing, resolving, retrying
from tasks.alarms import tell_of_tick
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
    wrong = progress.decide(alarms.alarms)
    state, totals = progress.decide(closing.end)
    tell_of_tick(progress.tick.organisation_id, state, wrong)
    if totals["messages"]["seen"] or state != "completed":
        create_table_artifact(table=closing.as_table(state, totals), key="sync-run", description="What this run did.")
    if links:
        create_markdown_artifact(markdown="\n".join(links), key="created-records", description="Records this run created.")
    return state, totals


@task(cache_policy=NO_CACHE, task_run_name="open-again")
def open_again(tick_id: str, reasons: list[str], uids: list[str], run: str | None) -> list[int]:
    """Open held back messages again and return their ledger ids. Raises UsageError for what nothing can be done about."""
    progress = tick_in_progress(tick_id)
    wanted = retrying.wanted(progress.tick.ledger, progress.tick.organisation_id, reasons=reasons, uids=uids, run=run)
    return progress.carry_out(retrying.reopen, wanted)


@task(cache_policy=NO_CACHE, task_run_name="write-down-retry")
def write_down_retry(tick_id: str, opened: list[int]) -> dict[str, int]:
    """Add to the history what became of the messages that were tried again, and publish the counts."""
    counts = tick_in_progress(tick_id).decide(retrying.write_down, opened)
    rows = [
        {"what": f"messages {name}" if name != "messages" else "messages tried again", "number": number}
        for name, number in counts.items()
    ]
    create_table_artifact(table=rows, key="retry", description="What became of the messages that were tried again.")
    return counts
