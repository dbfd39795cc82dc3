"""What a tick did, on one screen."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from chatledger.ledger import Session, history, messages, organisations, phone_index, runs
from chatledger.ledger.database import Ledger
from chatledger.ledger.reasons import reasons_in_words
from chatledger.ledger.tables import Change, Run
from chatledger.models import Outcome, RecordRef
from deployments.cli.record_links import record_url
from deployments.cli.screen import SHORT_ID, console, facts, table, word

CREATED_SHOWN, MATCHED_SHOWN = 8, 4
_OPEN = (Outcome.PARKED, Outcome.PENDING)


def tick(ledger: Ledger, run: Run | None, summary: dict[str, Any]) -> None:
    """Print what a tick did; one without news takes two lines. Shows neither names, numbers nor texts of chats."""
    out = console()
    if run is None:
        if summary.get("busy"):
            out.print("Another run is at work for this organisation; nothing was done here.")
        return
    with ledger.reading() as session:
        still = history.counts(session, run.organisation_id, _OPEN)
        if not (run.messages_seen or run.problem or run.notes_created or run.notes_updated or run.records_created):
            _nothing_new(run, still)
            return
        out.print(Text.assemble(word(run.state), f" in {run.seconds:.1f} s"))
        _show_messages(messages.reasons(session, run.organisation_id, run.id))
        _show_records(session, run, record_url(organisations.get(session, run.organisation_id).zgid))
    out.print(facts(_totals(run, still)))


def _nothing_new(run: Run, still: dict[tuple[str, str], int]) -> None:
    out = console()
    out.print(Text.assemble(word(run.state), f": nothing new; {_calls(run)}, {run.seconds:.1f} s."))
    out.print(_still_open(still) or "What happened so far: `chatledger log`.")


def _show_messages(counted: dict[tuple[str, str], int]) -> None:
    if not counted:
        return
    words = reasons_in_words()
    listed = table("messages", "outcome", "reason", "what it means, and what to do", numbers=["messages"])
    for (outcome, reason), count in sorted(counted.items(), key=lambda item: (_rank(item[0][0]), -item[1])):
        meaning = words[reason].meaning
        if outcome in _OPEN:
            meaning = f"{meaning} {words[reason].remedy}"
        listed.add_row(str(count), word(outcome), reason, meaning)
    console().print(listed)


def _rank(outcome: str) -> int:
    return list(Outcome).index(Outcome(outcome)) if outcome not in _OPEN else len(Outcome) + _OPEN.index(Outcome(outcome))


def _show_records(session: Session, run: Run, base: str | None) -> None:
    made = runs.records_created(session, run.organisation_id, run.id)
    created = {(change.module, change.record_id) for change in made}
    linked = history.links_made(session, run.organisation_id, run.id)
    matched = [change for change in linked if (change.module, change.record_id) not in created]
    owners = _owners(session, run.organisation_id, [*made, *matched])
    listed = table("records", "owner", "address")
    for what, changes, most in (("created", made, CREATED_SHOWN), ("matched", matched, MATCHED_SHOWN)):
        for change in changes[:most]:
            ref = RecordRef(change.module or "", change.record_id or "")
            address = f"{base.rstrip('/')}/{ref.module}/{ref.id}" if base else f"{ref.module}/{ref.id}"
            listed.add_row(what, Text(owners.get(ref, "")), address)
        if len(changes) > most:
            more = f"{len(changes) - most} more in `chatledger log --run {run.id[:SHORT_ID]}`"
            listed.add_row(what, "", Text(more, style="dim"))
    if listed.row_count:
        out = console()
        out.print()
        out.print(listed)
    console().print()


def _owners(session: Session, organisation_id: str, changes: Sequence[Change]) -> dict[RecordRef, str]:
    refs = [RecordRef(change.module or "", change.record_id or "") for change in changes]
    names = history.users(session, organisation_id)
    known = phone_index.by_id(session, organisation_id, refs)
    return {ref: names.get(row.owner_id or "", "") for ref, row in known.items()}


def _totals(run: Run, still: dict[tuple[str, str], int]) -> Iterable[tuple[str, str]]:
    yield "records", f"{run.records_matched} matched, {run.records_created} created"
    yield "notes", f"{run.notes_created} created, {run.notes_updated} updated, {run.notes_unchanged} unchanged"
    yield "calls", _calls(run).removeprefix("calls ")
    if run.problem:
        yield "problem", run.problem
    if still:
        yield "open", _still_open(still)
    yield "more", f"`chatledger log --run {run.id[:SHORT_ID]}`, `chatledger explain UID-or-PHONE`"


def _calls(run: Run) -> str:
    return f"calls {run.calls_timelines} TimelinesAI, {run.calls_zoho} Zoho ({run.zoho_credits} credits)"


def _still_open(still: dict[tuple[str, str], int]) -> str:
    said = []
    for outcome in _OPEN:
        number = sum(count for (found, _), count in still.items() if found == outcome)
        if number:
            said.append(f"{number} {outcome} (`chatledger log --outcome {outcome}`)")
    return f"Of all messages so far {' and '.join(said)}." if said else ""
