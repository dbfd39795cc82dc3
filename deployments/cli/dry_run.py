"""`chatledger sync --dry-run`: the plan of a tick, grouped, with nothing written anywhere."""

import asyncio
import json
import uuid
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from blocks.credentials import credentials_of
from blocks.environment import Environment
from chatledger.delivery.rehearsing import NoTokenRequests, Plan, rehearse
from chatledger.delivery.tick import Options, loaded
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.scratch import scratch_copy
from chatledger.models import CallCount

LINES_PER_GROUP = 15


def dry_run(environment: Environment, ledger: Ledger, *, as_json: bool) -> int:
    """Print the plan, its summary as the last line; return the exit code."""
    plan = asyncio.run(_rehearse(environment, ledger))
    if not as_json:
        _show(plan, _owner_names(ledger, environment.chatledger_organisation))
    print(json.dumps(plan.summary))
    return 0


async def _rehearse(environment: Environment, ledger: Ledger) -> Plan:
    organisation, count = environment.chatledger_organisation, CallCount()
    credentials = credentials_of(environment, ledger, organisation)
    timelines = credentials.timelines.get_client(count)
    zoho = credentials.zoho.get_client(count, NoTokenRequests(credentials.token_store(ledger)))
    try:
        with scratch_copy(ledger, organisation) as scratch:
            tick = loaded(
                scratch, organisation, str(uuid.uuid4()), 0,
                timelines=timelines, zoho=zoho, count=count, options=Options(), record_url=credentials.zoho.record_url,
            )  # fmt: skip
            return await rehearse(tick, ledger)
    finally:
        await timelines.aclose()
        await zoho.aclose()


def _owner_names(ledger: Ledger, organisation_id: str) -> dict[str, str]:
    with ledger.reading() as session:
        return organisations.user_names(session, organisation_id)


def _show(plan: Plan, owner_names: dict[str, str]) -> None:
    console = Console(highlight=False)
    console.print("[bold]What a tick would do now[/bold] (nothing was written)\n")
    created = [(row.name or "-", row.phone_key, owner_names.get(row.owner_id, row.owner_id)) for row in plan.creates]
    _group(console, "Create records", ("name", "phone", "owner"), created)
    matched = [(row.name or "-", row.phone_key, f"{row.record.module}/{row.record.id}", row.rule) for row in plan.matches]
    _group(console, "Link to existing records", ("chat", "phone", "record", "rule"), matched)
    _group(console, "Create notes", ("title",), [(title,) for title in plan.new_notes])
    _group(console, "Update notes", ("title",), [(title,) for title in plan.changed_notes])
    others = [
        (outcome, reason, str(number)) for (outcome, reason), number in sorted(plan.others.items()) if outcome != "synced"
    ]
    _group(console, "Messages that would not be written, by reason", ("outcome", "reason", "messages"), others)
    if not (plan.creates or plan.matches or plan.new_notes or plan.changed_notes or others):
        console.print("Nothing: everything is written already.\n")
    for hint in plan.hints:
        console.print(f"[yellow]Note:[/yellow] {hint}")


def _group(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    console.print(f"[bold]{title}: {len(rows)}[/bold]")
    table = Table(*columns, box=None, pad_edge=False, header_style="dim")
    for row in rows[:LINES_PER_GROUP]:
        table.add_row(*row)
    console.print(table)
    if len(rows) > LINES_PER_GROUP:
        console.print(f"... and {len(rows) - LINES_PER_GROUP} more")
    console.print()
