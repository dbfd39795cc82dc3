"""`chatledger export`: runs, messages, changes or notes as a file for SQL, spreadsheets and data frames."""

import sys
import time
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from blocks.environment import read_state_settings
from chatledger.delivery.recognising import activated
from chatledger.errors import UsageError
from chatledger.exports.rows import Rows
from chatledger.exports.writing import Exported, Format, write
from chatledger.ledger import exporting, history, organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.exporting import Filters
from chatledger.models import Outcome, Reason
from chatledger.phones import phone_key
from chatledger.settings import SyncSettings
from deployments.cli import trail
from deployments.cli.connections import open_ledger
from deployments.cli.moments import read_moment
from deployments.cli.screen import print_json

SECONDS_BETWEEN_LINES = 2.0


class What(StrEnum):
    """What can be exported."""

    RUNS = "runs"
    MESSAGES = "messages"
    CHANGES = "changes"
    NOTES = "notes"


def export(
    what: Annotated[What, typer.Argument(help="What to write; docs/sync-log.md describes the columns.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")],
    kind: Annotated[Format | None, typer.Option("--format", help="By default what FILE ends with.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="ISO8601", help="From this day or time on, in the settings' time zone.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="ISO8601", help="Up to this day (included) or time.")] = None,
    outcome: Annotated[Outcome | None, typer.Option("--outcome", help="Only messages with this outcome.")] = None,
    reason: Annotated[Reason | None, typer.Option("--reason", help="Only messages with this reason.")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="Only this contact's number, in any spelling.")] = None,
    chat: Annotated[int | None, typer.Option("--chat", help="Only this chat, by TimelinesAI's id.")] = None,
    record: Annotated[str | None, typer.Option("--record", help="Only this record, by its id in Zoho.")] = None,
    number: Annotated[str | None, typer.Option("--number", help="Only this connected WhatsApp number.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only numbers of this owner, by name or e-mail.")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="ID", help="Only what this run decided or wrote.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it exists.")] = False,
) -> None:
    """Write runs, messages with their outcomes, changes or notes to a CSV, Excel or Parquet file."""
    settings, chosen = read_state_settings(), kind or _by_name(out)
    given = {
        "outcome": outcome, "reason": reason, "phone": phone, "chat": chat, "record": record, "number": number, "owner": owner,
        "run": run,
    }  # fmt: skip
    with open_ledger(settings) as ledger:
        organisation = activated(ledger, settings.chatledger_organisation).id
        filters = _filters(
            ledger, organisation, {name: value for name, value in given.items() if value is not None}, start, end
        )
        target, began = out.expanduser().absolute(), time.monotonic()
        done = _write(ledger, organisation, what, filters, target, chosen, replace=force)
        _write_down(ledger, organisation, what, filters, done)
    seconds = round(time.monotonic() - began, 1)
    print_json(
        {"what": what, "format": chosen, "file": str(target), "rows": done.rows, "sheets": done.sheets, "bytes": done.bytes}
        | {"seconds": seconds}
    )


def _write(
    ledger: Ledger, organisation: str, what: str, filters: Filters, target: Path, kind: Format, *, replace: bool
) -> Exported:
    with ledger.reading() as session:
        zone = organisations.current_settings(session, organisation).timezone
        parts = exporting.selections(session, organisation, what, filters, zone)
        rows = Rows(exporting.columns(what), exporting.batches(session, what, parts))
        return write(target, kind, rows, name=what, replace=replace, progress=_Progress(exporting.count(session, what, parts)))


def _filters(ledger: Ledger, organisation: str, exact: dict[str, Any], start: str | None, end: str | None) -> Filters:
    with ledger.reading() as session:
        settings = organisations.current_settings(session, organisation)
        if "run" in exact:
            exact["run"] = _run(history.runs_named(session, organisation, exact["run"]), exact["run"])
        if "owner" in exact and not exporting.owner_is_known(session, organisation, exact["owner"]):
            raise UsageError(f"--owner {exact['owner']}: no connected number belongs to anybody of that name or e-mail.")
    for name in ("phone", "number"):
        if name in exact:
            exact[name] = _key(name, exact[name], settings)
    if "record" in exact:
        exact["record"] = exact["record"].rpartition("/")[2]
    since, until = _moment("--from", start, settings.timezone), _moment("--to", end, settings.timezone, last=True)
    if since and until and until <= since:
        raise UsageError(f"--to {end} lies before --from {start}: give a --to that is later.")
    return Filters(since, until, exact)


def _run(found: list[Any], beginning: str) -> str:
    if len(found) != 1:
        said = "Several runs begin" if found else "No run begins"
        raise UsageError(f"{said} with {beginning}; `chatledger log` lists the newest.")
    return str(found[0].id)


def _key(name: str, text: str, settings: SyncSettings) -> str:
    key = phone_key(text, settings.default_region)
    if key is None:
        raise UsageError(f"--{name} is not a phone number; write it with its country code, as in +57 300 ...")
    return key


def _moment(option: str, text: str | None, zone: str, *, last: bool = False) -> datetime | None:
    """Read a day or a time; a day that is the end of a range is included."""
    if text is None:
        return None
    moment = read_moment(text, zone, option)
    is_day = len(text) <= len("2026-03-31")
    return moment + timedelta(days=1) if last and is_day else moment


def _by_name(out: Path) -> Format:
    ending = out.suffix.lstrip(".").lower()
    if ending not in list(Format):
        raise UsageError(f"{out} does not say what to write: let it end with .{', .'.join(Format)}, or give --format.")
    return Format(ending)


class _Progress:
    """Says on standard error how far an export is, where it takes long enough to be asked."""

    def __init__(self, total: int) -> None:
        self._total, self._said_at = total, time.monotonic()

    def __call__(self, rows: int) -> None:
        if time.monotonic() - self._said_at >= SECONDS_BETWEEN_LINES:
            self._said_at = time.monotonic()
            print(f"{rows:,} of {self._total:,} rows ({rows * 100 // max(self._total, 1)} %)", file=sys.stderr)


def _write_down(ledger: Ledger, organisation: str, what: str, filters: Filters, done: Exported) -> None:
    told = {name: str(value) for name, value in filters.exact.items() if name not in ("phone", "number")}
    period = {name: value.isoformat() for name, value in (("from", filters.start), ("to", filters.end)) if value}
    details = {"rows": done.rows, **told, **period}
    trail.write_down(ledger, organisation, "exported", what, phone_key=filters.exact.get("phone"), details=details)
