"""`chatledger log`: the newest runs, or what one of them did with each message."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.environment import read_state_settings
from chatledger.counting import counted
from chatledger.delivery.recognising import activated
from chatledger.errors import UsageError
from chatledger.ledger import Session, chats, history, messages, organisations, runs
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.tables import Change, Message, Run
from chatledger.models import Outcome, Reason
from deployments.cli.connections import open_ledger
from deployments.cli.screen import SHORT_ID, console, facts, moment, print_json, short, short_moment, table, word

CHAT_CELLS = 16
_NUMBERS = ("seen", "synced", "skipped", "failed", "pending")
_MESSAGE = (
    "uid", "chat_id", "timestamp", "kind", "direction", "outcome", "reason", "detail", "attempts", "next_try_at", "run_id",
    "decided_at", "module", "record_id", "note_id",
)  # fmt: skip
_COLUMNS = {"seen": "seen", "synced": "sync", "skipped": "skip", "failed": "park", "pending": "pend"}


def log(
    run: Annotated[str | None, typer.Option("--run", metavar="ID", help="One run, by its id or the beginning of it.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The most lines to print.")] = 20,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="Only messages with this outcome.")] = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="Only messages with this reason.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """Show the newest runs, or messages with what became of them."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        organisation = activated(ledger, settings.chatledger_organisation).id
        with ledger.reading() as session:
            zone = organisations.current_settings(session, organisation).timezone
            if run is None and outcome is None and reason is None:
                _show_runs(runs.latest(session, organisation, limit), zone, as_json=as_json)
                return
            chosen = _run(session, organisation, run) if run else None
            rows = history.messages(
                session, organisation, run_id=chosen.id if chosen else None, outcome=outcome, reason=reason, limit=limit
            )
            later = _decided_later(session, organisation, chosen) if not (outcome or reason) else 0
            changes = _changes(session, organisation, chosen, limit) if not (outcome or reason) else []
            known = chats.load(session, organisation, [row.chat_id for row in rows])
            names = {chat.id: chat.phone_key or chat.name for chat in known}
    if as_json:
        print_json(_as_json(chosen, rows, changes) | ({"decided_later": later} if chosen else {}))
        return
    if chosen:
        _show_run(chosen, zone)
    _show_messages(rows, names, zone, limit)
    if later:
        told = f"{counted(later, 'message')} of this run: decided anew by later runs and listed there."
        console().print(f"\n{told} `chatledger explain UID` shows every step.", style="dim")
    _show_changes(changes, zone)


def _run(session: Session, organisation: str, beginning: str) -> Run:
    found = history.runs_named(session, organisation, beginning)
    if len(found) != 1:
        said = "Several runs begin" if found else "No run begins"
        raise UsageError(f"{said} with {beginning}; `chatledger log` lists the newest.")
    return found[0]


def _decided_later(session: Session, organisation: str, run: Run | None) -> int:
    """Return how many messages of a finished run belong to later runs by now, because those decided them anew."""
    if run is None or run.ended_at is None:
        return 0
    return max(0, run.messages_seen - sum(messages.totals(session, organisation, run.id).values()))


def _changes(session: Session, organisation: str, run: Run | None, limit: int) -> list[Change]:
    return runs.changes(session, organisation, run_id=run.id, limit=limit) if run else []


def _show_runs(rows: list[Run], zone: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"runs": [_plain(row) for row in rows]})
        return
    out = console()
    if not rows:
        out.print("No run yet: `chatledger sync` makes one.")
        return
    counts = (*_COLUMNS.values(), "rec", "notes", "calls", "cred", "s")
    listed = table("run", "started", "state", *counts, numbers=counts, gap=1)
    for row in rows:
        listed.add_row(
            row.id[:SHORT_ID], short_moment(row.started_at, zone), word(row.state),
            *(str(getattr(row, f"messages_{name}")) for name in _NUMBERS),
            f"{row.records_matched}+{row.records_created}",
            f"{row.notes_created}+{row.notes_updated}",
            f"{row.calls_timelines}+{row.calls_zoho}", str(row.zoho_credits), f"{row.seconds:.0f}",
        )  # fmt: skip
    out.print(listed)
    for row in rows:
        if row.problem:
            out.print(Text(f"{row.id[:SHORT_ID]} {row.problem}", style="yellow"))
    out.print(
        "\nrec: records matched + created; notes: created + updated; calls: TimelinesAI + Zoho. "
        "`chatledger log --run ID` shows a run's messages.",
        style="dim",
    )


def _show_run(run: Run, zone: str) -> None:
    rows: list[tuple[str, str | Text]] = [
        ("state", word(run.state)),
        ("time", f"{moment(run.started_at, zone)} {zone}, {run.seconds:.1f} seconds"),
        ("messages", ", ".join(f"{getattr(run, f'messages_{name}')} {name}" for name in _NUMBERS)),
        ("records", f"{run.records_matched} matched, {run.records_created} created"),
        ("notes", f"{run.notes_created} created, {run.notes_updated} updated, {run.notes_unchanged} unchanged"),
        ("calls", f"{run.calls_timelines} TimelinesAI, {run.calls_zoho} Zoho, {run.zoho_credits} credits"),
    ]
    if run.problem:
        rows.append(("problem", run.problem))
    out = console()
    out.print(Text.assemble(("Run ", "bold"), run.id))
    out.print(facts(rows))


def _show_messages(rows: list[Message], names: dict[int, str], zone: str, limit: int) -> None:
    out = console()
    if not rows:
        out.print("\nNo messages.")
        return
    words = reasons_in_words()
    listed = table("sent", "chat", "outcome", "reason", "record", gap=1)
    for row in rows:
        record = f"{row.module}/{row.record_id}" if row.record_id else "-"
        chat = short(names.get(row.chat_id) or str(row.chat_id), CHAT_CELLS)
        listed.add_row(short_moment(row.timestamp, zone), chat, word(row.outcome), row.reason, record)
    out.print()
    out.print(listed)
    out.print("\nReasons", style="bold")
    out.print(facts((code, words[code].meaning) for code in dict.fromkeys(row.reason for row in rows)))
    details = [(row.uid, row.detail) for row in rows if row.detail]
    if details:
        out.print("\nDetails, by the uid that `chatledger explain` takes", style="bold")
        out.print(facts(details))
    if len(rows) == limit:
        out.print(f"\nThe newest {limit} are shown; --limit shows more.", style="dim")


def _show_changes(changes: list[Change], zone: str) -> None:
    if not changes:
        return
    out = console()
    out.print("\nChanges", style="bold")
    listed = table("when", "what", "record", "note or rule", gap=1)
    for change in changes:
        record = f"{change.module}/{change.record_id}" if change.record_id else "-"
        listed.add_row(
            moment(change.at, zone)[5:],
            change.what.replace("_", " "),
            record,
            change.note_id or (change.after or {}).get("rule", ""),
        )
    out.print(listed)


def _as_json(run: Run | None, rows: list[Message], changes: list[Change]) -> dict[str, Any]:
    words = reasons_in_words()
    messages = [_plain(row, _MESSAGE) | {"meaning": words[row.reason].meaning} for row in rows]
    return {"run": _plain(run) if run else None, "messages": messages, "changes": [_plain(change) for change in changes]}


def _plain(row: Message | Run | Change, names: Iterable[str] = ()) -> dict[str, Any]:
    """Return a row as an object, in the order of its columns, without the organisation that all of them belong to."""
    return {name: getattr(row, name) for name in names or type(row).model_fields if name != "organisation_id"}
