"""`chatledger sync`: one tick; the last line of stdout is its summary as JSON."""

import json
from typing import Annotated

import typer

from blocks.environment import read_environment
from chatledger.ledger import runs
from deployments.cli import flow_runs, report
from deployments.cli.connections import open_ledger
from deployments.cli.dry_run import dry_run as plan_only
from deployments.embedded_prefect import embedded_prefect


def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what a tick would do and write nothing anywhere.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary alone.")] = False,
) -> None:
    """Run one tick."""
    environment = read_environment()
    with open_ledger(environment) as ledger:
        with flow_runs.summary_of_nothing(dry_run=dry_run):
            flow_runs.refuse_unless_active(environment, ledger)
        if dry_run:
            raise typer.Exit(plan_only(environment, ledger, as_json=as_json))
    with flow_runs.summary_of_nothing(), embedded_prefect(environment.home):
        flow_run_id, error = _tick(environment.chatledger_organisation)
    with open_ledger(environment) as ledger:
        with ledger.reading() as session:
            run = runs.of_flow_run(session, environment.chatledger_organisation, flow_run_id)
        summary = flow_runs.summary(run, error)
        if not as_json:
            report.tick(ledger, run, summary)
    print(json.dumps(summary))
    raise typer.Exit(flow_runs.exit_code(run, error))


def _tick(organisation: str) -> tuple[str, BaseException | None]:
    from flows.sync_chats import sync_chats

    return flow_runs.ended(sync_chats(organisation, return_state=True))
