"""`chatledger connect`: show the connections, or make and end them without a browser."""

import asyncio
import os
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.text import Text

from blocks.environment import WebSettings, read_web_settings
from blocks.web_address import likely_address
from chatledger.clients.zoho.consent import Consented
from chatledger.errors import UsageError
from chatledger.ledger import people
from chatledger.ledger.database import Ledger
from chatledger.web.connecting import establishing
from chatledger.web.connecting.shown import Connections, TimelinesShown, ZohoShown, read_connections, settings_of
from chatledger.web.connecting.zoho_facts import ZohoFacts
from chatledger.web.connecting.zoho_login import ZohoLogin
from deployments.cli.connections import open_ledger
from deployments.cli.screen import console, facts, moment, print_json
from deployments.environment_owner import login_of_environment

BY = "command"


class SystemName(StrEnum):
    """A system that can be connected."""

    ZOHO = "zoho"
    TIMELINES = "timelines"


def connect(
    zoho_code: Annotated[
        bool, typer.Option("--zoho-code", help="Exchange a Self Client's code, from ZOHO_CODE or asked for.")
    ] = False,
    refresh_token: Annotated[
        bool, typer.Option("--refresh-token", help="Store a refresh token, from ZOHO_REFRESH_TOKEN or asked for.")
    ] = False,
    timelines_token: Annotated[
        bool, typer.Option("--timelines-token", help="Store a TimelinesAI token, from TIMELINES_API_TOKEN or asked for.")
    ] = False,
    disconnect: Annotated[SystemName | None, typer.Option(help="End the organisation's connection.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the connections as JSON.")] = False,
) -> None:
    """Show what is connected and what is missing. With an option: connect or disconnect the organisation.

    No credential is an argument, because arguments stay in the shell's history.
    """
    settings = read_web_settings()
    with open_ledger(settings) as ledger:
        if disconnect:
            _disconnect(ledger, settings, disconnect)
        if zoho_code or refresh_token:
            asyncio.run(_connect_zoho(ledger, settings, by_code=zoho_code))
        if timelines_token:
            asyncio.run(_connect_timelines(ledger, settings))
        _show(ledger, settings, as_json=as_json)


async def _connect_zoho(ledger: Ledger, settings: WebSettings, *, by_code: bool) -> None:
    login = _login(settings)
    name = "ZOHO_CODE" if by_code else "ZOHO_REFRESH_TOKEN"
    given = _credential(name)
    consent = login.consent()
    if by_code:
        consented: Consented = await consent.exchange(given, redirect_uri=None, verifier=None)
    else:
        consented = await consent.renew(given)
    found: ZohoFacts = await establishing.connect_zoho(
        ledger,
        settings.chatledger_organisation,
        login,
        consented,
        bound=establishing.bound_zgid(ledger, settings.chatledger_organisation, connected_too=False),
        connected_by=BY,
        given=not by_code,
    )
    print(f"Zoho CRM is connected: {found.organisation} ({found.zgid}) as {found.user_name}.", file=sys.stderr)


async def _connect_timelines(ledger: Ledger, settings: WebSettings) -> None:
    token = _credential("TIMELINES_API_TOKEN")
    workspace = await establishing.connect_timelines(
        ledger,
        settings.chatledger_organisation,
        api_url=settings.timelines_api_url,
        token=token,
        seconds=settings.chatledger_http_timeout_seconds,
        connected_by=BY,
    )
    print(f"TimelinesAI is connected: {workspace}.", file=sys.stderr)


def _disconnect(ledger: Ledger, settings: WebSettings, system: SystemName) -> None:
    organisation_id = settings.chatledger_organisation
    if system is SystemName.TIMELINES:
        was_there: bool | None = establishing.disconnect_timelines(ledger, organisation_id, by=BY)
        told = "Forgotten; generate a new token in TimelinesAI to make this one worthless."
    else:
        seconds = settings.chatledger_http_timeout_seconds
        was_there = asyncio.run(establishing.disconnect_zoho(ledger, organisation_id, seconds, by=BY))
        told = "Disconnected; the tokens are revoked at Zoho."
        if was_there is False:
            told = "Disconnected, but Zoho did not confirm that the tokens are revoked: remove the app in your Zoho account."
    missing = was_there is None or (system is SystemName.TIMELINES and not was_there)
    print("Nothing was stored, so there is nothing to disconnect." if missing else told, file=sys.stderr)


def _login(settings: WebSettings) -> ZohoLogin:
    needed = {
        "ZOHO_ACCOUNTS_URL": settings.zoho_accounts_url,
        "ZOHO_CLIENT_ID": settings.zoho_client_id,
        "ZOHO_CLIENT_SECRET": settings.zoho_client_secret,
    }
    missing = [name for name, value in needed.items() if value is None]
    login = login_of_environment(settings)
    if login is None:
        raise UsageError(f"Missing in the environment: {', '.join(missing)}. See docs/connecting.md.")
    return login


def _credential(name: str) -> str:
    """Take a credential from the environment, a person or a pipe; UsageError naming the variable when it is empty."""
    value = os.environ.get(name, "").strip()
    if not value:
        value = typer.prompt(name, hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        raise UsageError(f"{name} is empty: set it, or pipe it in.")
    return value.strip()


def _show(ledger: Ledger, settings: WebSettings, *, as_json: bool) -> None:
    organisation_id = settings.chatledger_organisation
    shown = read_connections(ledger, organisation_id)
    environment = settings.connected_by_environment
    if as_json:
        print_json(_as_json(organisation_id, shown, environment))
        return
    zone = settings_of(ledger, organisation_id).timezone
    rows: list[tuple[str, str | Text]] = [
        ("Organisation", organisation_id),
        ("Zoho CRM", _zoho(shown.zoho, zone, from_environment="zoho" in environment)),
        ("TimelinesAI", _timelines(shown.timelines, zone, from_environment="timelines" in environment)),
        ("Own accounts", _personal(ledger, organisation_id, shown)),
        ("In a browser", f"{likely_address(settings)}/connect"),
    ]
    console().print(facts(rows))


def _as_json(organisation_id: str, shown: Connections, environment: frozenset[str]) -> dict[str, object]:
    return {
        "organisation": organisation_id,
        "from_environment": sorted(environment),
        "zoho": asdict(shown.zoho) if shown.zoho else None,
        "timelines": asdict(shown.timelines) if shown.timelines else None,
        "personal": len(shown.personal),
    }


def _zoho(zoho: ZohoShown | None, zone: str, *, from_environment: bool) -> str:
    lines = ["The environment's credentials are used."] if from_environment else []
    if zoho is None:
        return "\n".join(lines or ["not connected"])
    stored = "also stored:" if from_environment else "connected:"
    lines.append(f"{stored} {zoho.organisation} ({zoho.zgid}) as {zoho.user} at {zoho.server}")
    lines.append(f"since {moment(zoho.connected_at, zone)} by {zoho.connected_by}")
    if zoho.missing:
        lines.append(f"missing rights: {', '.join(zoho.missing)}. Connect again and grant them.")
    if zoho.sees_everything is False:
        lines.append("This user may not see all records; what they cannot see is created again. Use an administrator.")
    return "\n".join(lines)


def _timelines(timelines: TimelinesShown | None, zone: str, *, from_environment: bool) -> str:
    lines = ["The environment's token is used."] if from_environment else []
    if timelines is None:
        return "\n".join(lines or ["not connected"])
    stored = "also stored:" if from_environment else "connected:"
    lines.append(f"{stored} {timelines.workspace} ({timelines.workspace_id}), {timelines.numbers} WhatsApp numbers")
    lines.append(f"since {moment(timelines.connected_at, zone)} by {timelines.connected_by}")
    return "\n".join(lines)


def _personal(ledger: Ledger, organisation_id: str, shown: Connections) -> str:
    with ledger.reading() as session:
        emails = {person.id: person.email for person in people.everybody(session, organisation_id)}
    lines = [f"{emails[person]} as {zoho.user}" for person, zoho in shown.personal.items() if person in emails]
    return "\n".join(lines) or "none"
