"""The nightly audit: TimelinesAI, the ledger and Zoho are compared, and what is ours to repair is repaired.

It is the place for everything that is too slow for the tick of the minute: each kind of check is a task of its own between the
comparison and the close, so that one that fails leaves the others standing.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.quality import check_expectations
from tasks.verification_in_progress import running_verification
from tasks.verifying import close_verification, compare_index, find_chats, pull_again, verify_chats


@flow(name="audit-ledger")
def audit_ledger(
    organisation: str = "main",
    days: int | None = 7,
    start: datetime | None = None,
    end: datetime | None = None,
    repair: bool = True,
    quick: bool = True,
) -> State[Any]:
    """Verify the messages of the last `days` days, or of the time from `start` to `end`; without either all that count.

    `quick` does not read long notes again that neither side says to have changed since they were last found as written.
    """
    since = start or (datetime.now(UTC) - timedelta(days=days) if days else None)
    flow_run_id = runtime.flow_run.id
    with running_verification(
        organisation, flow_run_id, start=since, end_of_period=end, repairs=repair, trusts_earlier_reads=quick
    ) as progress:
        compare_index(progress.id)
        for number, batch in enumerate(find_chats(progress.id)):
            verify_chats(progress.id, batch, number)
        if progress.verification.repairs and progress.verification.to_pull:
            pull_again(progress.id, organisation, flow_run_id)
        unmet = check_expectations(progress.id)
        return _end_state(close_verification(progress.id), unmet)


def _end_state(summary: dict[str, Any], unmet: list[str]) -> State[Any]:
    counts = f"{summary['messages']['total']} messages in {summary['chats']} chats, {summary['left']} findings left"
    if unmet and summary["state"] != "failed":
        return Completed(name="Degraded", message=f"Not as expected: {' '.join(unmet)} {counts}.")
    match summary["state"]:
        case "failed":
            return Failed(message=f"The verification broke off: {counts}.")
        case "findings" | "incomplete" as state:
            return Completed(name="Degraded", message=f"{state.capitalize()}: {counts}.")
        case _:
            return Completed(message=f"All accounted for: {counts}.")
