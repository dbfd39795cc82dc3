"""`chatledger measure`: find out on a living Zoho organisation whether what exact delivery rests on holds there."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from blocks.environment import Environment, read_environment
from chatledger.delivery import measuring
from chatledger.delivery.measuring import NEVER, Measured
from chatledger.delivery.recognising import activated
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.models import RecordRef
from chatledger.settings import SyncSettings
from deployments.cli.connections import open_clients, open_ledger
from deployments.cli.screen import print_json

HASTY_SECONDS = (0.1, 0.3, 0.6, 1.0)
"""Time-outs so short that answers get lost while requests are carried out."""
AT_ONCE = 2.0
"""A list that shows a write within so many seconds showed it at the first look."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to measure: on which record, and how many notes, records and given-up requests."""

    record: RecordRef
    notes: int
    records: int
    given_up: int


def measure(
    record: Annotated[
        str, typer.Argument(metavar="MODULE/RECORD_ID", help="A record made for this; its notes are written to and removed.")
    ],
    notes: Annotated[int, typer.Option(help="Notes to write, each looked for at once.")] = 100,
    records: Annotated[int, typer.Option(help="Records to create in the target module, each looked for at once.")] = 0,
    given_up: Annotated[int, typer.Option(help="Notes to send without waiting for the answer.")] = 20,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only said what would be written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure how soon Zoho lists what was written and how late it carries out what nobody waited for."""
    asked = Asked(_record(record), notes, records, given_up)
    if not yes:
        raise UsageError(f"{_announced(asked)} Say --yes to do it.")
    environment = read_environment()
    with open_ledger(environment) as ledger:
        activated(ledger, environment.chatledger_organisation)
        measured = asyncio.run(_measured(environment, ledger, asked))
    if as_json:
        print_json(measured)
        return
    for line in in_words(
        measured, environment.chatledger_unknown_write_wait_seconds, environment.chatledger_http_timeout_seconds
    ):
        print(line)


def _record(text: str) -> RecordRef:
    module, _, record_id = text.partition("/")
    if not module or not record_id.isdigit():
        raise UsageError(f"{text} is not a record: write MODULE/RECORD_ID, for example Leads/5725767000000411001.")
    return RecordRef(module, record_id)


def _announced(asked: Asked) -> str:
    records = f" and creates {asked.records} records in the target module" if asked.records else ""
    return (
        f"This writes {asked.notes + asked.given_up} notes to {asked.record.module}/{asked.record.id}{records}, all titled "
        f'"{measuring.TITLE} ...", and deletes them again.'
    )


async def _measured(environment: Environment, ledger: Ledger, asked: Asked) -> Measured:
    measured = Measured()
    async with open_clients(environment, ledger) as clients:
        try:
            measured.notes = await measuring.notes_until_listed(clients.zoho, asked.record, asked.notes)
            await _give_up(environment, ledger, asked, measured)
            if asked.records:
                settings = _settings(ledger, environment)
                found = await measuring.records_until_listed(
                    clients.zoho, settings.target_module, settings.fixed_fields, settings.name_field, asked.records
                )
                measured.records, measured.left_over = found.records, found.left_over
        finally:
            measured.left_over += await measuring.remove_notes(clients.zoho, asked.record)
    return measured


async def _give_up(environment: Environment, ledger: Ledger, asked: Asked, measured: Measured) -> None:
    async with open_clients(environment, ledger) as patient:
        for number in range(asked.given_up):
            seconds = HASTY_SECONDS[number % len(HASTY_SECONDS)]
            hurried = environment.model_copy(update={"chatledger_http_timeout_seconds": seconds})
            async with open_clients(hurried, ledger) as hasty:
                found = await measuring.given_up_notes(patient.zoho, hasty.zoho, asked.record, 1)
            measured.late += found.late
            measured.never += found.never


def _settings(ledger: Ledger, environment: Environment) -> SyncSettings:
    with ledger.reading() as session:
        return organisations.current_settings(session, environment.chatledger_organisation)


def in_words(measured: Measured, wait: float, timeout: float) -> list[str]:
    """Say what was measured and what it means for a wait and an HTTP time-out of these seconds."""
    lines = [
        _listed("notes", "the notes of their record", measured.notes),
        _listed("records", "the changes of their module", measured.records),
        _given_up(measured, wait - timeout),
    ]
    if measured.left_over:
        lines.append(f"Could not be deleted, please do it by hand: {', '.join(measured.left_over)}.")
    return [line for line in lines if line]


def _listed(what: str, where: str, seconds: list[float]) -> str:
    if not seconds:
        return ""
    late = [one for one in seconds if one > AT_ONCE]
    median, most, longest = (_share(seconds, share) for share in (0.5, 0.99, 1))
    figures = f"{len(seconds)} {what}: median {median}, 99 % within {most}, longest {longest}."
    if not late:
        return f"{figures} Every one stood in {where} at the first look, as exact delivery needs it."
    return (
        f"{figures} {len(late)} did not stand in {where} at the first look: set CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS to at "
        f"least {180 + max(late):.0f}, or a write without an answer may be done twice."
    )


def _given_up(measured: Measured, allowed: float) -> str:
    if not measured.late and not measured.never:
        return "No request without an answer was left over to watch: Zoho answered too quickly, or nothing left in time."
    longest = max(measured.late, default=0.0)
    watched = len(measured.late) + measured.never
    said = (
        f"{watched} requests whose answer nobody waited for: {len(measured.late)} were carried out, "
        f"at the latest {longest:.1f} seconds after giving up, {measured.never} not within {NEVER:.0f} seconds."
    )
    if longest < allowed:
        return f"{said} The wait allows {allowed:.0f} seconds."
    return f"{said} The wait allows only {allowed:.0f}: raise CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS."


def _share(seconds: list[float], share: float) -> str:
    ordered = sorted(seconds)
    return f"{ordered[min(int(share * len(ordered)), len(ordered) - 1)]:.2f} s"
