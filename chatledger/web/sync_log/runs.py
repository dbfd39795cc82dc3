"""The list of runs, and one run with its messages."""

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import history, run_pages
from chatledger.ledger import messages as stored
from chatledger.ledger.message_pages import MessageFilter
from chatledger.ledger.run_pages import RunFilter
from chatledger.ledger.tables import Run
from chatledger.models import Outcome, Reason
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking
from chatledger.web.sync_log.links import links
from chatledger.web.sync_log.rows import MessageRows, message_rows

STATES = ("completed", "degraded", "failed", "crashed", "running")


@dataclass(frozen=True, slots=True)
class _Runs:
    rows: list[Run]
    more: bool
    waiting: dict[tuple[str, str], int]
    zone: str


async def run_list(request: Request) -> Response:
    """Show the runs, newest first; those without news only when asked for."""
    require(request, "viewer")
    found = await run_in_threadpool(_read_runs, asking.parts_of(request), request)
    last = found.rows[-1] if found.rows and found.more else None
    return render(
        request,
        "sync_log/runs.html",
        runs=found.rows,
        zone=found.zone,
        waiting=found.waiting,
        states=STATES,
        query=request.query_params,
        older=asking.address(request, after=asking.written(last.started_at, last.id)) if last else None,
        newest=asking.address(request, after=None) if "after" in request.query_params else None,
    )


def _read_runs(parts: WebParts, request: Request) -> _Runs:
    query = request.query_params
    with parts.ledger.reading() as session:
        zone = asking.zone_of(session, parts.organisation_id)
        start, end = asking.period(query, zone)
        chosen = RunFilter(query.get("all") != "1", asking.chosen(query, "state", STATES), start, end)
        position = asking.run_position(query)
        rows = list(run_pages.page(session, parts.organisation_id, chosen, after=position, limit=asking.ROWS + 1))
        waiting = history.counts(session, parts.organisation_id, [Outcome.PARKED, Outcome.PENDING])
    return _Runs(rows[: asking.ROWS], len(rows) > asking.ROWS, waiting, zone)


async def one_run(request: Request) -> Response:
    """Show a run: its totals, what it changed, and its messages."""
    require(request, "viewer")
    parts = asking.parts_of(request)
    found = await run_in_threadpool(_read_run, parts, request)
    if found is None:
        raise HTTPException(404)
    run, reasons, messages, changes, zone = found
    return render(
        request,
        "sync_log/run.html",
        run=run,
        reasons=reasons,
        listed=messages,
        changes=changes,
        zone=zone,
        links=await links(request),
        retriable=asking.parts_of(request).acts.retriable if asking.parts_of(request).acts.retry else frozenset(),
        query=request.query_params,
        older=asking.address(request, after=messages.next) if messages.next else None,
        newest=asking.address(request, after=None) if "after" in request.query_params else None,
    )


def _read_run(
    parts: WebParts, request: Request
) -> tuple[Run, list[tuple[str, str, int]], MessageRows, dict[str, int], str] | None:
    query = request.query_params
    with parts.ledger.reading() as session:
        run = run_pages.find(session, parts.organisation_id, request.path_params["run_id"])
        if run is None:
            return None
        reason = asking.chosen(query, "reason", list(Reason))
        chosen = MessageFilter(
            run_id=run.id, outcome=asking.chosen(query, "outcome", list(Outcome)), reasons=(reason,) if reason else None
        )
        listed = message_rows(session, parts.organisation_id, chosen, asking.message_position(query))
        counted = stored.reasons(session, parts.organisation_id, run.id)
        changes = history.changes_of_run(session, parts.organisation_id, run.id)
        zone = asking.zone_of(session, parts.organisation_id)
    ordered: list[Any] = sorted(
        ((outcome, code, count) for (outcome, code), count in counted.items()), key=lambda row: -row[2]
    )
    return run, ordered, listed, changes, zone
