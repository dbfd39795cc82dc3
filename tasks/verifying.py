"""Effects of a verification: everything is read, nothing but the ledger is written."""

from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from chatledger.delivery import closing, verifying, verifying_index, verifying_repairs
from chatledger.ledger import verifications
from tasks.tick_in_progress import running_tick
from tasks.verification_in_progress import verification_in_progress

REPAIR_PATIENCE_SECONDS = 120.0
"""How long a repair waits for the tick at work; a tick takes seconds."""


@task(cache_policy=NO_CACHE, task_run_name="compare-index")
def compare_index(verification_id: str) -> None:
    """Compare the whole phone index with Zoho. Reads are repeated by the client, so no task here is."""
    verification_in_progress(verification_id).carry_out(verifying_index.compare_index)


@task(cache_policy=NO_CACHE, task_run_name="find-chats")
def find_chats(verification_id: str) -> list[list[int]]:
    """Return the chats to compare, in batches."""
    return verification_in_progress(verification_id).carry_out(verifying.find_chats)


@task(cache_policy=NO_CACHE, task_run_name="verify-chats-{batch}")
def verify_chats(verification_id: str, chat_ids: list[int], batch: int) -> None:
    """Compare a batch of chats in all three systems."""
    _ = batch
    verification_in_progress(verification_id).carry_out(verifying.verify_chats, chat_ids)


@task(cache_policy=NO_CACHE, task_run_name="pull-again")
def pull_again(verification_id: str, organisation: str, flow_run_id: str | None) -> None:
    """Pull the chats again that the ledger lacks messages of; what cannot be pulled stays a finding."""
    verification = verification_in_progress(verification_id).verification
    with running_tick(organisation, flow_run_id, kind="repair", patience=REPAIR_PATIENCE_SECONDS) as progress:
        if progress is not None:
            chat_ids = sorted(verification.to_pull)
            progress.carry_out(verifying_repairs.pull_again, verification_id, chat_ids, verification.listed)
            progress.decide(closing.end)


@task(cache_policy=NO_CACHE, task_run_name="close-verification")
def close_verification(verification_id: str) -> dict[str, Any]:
    """Write totals and end state down, publish the counts, and return the summary."""
    verification = verification_in_progress(verification_id).verification
    row = verifying.end(verification)
    with verification.ledger.reading() as session:
        counted = verifications.found_by_kind(session, row.id)
    create_table_artifact(
        table=verifying.as_table(row, counted), key="verification", description="Where every message of the period stands."
    )
    return verifying.summary_of(row, counted)
