"""Sending: every write goes out behind an intent, and no answer is taken for more than it says.

The intent is committed before the request leaves. A row's own success means done; a refusal in Zoho's envelope means not
done; everything else is unknown, waits, and is looked up before it is repeated.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from chatledger.delivery.tick import Tick
from chatledger.errors import OutsideError, Rejected, Unavailable
from chatledger.ledger import Session, intents, lease
from chatledger.ledger.intents import Decided, NewIntent
from chatledger.models import RowDone, RowRefused, RowResult

_STOPS_EVERYTHING = {
    "INVALID_MODULE",
    "INVALID_URL_PATTERN",
    "NOT_SUPPORTED",
    "OAUTH_SCOPE_MISMATCH",
    "NO_PERMISSION",
    "TOO_MANY_REQUESTS",
    "LIMIT_EXCEEDED",
}

STALE = "STALE_WRITE"
"""Our own code of a write that was held back because it waited too long."""


class Call(Protocol):
    """A write of the Zoho client: rows in, one result per row out; `guard` runs immediately before the request leaves."""

    def __call__(self, rows: list[dict[str, Any]], *, guard: Callable[[], None]) -> Awaitable[Sequence[RowResult]]:
        """Send the rows once."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row to be written: its intent, the row, and what to store when Zoho confirms or refuses it.

    `done` and `refused` run in the transaction that closes the intent.
    """

    intent: NewIntent
    row: dict[str, Any]
    done: Callable[[Session, RowDone], None]
    refused: Callable[[Session, RowRefused], None]


async def send(tick: Tick, writes: Sequence[Write], call: Call, store: Callable[[Session], None] | None = None) -> None:
    """Send a batch once, and its halves again where Zoho refused it as a whole for its content.

    `store` runs after the last `done` and `refused` of an answer, in the same transaction, for what is cheaper done at once.

    Raises OutsideError when nothing of the batch was done and the same may be tried later; a batch without a trustworthy
    answer raises nothing: its intents are unknown and the trouble is remembered in the tick.
    """
    if not writes:
        return
    ids = _committed(tick, writes)
    try:
        results = await call([write.row for write in writes], guard=partial(_still_allowed, tick, ids))
    except OutsideError as error:
        if error.outcome_unknown:
            _unknown(tick, ids, error)
            return
        _close_all(tick, ids, "abandoned" if error.code == STALE else "refused", error.code or "")
        if not isinstance(error, Rejected) or error.code in _STOPS_EVERYTHING:
            raise
        if len(writes) == 1:
            _answered(tick, writes, [None], [_as_row(error)], store)
            return
        middle = len(writes) // 2
        await send(tick, writes[:middle], call, store)
        await send(tick, writes[middle:], call, store)
        return
    _answered(tick, writes, ids, results, store)


def _committed(tick: Tick, writes: Sequence[Write]) -> list[int]:
    now = tick.ledger.now()
    age = timedelta(seconds=tick.options.intent_age)
    decided = Decided(tick.organisation_id, tick.run_id, tick.fence, decided_at=now, may_leave_until=now + age)
    with tick.ledger.transaction() as session:
        lease.check(session, tick.organisation_id, tick.fence)
        return intents.add(session, [write.intent for write in writes], decided)


def _still_allowed(tick: Tick, ids: Sequence[int]) -> None:
    """Check lease and age immediately before a request leaves; one that waited too long is abandoned, not sent late."""
    with tick.ledger.transaction() as session:
        lease.check(session, tick.organisation_id, tick.fence)
        too_old = intents.expired(session, ids, tick.ledger.now())
    if too_old:
        text = "A write to Zoho waited too long before it could leave and is tried again."
        raise Unavailable(text, system="Zoho CRM", code=STALE)


def _unknown(tick: Tick, ids: Sequence[int], error: OutsideError) -> None:
    with tick.ledger.transaction() as session:
        intents.mark_unknown(session, ids, tick.wait_from(tick.ledger.now()))
    tick.met(error)


def _close_all(tick: Tick, ids: Sequence[int], state: str, refusal: str) -> None:
    with tick.ledger.transaction() as session:
        for intent_id in ids:
            intents.close(session, intent_id, state, refusal=refusal)


def _answered(
    tick: Tick,
    writes: Sequence[Write],
    ids: Sequence[int | None],
    results: Sequence[RowResult],
    store: Callable[[Session], None] | None,
) -> None:
    closed: list[tuple[int, str, str | None, str]] = []
    with tick.ledger.transaction() as session:
        # Whoever took the lease over made our open intents unknown and looks them up: this late answer is theirs to find.
        lease.check(session, tick.organisation_id, tick.fence)
        for write, intent_id, result in zip(writes, ids, results, strict=True):
            if isinstance(result, RowDone):
                write.done(session, result)
                state, result_id, refusal = "confirmed", result.id, ""
            else:
                write.refused(session, result)
                state, result_id, refusal = "refused", None, result.code
            if intent_id is not None:
                closed.append((intent_id, state, result_id, refusal))
        if store is not None:
            store(session)
        intents.close_each(session, closed)


def _as_row(error: Rejected) -> RowRefused:
    """Read a refusal of a whole request of one row as the refusal of that row."""
    field = error.details.get("api_name")
    return RowRefused(error.code or "REJECTED", str(error), str(field) if field else None, details=error.details)
