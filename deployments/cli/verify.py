"""`chatledger verify`: TimelinesAI, the ledger and Zoho compared chat by chat; the last line of stdout is JSON."""

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from blocks.environment import Environment, read_environment
from chatledger.counting import counted
from chatledger.delivery import verifying
from chatledger.delivery.comparing import shares
from chatledger.delivery.recognising import activated
from chatledger.errors import OutsideError, UsageError
from chatledger.ledger import organisations, verifications
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Finding, Verification
from chatledger.ledger.verification_words import findings_in_words, standings_in_words
from deployments.cli import flow_runs
from deployments.cli.connections import open_ledger
from deployments.cli.moments import read_moment
from deployments.cli.record_links import record_url
from deployments.cli.screen import console, facts, moment, table
from deployments.embedded_prefect import embedded_prefect

SHOWN = 40
PROGRESS = "chatledger.delivery"


def verify(
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="ISO8601", help="First moment to verify; by default everything that counts."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="ISO8601", help="Last moment to verify; by default now.")] = None,
    repair: Annotated[bool, typer.Option("--repair/--no-repair", help="Repair what can be, or only say what differs.")] = True,
    quick: Annotated[
        bool, typer.Option("--quick", help="Do not read long notes again that neither side says to have changed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary alone.")] = False,
) -> None:
    """Prove that every message is accounted for, name what differs and repair what can be."""
    environment = read_environment()
    organisation = environment.chatledger_organisation
    with open_ledger(environment) as ledger:
        zone = _zone(ledger, organisation)
        period = _period(start, end, zone, ledger.now())
        try:
            flow_runs.refuse_changed_pair(environment, ledger)
        except OutsideError:
            print(json.dumps(verifying.empty_summary()))
            raise
    _show_progress()
    with embedded_prefect(environment.home):
        flow_run_id, error = _audit(organisation, period, repair=repair, quick=quick)
    if isinstance(error, UsageError):
        raise error
    raise typer.Exit(_report(environment, flow_run_id, error, as_json=as_json))


def _period(start: str | None, end: str | None, zone: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    first = read_moment(start, zone, "--from") if start else None
    last = read_moment(end, zone, "--to") if end else None
    if first and first >= now:
        raise UsageError(f"--from {start} lies in the future, where there is nothing to verify yet.")
    if first and last and last <= first:
        raise UsageError(f"--to {end} does not lie after --from {start}; give a later one.")
    return first, last


def _zone(ledger: Ledger, organisation: str) -> str:
    activated(ledger, organisation)
    with ledger.reading() as session:
        return organisations.current_settings(session, organisation).timezone


def _show_progress() -> None:
    """Say on stderr how far the comparison is; stdout is for the result."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(lambda record: record.name.startswith(f"{PROGRESS}.verifying"))
    told = logging.getLogger(PROGRESS)
    told.addHandler(handler)
    told.setLevel(logging.INFO)


def _audit(
    organisation: str, period: tuple[datetime | None, datetime | None], *, repair: bool, quick: bool
) -> tuple[str, BaseException | None]:
    from flows.audit_ledger import audit_ledger

    start, end = period
    asked = {"days": None, "start": start, "end": end, "repair": repair, "quick": quick}
    return flow_runs.ended(audit_ledger(organisation, **asked, return_state=True))


def _report(environment: Environment, flow_run_id: str, error: BaseException | None, *, as_json: bool) -> int:
    organisation = environment.chatledger_organisation
    with open_ledger(environment) as ledger, ledger.reading() as session:
        row = verifications.of_flow_run(session, organisation, flow_run_id)
        if row is None:
            print(json.dumps(verifying.empty_summary()))
            print(f"chatledger: {error}", file=sys.stderr)
            return 1
        summary = verifying.summary_of(row, verifications.found_by_kind(session, row.id))
        if not as_json:
            settings = organisations.current_settings(session, organisation)
            base = record_url(organisations.get(session, organisation).zgid)
            found = verifications.findings(session, organisation, row.id)
            _show(row, summary, found, base, settings.timezone)
    print(json.dumps(summary))
    if row.problem:
        print(f"chatledger: {row.problem}", file=sys.stderr)
    return 0 if row.state in ("clean", "repaired") else 1


def _show(row: Verification, summary: Mapping[str, Any], found: Sequence[Finding], base: str | None, zone: str) -> None:
    out = console()
    until = moment(row.period_to, zone) if row.period_to else "now"
    out.print(
        f"Messages from {moment(row.period_from, zone)} to {until} ({zone}): {row.messages} in {counted(row.chats, 'chat')}"
    )
    listed = table("messages", "share", "stand", "which means", numbers=["messages", "share"])
    parts = shares(list(row.standings.values()))
    for (standing, number), share in zip(row.standings.items(), parts, strict=True):
        if number:
            listed.add_row(str(number), f"{share:.1f} %", standing, standings_in_words()[standing])
    listed.add_row(str(row.messages), "100 %", "", "", style="bold")
    out.print(listed)
    _show_findings(found, base)
    left = summary["left"]
    said = "Nothing differs." if not row.found else f"{row.found} found, {row.repaired} repaired, {left} left."
    calls = f"{row.calls_timelines} TimelinesAI, {row.calls_zoho} Zoho ({row.zoho_credits} credits), {row.seconds:.0f} s"
    compared = f"{counted(row.notes, 'note')}, {counted(row.index_rows, 'record')} of the phone index"
    out.print(facts([("result", f"{row.state}: {said}"), ("compared", compared), ("calls", calls)]))


def _show_findings(found: Sequence[Finding], base: str | None) -> None:
    out = console()
    words = findings_in_words()
    for kind in dict.fromkeys(finding.kind for finding in found):
        rows = [finding for finding in found if finding.kind == kind]
        out.print(Text.assemble((f"\n{kind}", "bold"), f" {len(rows)}: {words[kind].meaning} {words[kind].remedy}"))
        out.print(facts([("repaired" if row.repaired else "left", _place(row, base)) for row in rows[:SHOWN]]))
        if len(rows) > SHOWN:
            out.print(f"  and {len(rows) - SHOWN} more")
    if found:
        out.print()


def _place(row: Finding, base: str | None) -> str:
    named = [
        f"message {row.message_uid}" if row.message_uid else "",
        f"note {row.note_id}" if row.note_id else "",
        f"chat {row.chat_id}" if row.chat_id else "",
        row.local_date.isoformat() if row.local_date else "",
        _record(row, base),
        f"beside {', '.join(row.others)}" if row.others else "",
    ]
    hashes = (
        f"; expected {row.expected_hash[:12]}, found {row.found_hash[:12]}" if row.expected_hash and row.found_hash else ""
    )
    return ", ".join(part for part in named if part) + hashes


def _record(row: Finding, base: str | None) -> str:
    if not row.record_id:
        return ""
    return f"{base.rstrip('/')}/{row.module}/{row.record_id}" if base else f"{row.module}/{row.record_id}"
