"""Asking for history: which chats and days, whether that makes sense, and what became of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4

from chatledger.clients import TimelinesClient
from chatledger.delivery.closing import empty_summary, summary_of
from chatledger.errors import UsageError
from chatledger.ledger import backfills, chats, organisations
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import Backfill, Run
from chatledger.models import Chat, ChatKind
from chatledger.phones import alias_key, chat_phone_key


def begin(
    ledger: Ledger, organisation_id: str, since: datetime, until: datetime | None, chat_ids: Sequence[int] | None = None
) -> Backfill:
    """Return the backfill of a range of days, an unfinished one of the same range and chats where there is one.

    `until` is by default the start of the activation, `chat_ids` None for all chats. From now on notes of days before the
    activation are looked up in Zoho before they are created. Raises UsageError for a range that is none.
    """
    with ledger.transaction() as session:
        organisation = organisations.get(session, organisation_id)
        known = backfills.unfinished(session, organisation_id, since, until, chat_ids)
        if known is not None:
            known.problem = None
            return known
        end = until or organisation.starts_at
        check(since, end, ledger.now())
        organisation.adopt_mode = True
        backfill = Backfill(
            id=str(uuid4()), organisation_id=organisation_id, since=since, until=end, created_at=ledger.now(),
            chat_ids=sorted(set(chat_ids)) if chat_ids is not None else None,
        )  # fmt: skip
        backfills.add(session, backfill)
    return backfill


def check(since: datetime, until: datetime, now: datetime) -> None:
    """Raise UsageError when a range lies in the future or is empty."""
    if since > now:
        raise UsageError(f"--from {since.isoformat()} lies in the future; give a moment that has passed.")
    if until > now:
        raise UsageError(f"--to {until.isoformat()} lies in the future; give a moment that has passed.")
    if since >= until:
        raise UsageError(
            f"--from {since.isoformat()} is not before {until.isoformat()}, where the backfill ends: "
            "messages since the activation are read by every tick."
        )


def stopped(ledger: Ledger, backfill_id: str, problem: str) -> None:
    """Write down why a backfill stopped before its end; asked for again it goes on."""
    with ledger.transaction() as session:
        backfills.progress(session, backfill_id).backfill.problem = problem


async def chats_of_phone(ledger: Ledger, timelines: TimelinesClient, organisation_id: str, key: str) -> list[int]:
    """Return the direct chats of a phone key, those of the ledger and those TimelinesAI lists. Raises UsageError for none."""
    with ledger.reading() as session:
        region = organisations.current_settings(session, organisation_id).default_region
        found = {chat.id for chat in chats.of_keys(session, organisation_id, [key])}
    for form in dict.fromkeys([key, alias_key(key)]):
        number, more = 1, True
        while more:
            # A workspace that does not know the filter lists every chat: each is compared.
            page = await timelines.chats(number, phone=form)
            found |= {chat.id for chat in _with_key(page.items, key, region)}
            number, more = number + 1, page.more and bool(page.items)
    if not found:
        raise UsageError("TimelinesAI has no chat with this number; `chatledger explain PHONE` shows what the ledger knows.")
    return sorted(found)


def _with_key(items: Iterable[Chat], key: str, region: str) -> Iterable[Chat]:
    direct = (chat for chat in items if chat.kind is ChatKind.DIRECT)
    return (chat for chat in direct if alias_key(chat_phone_key(chat.jid, chat.phone, region) or "") == alias_key(key))


def totals(ledger: Ledger, organisation_id: str, flow_run_id: str) -> tuple[dict[str, object], list[Run]]:
    """Return the summary of a backfill's flow run as a tick prints it, each message counted once, and its runs."""
    with ledger.reading() as session:
        runs = backfills.slices(session, organisation_id, flow_run_id)
        outcomes = backfills.outcomes(session, organisation_id, [run.id for run in runs])
    whole = empty_summary()
    for summary in map(summary_of, runs):
        for group in ("records", "notes", "api_calls"):
            whole[group] = {name: number + summary[group][name] for name, number in whole[group].items()}
        whole["zoho_credits"] += summary["zoho_credits"]
        whole["seconds"] = round(whole["seconds"] + summary["seconds"], 3)
    names = {"synced": "synced", "skipped": "skipped", "failed": "parked", "pending": "pending"}
    counts = {name: outcomes.get(outcome, 0) for name, outcome in names.items()}
    whole["messages"] = {"seen": sum(counts.values())} | counts
    whole["run_id"] = runs[-1].id if runs else None
    return whole, runs
