"""Retrying: messages that are not in Zoho are opened again because a person asked, and a run decides them anew.

A retry sees today's settings, records and owners; what was written stays as it is, because notes are compared by their hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chatledger.delivery.tick import Tick
from chatledger.errors import NotFound, OutsideError, SchemaDrift, UsageError
from chatledger.ledger import Session, history, retries, storing
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Message
from chatledger.models import Message as ReadMessage
from chatledger.models import Reason
from chatledger.transcript import local_date


class RetriedReason(StrEnum):
    """What a retry can do something about: everything parked, pauses, and the skips that are only re-judged on request."""

    UNREADABLE = Reason.UNREADABLE.value
    SEVERAL_MATCHES = Reason.SEVERAL_MATCHES.value
    MANDATORY_FIELD_MISSING = Reason.MANDATORY_FIELD_MISSING.value
    FIELD_REFUSED = Reason.FIELD_REFUSED.value
    DUPLICATE_REFUSED = Reason.DUPLICATE_REFUSED.value
    RECORD_REFUSED = Reason.RECORD_REFUSED.value
    NOTE_REFUSED = Reason.NOTE_REFUSED.value
    NOT_PERMITTED = Reason.NOT_PERMITTED.value
    BACK_OFF = Reason.BACK_OFF.value
    CONVERTED_STOP = Reason.CONVERTED_STOP.value
    OUTGOING_ONLY = Reason.OUTGOING_ONLY.value


ALL_REASONS = tuple(Reason(code.value) for code in RetriedReason)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are to be tried again: those held back for these reasons, of these uids, or by this run."""

    reasons: tuple[Reason, ...] = ALL_REASONS
    uids: tuple[str, ...] | None = None
    run_id: str | None = None

    def rows(self, session: Session, organisation_id: str) -> list[Message]:
        """Return the messages that would be tried again."""
        return retries.held_back(session, organisation_id, self.reasons, uids=self.uids, run_id=self.run_id)


def wanted(
    ledger: Ledger, organisation_id: str, *, reasons: Sequence[str] = (), uids: Sequence[str] = (), run: str | None = None
) -> Wanted:
    """Return what exactly one of reasons, uids or the (beginning of a) run's id asks for; UsageError for anything else."""
    if sum(map(bool, (reasons, uids, run))) != 1:
        raise UsageError("Say what to retry by one of --reason CODE, --message UID or --run RUN_ID.")
    if reasons:
        return Wanted(reasons=tuple(_reason(code) for code in reasons))
    with ledger.reading() as session:
        if unknown := retries.unknown_uids(session, organisation_id, uids):
            raise UsageError(f"No message has the uid {unknown[0]}; `chatledger log --outcome parked` lists what is parked.")
        return Wanted(uids=tuple(uids)) if uids else Wanted(run_id=_run_id(session, organisation_id, run or ""))


def _reason(code: str) -> Reason:
    if code not in [known.value for known in RetriedReason]:
        raise UsageError(f"{code} is nothing a retry can change. It can for: {', '.join(RetriedReason)}.")
    return Reason(code)


def _run_id(session: Session, organisation_id: str, beginning: str) -> str:
    found = history.runs_named(session, organisation_id, beginning)
    if len(found) != 1:
        said = "Several runs begin" if found else "No run begins"
        raise UsageError(f"{said} with {beginning}; `chatledger log` lists the newest.")
    return found[0].id


async def reopen(tick: Tick, wanted: Wanted) -> list[int]:
    """Open the messages again, reading those anew that could not be read before; return the ledger ids of all of them."""
    with tick.ledger.transaction() as session:
        rows = wanted.rows(session, tick.organisation_id)
        retries.open_again(session, [row.id or 0 for row in rows if row.timestamp is not None])
    await _read_again(tick, [row for row in rows if row.timestamp is None])
    return [row.id or 0 for row in rows]


async def _read_again(tick: Tick, rows: Sequence[Message]) -> None:
    """Read messages one by one that TimelinesAI gave in an unreadable form; those that still are stay parked."""
    read: list[ReadMessage] = []
    in_vain: list[int] = []
    for row in rows:
        try:
            read.append(await tick.timelines.message(row.uid))
        except (SchemaDrift, NotFound):
            in_vain.append(row.id or 0)
        except OutsideError as error:
            tick.met(error)
            break
    read.sort(key=lambda item: item.timestamp)
    days = [local_date(item.timestamp, tick.settings.timezone) for item in read]
    now = tick.ledger.now()
    with tick.ledger.transaction() as session:
        storing.store(session, tick.organisation_id, tick.run_id, read, days=days, now=now)
        retries.tried_in_vain(session, in_vain, run_id=tick.run_id, now=now)


def write_down(tick: Tick, ids: Sequence[int]) -> dict[str, int]:
    """Add to the history how many messages were tried again and what became of them; return those counts."""
    with tick.ledger.transaction() as session:
        counts = {"messages": len(ids)} | retries.outcomes(session, ids)
        retries.write_down(session, tick.organisation_id, tick.run_id, counts, now=tick.ledger.now())
    return counts
