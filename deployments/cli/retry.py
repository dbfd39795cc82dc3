"""`chatledger retry`: have messages that are not in Zoho tried again at once; the last line of stdout is JSON."""

import json
from typing import Annotated

import typer

from blocks.environment import read_environment
from chatledger.counting import counted
from chatledger.delivery import retrying
from chatledger.delivery.closing import empty_summary
from chatledger.delivery.retrying import RetriedReason, Wanted
from chatledger.ledger import retries, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Run
from chatledger.models import Outcome
from deployments.cli import flow_runs, trail
from deployments.cli.connections import open_ledger
from deployments.cli.screen import console, facts
from deployments.embedded_prefect import embedded_prefect

Counts = dict[str, int]


def retry(
    reason: Annotated[
        list[RetriedReason] | None, typer.Option("--reason", help="Everything held back for this reason; may be repeated.")
    ] = None,
    message: Annotated[
        list[str] | None, typer.Option("--message", metavar="UID", help="One message, by its uid; may be repeated.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="What a run left, by its id or the beginning of it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how many messages that would be and change nothing.")
    ] = False,
) -> None:
    """Try parked and waiting messages again, and run a tick."""
    environment = read_environment()
    organisation = environment.chatledger_organisation
    reasons = [code.value for code in reason or []]
    with open_ledger(environment) as ledger:
        flow_runs.refuse_unless_active(environment, ledger)
        wanted = retrying.wanted(ledger, organisation, reasons=reasons, uids=message or [], run=run)
        if dry_run:
            _show_wanted(ledger, organisation, wanted)
            return
    with embedded_prefect(environment.home):
        flow_run_id, error = _retried(organisation, reasons, message or [], run)
    with open_ledger(environment) as ledger, ledger.reading() as session:
        done = runs.of_flow_run(session, organisation, flow_run_id)
        counts = _counts(retries.of_run(session, organisation, done.id) if done else {})
    if done:
        with open_ledger(environment) as ledger:
            trail.write_down(ledger, organisation, "retried", "run", done.id, details={"messages": counts["messages"]})
    _show(done, counts)
    print(json.dumps(flow_runs.summary(done, error) | {"retried": counts}))
    raise typer.Exit(flow_runs.exit_code(done, error))


def _retried(organisation: str, reasons: list[str], uids: list[str], run: str | None) -> tuple[str, BaseException | None]:
    from flows.retry_messages import retry_messages

    given = [RetriedReason(code) for code in reasons]
    return flow_runs.ended(retry_messages(organisation, given or None, uids or None, run, return_state=True))


def _counts(became: Counts) -> Counts:
    """Name outcomes as the summary does, where parked messages are called failed."""
    named = {"synced": Outcome.SYNCED, "skipped": Outcome.SKIPPED, "failed": Outcome.PARKED, "pending": Outcome.PENDING}
    return {"messages": became.get("messages", 0)} | {name: became.get(outcome, 0) for name, outcome in named.items()}


def _show_wanted(ledger: Ledger, organisation: str, wanted: Wanted) -> None:
    with ledger.reading() as session:
        rows = wanted.rows(session, organisation)
    by_reason: Counts = {}
    for row in rows:
        by_reason[f"{row.outcome} {row.reason}"] = by_reason.get(f"{row.outcome} {row.reason}", 0) + 1
    console().print(f"Would try {counted(len(rows), 'message')} again; nothing was changed.")
    console().print(facts((name, str(count)) for name, count in sorted(by_reason.items())))
    print(json.dumps(empty_summary() | {"dry_run": True, "retried": _counts({"messages": len(rows)})}))


def _show(run: Run | None, counts: Counts) -> None:
    if run is None:
        console().print("Another run is at work for this organisation; nothing was tried again. Call once more.")
        return
    if not counts["messages"]:
        console().print("Nothing to try again: no such message is held back.")
        return
    became = ", ".join(f"{number} {name}" for name, number in counts.items() if name != "messages")
    console().print(f"Tried {counted(counts['messages'], 'message')} again: {became}.")
    if counts["failed"] or counts["pending"]:
        console().print(f"`chatledger log --run {run.id[:6]}` shows why messages are still held back.")
