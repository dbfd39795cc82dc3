"""`chatledger sync`: one tick; the last line of stdout is its summary as JSON."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from blocks.environment import Environment, read_environment
from chatledger.delivery.activation import same_pair
from chatledger.delivery.closing import empty_summary, summary_of
from chatledger.errors import OutsideError, UsageError
from chatledger.ledger import organisations, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Run
from deployments.cli import report
from deployments.cli.connections import activated, credentials_hash, open_clients, open_ledger
from deployments.cli.dry_run import dry_run as plan_only
from deployments.embedded_prefect import embedded_prefect


def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what a tick would do and write nothing anywhere.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary alone.")] = False,
) -> None:
    """Run one tick."""
    environment = read_environment()
    with open_ledger(environment) as ledger:
        try:
            _refuse_unless_active(environment, ledger)
        except OutsideError:
            print(json.dumps(empty_summary() | ({"dry_run": True} if dry_run else {})))
            raise
        if dry_run:
            raise typer.Exit(plan_only(environment, ledger, as_json=as_json))
    with embedded_prefect(environment.home):
        flow_run_id, error = _tick(environment.chatledger_organisation)
    with open_ledger(environment) as ledger:
        with ledger.reading() as session:
            run = runs.of_flow_run(session, environment.chatledger_organisation, flow_run_id)
        summary = _summary(run, error)
        if not as_json:
            report.tick(ledger, run, summary)
    print(json.dumps(summary))
    raise typer.Exit(_exit_code(run, error))


def _refuse_unless_active(environment: Environment, ledger: Ledger) -> None:
    organisation = activated(ledger, environment.chatledger_organisation)
    if not organisation.active:
        raise UsageError(f"{organisation.id} is switched off: `chatledger activate --settings FILE` switches it on.")
    digest = credentials_hash(environment, ledger)
    if organisation.credentials_hash != digest:
        asyncio.run(_check_pair(environment, ledger))
        with ledger.transaction() as session:
            organisation = organisations.get(session, environment.chatledger_organisation)
            organisation.credentials_hash = digest


async def _check_pair(environment: Environment, ledger: Ledger) -> None:
    """Make sure that changed tokens still belong to the pair of systems this ledger is bound to."""
    async with open_clients(environment, ledger) as clients:
        await same_pair(ledger, environment.chatledger_organisation, clients.timelines, clients.zoho)


def _tick(organisation: str) -> tuple[str, BaseException | None]:
    from flows.sync_chats import sync_chats

    state = sync_chats(organisation, return_state=True)
    flow_run_id = str(state.state_details.flow_run_id)
    failure = state.result(raise_on_failure=False) if state.is_failed() or state.is_crashed() else None
    return flow_run_id, failure if isinstance(failure, BaseException) else None


def _summary(run: Run | None, error: BaseException | None) -> dict[str, Any]:
    if run is not None:
        return summary_of(run)
    return empty_summary() | ({} if error else {"busy": True})


def _exit_code(run: Run | None, error: BaseException | None) -> int:
    if run is None and error is None:
        return 0
    if run is None or run.trouble_outside or run.state not in ("completed", "degraded"):
        print(f"chatledger: {run.problem if run and run.problem else error}", file=sys.stderr)
        return 1
    return 0
