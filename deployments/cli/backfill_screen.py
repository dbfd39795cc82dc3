"""What `chatledger backfill` shows: the estimate before it starts, how far it is, and what became of it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from blocks.environment import Environment
from chatledger.counting import counted
from chatledger.delivery.backfill_estimates import Estimate
from chatledger.delivery.backfilling import Bounds
from chatledger.ledger import backfills
from chatledger.ledger.backfills import Progress as Reached
from deployments.cli.connections import open_ledger
from deployments.cli.screen import console, facts, moment

POLL_SECONDS = 0.5


def show_estimate(found: Estimate, bounds: Bounds, begun: Reached | None) -> None:
    """Print what a backfill will need, and what an earlier one of the same range has done already."""
    about = "" if found.exact else "about "
    out = console()
    out.print(f"History from {moment(bounds.since, bounds.zone)} to {moment(bounds.until, bounds.zone)} {bounds.zone}")
    rows = [
        ("chats", f"{found.chats} of {found.chats_listed}, {counted(found.groups, 'group')} left out"),
        ("messages", f"{about}{found.messages} in {about}{counted(found.days, 'note')}{_sample(found)}"),
        ("TimelinesAI", f"about {found.timelines_requests} requests{_left(found)}"),
        ("Zoho", f"about {found.zoho_requests} requests, {found.zoho_credits} credits"),
        ("time", f"about {_duration(found.seconds)} while the ticks go on"),
    ]
    if begun is not None:
        rows.append(("begun before", f"{begun.in_words}; it goes on from there"))
    out.print(facts(rows))


def _sample(found: Estimate) -> str:
    return "" if found.exact else f", judged by {found.sampled} of {counted(found.chats, 'chat')}"


def _left(found: Estimate) -> str:
    total, used = found.workspace.api_calls_total, found.workspace.api_calls_used
    return "" if total is None or used is None else f"; {total - used} of {total} are left this month"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes <= 1:
        return "a minute"
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004 - two hours read better


def show_end(reached: Reached, summary: dict[str, Any], *, stopped: bool) -> None:
    """Print what was brought in and what became of it; `stopped` says that a system refused us or could not be reached."""
    counts, records, notes = summary["messages"], summary["records"], summary["notes"]
    state = "Done"
    if reached.backfill.state != "done":
        state = "Stopped; the same command goes on from here"
    elif stopped:
        state = "Read, but not all written; the next ticks write what is pending"
    out = console()
    out.print(f"{state}: {reached.done} of {reached.chats} chats, {counted(reached.messages, 'message')} read.")
    rows = [
        ("messages", ", ".join(f"{number} {name}" for name, number in counts.items())),
        ("records", f"{records['matched']} matched, {records['created']} created"),
        ("notes", f"{notes['created']} created, {notes['updated']} updated, {notes['unchanged']} unchanged"),
    ]
    out.print(facts(rows))


@contextmanager
def shown_progress(environment: Environment, backfill_id: str) -> Iterator[None]:
    """Show in a terminal how far a backfill is while the block runs it; nothing is shown elsewhere."""
    screen = Console(stderr=True)
    if not screen.is_terminal:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    ended = threading.Event()
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("reading the chat list", total=None)
        watcher = threading.Thread(target=_watch, args=(environment, backfill_id, bar, task, ended), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()


def _watch(environment: Environment, backfill_id: str, bar: Progress, task: TaskID, ended: threading.Event) -> None:
    with open_ledger(environment) as ledger:
        while not ended.wait(POLL_SECONDS):
            with ledger.reading() as session:
                reached = backfills.progress(session, backfill_id)
            if reached.backfill.state != "listing":
                said = f"{counted(reached.messages, 'message')}, chats"
                bar.update(task, description=said, completed=reached.done, total=reached.chats)
