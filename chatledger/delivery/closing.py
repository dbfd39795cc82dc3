"""Ending a tick: nothing stays undecided, the totals are written down, the lease is given back."""

import time
from typing import Any

from chatledger.delivery import index_reading
from chatledger.delivery.tick import Tick
from chatledger.errors import OutsideError, why_it_ended
from chatledger.ledger import lease, messages, runs
from chatledger.ledger.messages import Verdict
from chatledger.ledger.tables import Run
from chatledger.models import Outcome, Reason

_GROUPS = {
    "messages": ("seen", "synced", "skipped", "failed", "pending"),
    "records": ("matched", "created"),
    "notes": ("created", "updated", "unchanged"),
}


def postpone_rest(tick: Tick) -> None:
    """Have every message that this run could not bring to an end wait for the next one, with a reason."""
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        left = [row.id or 0 for row in messages.undecided(session, tick.organisation_id, tick.run_id, now)]
        if left:
            reason = Reason.BACK_OFF if index_reading.is_complete(tick, session) else Reason.INDEX_BUILDING
            messages.decide(session, left, Verdict(Outcome.PENDING, reason), run_id=tick.run_id, now=now)


def created_record_links(tick: Tick) -> list[str]:
    """Return a Markdown list of the records this run created, by module and id, without personal data."""
    if not tick.created:
        return []
    with tick.ledger.reading() as session:
        created = runs.records_created(session, tick.organisation_id, tick.run_id)
    base = tick.record_url.rstrip("/")
    return [f"- [{row.module} {row.record_id}]({base}/{row.module}/{row.record_id})" for row in created]


def end(tick: Tick) -> tuple[str, dict[str, Any]]:
    """Write the totals down, give the lease back and return the end state with the summary."""
    with tick.ledger.transaction() as session:
        by_outcome = messages.totals(session, tick.organisation_id, tick.run_id)
        run = counted(tick, by_outcome)
        run.state = state_of(run, tick.problems, tick.remarks)
        run.problem = "; ".join(dict.fromkeys([*map(str, tick.problems), *tick.remarks])) or None
        run.trouble_outside = bool(tick.problems)
        run.ended_at = tick.ledger.now()
        runs.finish(session, run)
        lease.give_back(session, tick.organisation_id, tick.fence)
    return run.state, summary_of(run)


def give_up(tick: Tick, error: BaseException) -> None:
    """Write down that a run ended by an error or was stopped, and give the lease back; the next one takes up what it left."""
    with tick.ledger.transaction() as session:
        by_outcome = messages.totals(session, tick.organisation_id, tick.run_id)
        run = counted(tick, by_outcome)
        run.state, run.ended_at = "failed", tick.ledger.now()
        run.problem = why_it_ended(error)
        run.trouble_outside = isinstance(error, OutsideError)
        runs.finish(session, run)
        lease.give_back(session, tick.organisation_id, tick.fence)


def counted(tick: Tick, by_outcome: dict[str, int]) -> Run:
    """Return a run with what the tick has counted."""
    run = Run(id=tick.run_id, organisation_id=tick.organisation_id, started_at=tick.ledger.now())
    run.messages_seen = sum(by_outcome.values())
    run.messages_synced, run.messages_skipped = by_outcome.get("synced", 0), by_outcome.get("skipped", 0)
    run.messages_failed, run.messages_pending = by_outcome.get("parked", 0), by_outcome.get("pending", 0)
    run.records_matched, run.records_created = tick.matched, tick.created
    run.notes_created, run.notes_updated, run.notes_unchanged = tick.notes_created, tick.notes_updated, len(tick.unchanged)
    run.calls_timelines, run.calls_zoho = tick.count.timelines, tick.count.zoho
    run.zoho_credits = tick.count.zoho_credits
    run.seconds = round(time.monotonic() - tick.started, 3)
    return run


def state_of(run: Run, problems: list[OutsideError], remarks: list[str]) -> str:
    """Return a run's end state: failed when nothing trustworthy came of it, degraded when something is missing."""
    if problems and not run.messages_synced + run.messages_skipped:
        return "failed"
    if problems or remarks or run.messages_failed or run.messages_pending:
        return "degraded"
    return "completed"


def summary_of(run: Run) -> dict[str, Any]:
    """Return the summary of a run as commands print it; `seen` is the sum of the four outcomes."""
    groups = {group: {name: getattr(run, f"{group}_{name}") for name in names} for group, names in _GROUPS.items()}
    return {
        "run_id": run.id,
        **groups,
        "api_calls": {"timelines": run.calls_timelines, "zoho": run.calls_zoho},
        "zoho_credits": run.zoho_credits,
        "seconds": run.seconds,
    }


def empty_summary() -> dict[str, Any]:
    """Return the summary of a run that did nothing."""
    return {
        "run_id": None,
        **{group: dict.fromkeys(names, 0) for group, names in _GROUPS.items()},
        "api_calls": {"timelines": 0, "zoho": 0},
        "zoho_credits": 0,
        "seconds": 0.0,
    }


def as_table(state: str, totals: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the summary as rows of a table: counts only."""
    rows: list[dict[str, Any]] = [{"what": "state", "number": state}]
    for group in (*_GROUPS, "api_calls"):
        rows += [{"what": f"{group} {name}".replace("_", " "), "number": number} for name, number in totals[group].items()]
    return [
        *rows,
        {"what": "zoho credits", "number": totals["zoho_credits"]},
        {"what": "seconds", "number": totals["seconds"]},
    ]
