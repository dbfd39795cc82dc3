"""`chatledger backfill`: bring in history from before the activation; the last line of stdout is JSON."""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from blocks.environment import Environment, read_environment
from chatledger.delivery import backfill_requests, backfilling
from chatledger.delivery.backfill_estimates import Estimate, estimate
from chatledger.delivery.backfilling import Bounds
from chatledger.delivery.closing import empty_summary
from chatledger.errors import NotFound, UsageError
from chatledger.ledger import backfills, organisations
from chatledger.ledger.backfills import Progress
from chatledger.ledger.database import Ledger
from chatledger.phones import phone_key
from deployments.cli import backfill_screen, flow_runs
from deployments.cli.connections import open_clients, open_ledger
from deployments.cli.moments import read_moment
from deployments.embedded_prefect import embedded_prefect


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: a range of moments, and the chats (None for all)."""

    organisation: str
    bounds: Bounds
    chat_ids: list[int] | None
    until_given: bool


def backfill(
    start: Annotated[str, typer.Option("--from", metavar="ISO8601", help="Messages count from this moment on.")],
    until: Annotated[
        str | None,
        typer.Option("--to", "--until", metavar="ISO8601", help="Where it ends; the start of the activation when left out."),
    ] = None,
    phone: Annotated[str | None, typer.Option("--phone", metavar="NUMBER", help="Only the chats with this contact.")] = None,
    chat: Annotated[list[int] | None, typer.Option("--chat", metavar="ID", help="Only this chat; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what it would take and write nothing anywhere.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Begin without asking.")] = False,
) -> None:
    """Bring in the history before the activation, in slices between the ticks."""
    if phone and chat:
        raise UsageError("Give either --phone or --chat, not both.")
    environment = read_environment()
    with open_ledger(environment) as ledger:
        with flow_runs.summary_of_nothing(dry_run=dry_run):
            flow_runs.refuse_unless_active(environment, ledger)
            request, found, requests = asyncio.run(_asked(environment, ledger, start, until, phone, chat))
        begun = _begun_before(ledger, request)
        backfill_screen.show_estimate(found, request.bounds, begun)
        if dry_run:
            print(json.dumps(_planned(found, requests)))
            return
        backfilling.leaves_enough(found.workspace)
        if not yes and sys.stdin.isatty() and not typer.confirm("Begin?"):
            raise typer.Exit(0)
        wanted = _begin(ledger, request)
    _carry_out(environment, wanted)


async def _asked(
    environment: Environment, ledger: Ledger, start: str, until: str | None, phone: str | None, chat: Sequence[int] | None
) -> tuple[Request, Estimate, int]:
    organisation = environment.chatledger_organisation
    with ledger.reading() as session:
        settings = organisations.current_settings(session, organisation)
        end = organisations.get(session, organisation).starts_at
    end = read_moment(until, settings.timezone, "--to") if until else end
    bounds = Bounds(read_moment(start, settings.timezone, "--from"), end, settings.timezone)
    backfill_requests.check(bounds.since, bounds.until, ledger.now())
    async with open_clients(environment, ledger) as clients:
        ids = list(chat) if chat else None
        if phone:
            key = phone_key(phone, settings.default_region)
            if key is None:
                raise UsageError("--phone is not a phone number; write it with its country code, as in +57 300 ...")
            ids = await backfill_requests.chats_of_phone(ledger, clients.timelines, organisation, key)
        rate = environment.timelines_requests_per_second * backfilling.SHARE_OF_RATE
        try:
            found = await estimate(clients.timelines, bounds, ids, per_second=rate)
        except NotFound:
            raise UsageError("TimelinesAI knows no chat with one of the ids given to --chat.") from None
        return Request(organisation, bounds, ids, until is not None), found, clients.count.timelines


def _begun_before(ledger: Ledger, request: Request) -> Progress | None:
    until = request.bounds.until if request.until_given else None
    with ledger.reading() as session:
        known = backfills.unfinished(session, request.organisation, request.bounds.since, until, request.chat_ids)
        return backfills.progress(session, known.id) if known else None


def _begin(ledger: Ledger, request: Request) -> str:
    until: datetime | None = request.bounds.until if request.until_given else None
    return backfill_requests.begin(ledger, request.organisation, request.bounds.since, until, request.chat_ids).id


def _planned(found: Estimate, requests: int) -> dict[str, Any]:
    names = (
        "chats", "groups", "messages", "days", "exact", "sampled", "timelines_requests", "zoho_requests", "zoho_credits",
        "seconds",
    )  # fmt: skip
    said = empty_summary() | {"dry_run": True, "estimate": {name: getattr(found, name) for name in names}}
    said["api_calls"]["timelines"] = requests
    return said


def _carry_out(environment: Environment, backfill_id: str) -> None:
    organisation = environment.chatledger_organisation
    with (
        flow_runs.summary_of_nothing(),
        embedded_prefect(environment.home),
        backfill_screen.shown_progress(environment, backfill_id),
    ):
        flow_run_id, error = _flow(organisation, backfill_id)
    with open_ledger(environment) as ledger:
        summary, _ = backfill_requests.totals(ledger, organisation, flow_run_id)
        with ledger.reading() as session:
            progress = backfills.progress(session, backfill_id)
    backfill_screen.show_end(progress, summary, stopped=error is not None)
    said = {"id": backfill_id, "state": progress.backfill.state, "chats": progress.chats, "chats_done": progress.done}
    print(json.dumps(summary | {"backfill": said | {"messages": progress.messages}}))
    if error is not None:
        print(f"chatledger: {progress.backfill.problem or error}", file=sys.stderr)
        raise typer.Exit(1)


def _flow(organisation: str, backfill_id: str) -> tuple[str, BaseException | None]:
    from flows.backfill_chats import backfill_chats

    return flow_runs.ended(backfill_chats(organisation, backfill=backfill_id, return_state=True))
