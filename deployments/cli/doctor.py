"""`chatledger doctor`: check everything, one thing after the other, and say what to do."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from blocks.credentials import credentials_of
from blocks.environment import Environment, StateSettings, read_state_settings
from chatledger.counting import counted
from chatledger.errors import LedgerUnavailable
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Organisation
from chatledger.models import CallCount
from chatledger.settings import SyncSettings
from deployments.checks import ledger as ledger_checks
from deployments.checks import machine, operation, timelines, webhooks, zoho
from deployments.checks.findings import Finding, Level, problem
from deployments.cli.connections import open_clients, open_ledger
from deployments.cli.screen import console, facts, print_json, word


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Check everything and say what to do; asks both systems by GET only. Exit code 1 when there is a problem."""
    findings = []
    for finding in examine(read_state_settings()):
        findings.append(finding)
        if not as_json:
            _show(finding)
    problems, warnings = (sum(found.level is level for found in findings) for level in (Level.PROBLEM, Level.WARNING))
    if as_json:
        print_json({"problems": problems, "warnings": warnings, "checks": findings})
    else:
        console().print(f"\n{counted(problems, 'problem')}, {counted(warnings, 'warning')}.", style="bold")
    raise typer.Exit(1 if problems else 0)


def examine(settings: StateSettings) -> Iterator[Finding]:
    """Carry out every check that can be carried out; what rests on something broken is left out."""
    yield machine.state_folder(settings.home)
    yield machine.secret_key(settings)
    found, environment = machine.environment()
    if found:
        yield found
    yield machine.prefect_server()
    yield from operation.machine(settings.home)
    try:
        with open_ledger(settings) as ledger:
            yield from ledger_checks.check(ledger, settings.chatledger_organisation)
            yield from operation.ticks(ledger, settings.home, settings.chatledger_organisation)
            if environment:
                yield from _connected(environment, ledger)
    except LedgerUnavailable as error:
        yield problem("ledger", str(error))


def _connected(environment: Environment, ledger: Ledger) -> Iterator[Finding]:
    found = machine.connections(environment, ledger)
    yield found
    if found.level is not Level.PROBLEM:
        yield from asyncio.run(_outside(environment, ledger))


async def _outside(environment: Environment, ledger: Ledger) -> list[Finding]:
    organisation, settings = _known(ledger, environment.chatledger_organisation)
    async with open_clients(environment, ledger) as clients:
        return [
            *[finding async for finding in timelines.check(clients.timelines, organisation)],
            *await _webhooks(environment, ledger, organisation),
            *[
                finding
                async for finding in zoho.check(clients.zoho, clients.tokens, environment.zoho_api_url, organisation, settings)
            ],
        ]


async def _webhooks(environment: Environment, ledger: Ledger, organisation: Organisation | None) -> list[Finding]:
    if organisation is None or not organisation.active:
        return []
    client = credentials_of(environment, ledger, organisation.id).timelines.get_webhooks(CallCount())
    try:
        return await webhooks.check(
            ledger, client, organisation.id, environment.chatledger_public_url, environment.chatledger_sweep_seconds
        )
    finally:
        await client.aclose()


def _known(ledger: Ledger, organisation_id: str) -> tuple[Organisation | None, SyncSettings | None]:
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
        return organisation, organisations.current_settings(session, organisation_id) if organisation else None


def _show(finding: Finding) -> None:
    rows: list[tuple[str, str | Text]] = [(f"{finding.level:<9}", Text(f"{finding.check}: {finding.said}"))]
    if finding.remedy:
        rows.append(("", Text(finding.remedy, style="cyan")))
    grid = facts(rows)
    grid.columns[0].style = word(finding.level).style
    console().print(grid)
