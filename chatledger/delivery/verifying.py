"""Verifying: TimelinesAI, the ledger and Zoho are compared chat by chat; what differs is named, and repaired where it is ours.

A verification takes no lease and writes nothing to Zoho: ticks go on beside it. So TimelinesAI is always asked before the
ledger, and what looks different is looked at twice before it is said.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chatledger.delivery.comparing import Difference, FindingKind, Known, Standing, message_differences, shares, standings
from chatledger.delivery.reading_back import HeldChat, list_chats, read_back
from chatledger.delivery.verification import ComparedChat, Verification
from chatledger.delivery.verifying_notes import compare_notes
from chatledger.errors import NotFound, OutsideError, why_it_ended
from chatledger.ledger import Session, backfills, chats, erasures, history, phone_index, verifications
from chatledger.ledger.tables import Verification as VerificationRow
from chatledger.ledger.verifications import FoundCount
from chatledger.models import Message, RecordRef
from chatledger.phones import chat_phone_key

log = logging.getLogger(__name__)

READS_AT_ONCE = 4
CHATS_AT_ONCE = 50


async def find_chats(verification: Verification) -> list[list[int]]:
    """Return the chats to compare in batches: those TimelinesAI lists and those the ledger has messages of."""
    period, organisation = verification.period, verification.organisation_id
    with verification.ledger.reading() as session:
        in_order = not history.chat_list_is_out_of_order(session, organisation)
        stored = verifications.chats_with_messages(session, organisation, period.start, period.end)
    try:
        first = max(period.start, verification.starts_at)
        verification.listed = {chat.id: chat for chat in await list_chats(verification.timelines, first, in_order=in_order)}
    except OutsideError as error:
        verification.met(error)
    ids = sorted(stored | verification.listed.keys())
    verification.chats_in_all = len(ids)
    return [ids[start : start + CHATS_AT_ONCE] for start in range(0, len(ids), CHATS_AT_ONCE)]


async def verify_chats(verification: Verification, chat_ids: Sequence[int]) -> None:
    """Compare these chats in all three systems, write down what differs and count where each message stands."""
    held = await _read_all(verification, chat_ids)
    compared, differences = [], []
    for chat in _stored(verification, chat_ids, held):
        messages = held[chat.id]
        compared.append(chat)
        if messages is not None:
            if not messages.gone:
                await _confirm_vanished(verification, chat, messages.messages)
            differences += message_differences(chat.id, chat.standings, messages.messages, chat.rows)
    differences += await compare_notes(verification, compared)
    differences += _duplicate_records(verification, compared)
    verification.keep(differences)
    for chat in compared:
        verification.standings.update(chat.standings.values())
        if {Standing.NOT_STORED, Standing.CHANGED} & set(chat.standings.values()):
            verification.to_pull.add(chat.id)
    verification.chats += len(compared)
    log.info(
        "%d of %d chats compared, %d messages, %d differences",
        verification.chats, verification.chats_in_all, verification.standings.total(), verification.found.total(),
    )  # fmt: skip


async def _read_all(verification: Verification, chat_ids: Sequence[int]) -> Mapping[int, HeldChat | None]:
    gate = asyncio.Semaphore(READS_AT_ONCE)

    async def read(chat_id: int) -> HeldChat | None:
        async with gate:
            if verification.stopped:
                return None
            try:
                return await read_back(verification.timelines, chat_id, verification.period.start)
            except NotFound:
                return HeldChat({}, gone=True)
            except OutsideError as error:
                verification.met(error)
                return None

    return dict(zip(chat_ids, await asyncio.gather(*map(read, chat_ids)), strict=True))


def _stored(
    verification: Verification, chat_ids: Sequence[int], held: Mapping[int, HeldChat | None]
) -> Iterable[ComparedChat]:
    """Read what the ledger says of these chats, after TimelinesAI was asked: it holds at least as much."""
    period, organisation = verification.period, verification.organisation_id
    with verification.ledger.reading() as session:
        known = {row.id: row for row in chats.load(session, organisation, chat_ids)}
        erased = _erased(verification, session, chat_ids)
        history = backfills.brought_in(session, organisation, chat_ids)
        for chat_id in chat_ids:
            answer = held[chat_id]
            within = {uid: item for uid, item in (answer.messages if answer else {}).items() if period.holds(item.timestamp)}
            rows = verifications.messages_of(session, organisation, chat_id, period.start, period.end, within)
            counted = _counted(verification, within, {row.uid for row in rows}, history.get(chat_id, ()))
            ledger = Known(rows, verification.pulled_until, erased=chat_id in erased)
            found = standings(counted, ledger) if answer else dict.fromkeys((row.uid for row in rows), Standing.UNCHECKED)
            yield ComparedChat(chat_id, rows, found, known.get(chat_id))


def _erased(verification: Verification, session: Session, chat_ids: Sequence[int]) -> set[int]:
    """Return the chats whose person asked to be forgotten, those the ledger has never seen included."""
    forgotten, region = erasures.is_erased(session, verification.organisation_id), verification.settings.default_region
    listed = [verification.listed[chat_id] for chat_id in chat_ids if chat_id in verification.listed]
    unseen = {chat.id for chat in listed if forgotten(chat_phone_key(chat.jid, chat.phone, region))}
    return unseen | erasures.erased_chats(session, verification.organisation_id, chat_ids)


def _counted(
    verification: Verification,
    held: Mapping[str, Message],
    stored: Collection[str],
    history: Sequence[tuple[datetime, datetime]],
) -> dict[str, Message]:
    """Leave out what was never to be synced: older than the start, not stored, and of no history that was brought in."""

    def counts(uid: str, moment: datetime) -> bool:
        of_history = any(since <= moment < until for since, until in history)
        return moment >= verification.starts_at or of_history or uid in stored

    return {uid: item for uid, item in held.items() if counts(uid, item.timestamp)}


async def _confirm_vanished(verification: Verification, chat: ComparedChat, held: Mapping[str, Message]) -> None:
    """Ask for each message that a list did not show by its uid: lists skip messages where several have one time."""
    for uid, standing in list(chat.standings.items()):
        if standing is not Standing.VANISHED:
            continue
        try:
            message = held.get(uid) or await verification.timelines.message(uid)
        except NotFound:
            continue
        except OutsideError as error:
            verification.met(error)
            chat.standings[uid] = Standing.UNCHECKED
            continue
        [row] = [row for row in chat.rows if row.uid == uid]
        chat.standings.update(standings({uid: message}, Known([row], verification.pulled_until)))


def _duplicate_records(verification: Verification, compared: Sequence[ComparedChat]) -> list[Difference]:
    """Name records we created beside which another record of the module carries the same number."""
    module = verification.settings.target_module
    keys = {chat.chat.phone_key: chat.id for chat in compared if chat.chat and chat.chat.phone_key}
    with verification.ledger.reading() as session:
        made = verifications.records_made(session, verification.organisation_id, module, keys)
        found = phone_index.by_key(session, verification.organisation_id, module, list(made))
    differences = []
    for key, ours in made.items():
        alive = [row.ref.id for row in found.get(key, []) if row.alive and not row.converted]
        doubled = next((record_id for record_id in reversed(ours) if record_id in alive), None)
        if doubled is None or len(alive) == 1 or key in verification.doubled_keys:
            continue
        verification.doubled_keys.add(key)
        others = tuple(sorted((record_id for record_id in alive if record_id != doubled), key=int))
        differences.append(
            Difference(FindingKind.RECORD_DUPLICATE, keys[key], record=RecordRef(module, doubled), others=others)
        )
    return differences


def end(verification: Verification, error: BaseException | None = None) -> VerificationRow:
    """Write the totals and the end state of a verification down; `error` is what it broke off with."""
    with verification.ledger.transaction() as session:
        row = verifications.get(session, verification.id)
        counted = verifications.found_by_kind(session, verification.id)
        row.found = sum(count.found for count in counted.values())
        row.repaired = sum(count.repaired for count in counted.values())
        row.standings = {standing.value: verification.standings[standing] for standing in Standing}
        row.messages = verification.standings.total()
        row.chats, row.notes, row.index_rows = verification.chats, verification.notes, verification.index_rows
        row.calls_timelines, row.calls_zoho = verification.count.timelines, verification.count.zoho
        row.zoho_credits = verification.count.zoho_credits
        row.seconds = round(time.monotonic() - verification.started, 3)
        row.ended_at = verification.ledger.now()
        row.state = "failed" if error else _state(verification, row)
        row.problem = _problem(verification, error)
    return row


def _state(verification: Verification, row: VerificationRow) -> str:
    if verification.problems:
        return "incomplete"
    if row.found == row.repaired:
        return "repaired" if row.found else "clean"
    return "findings"


def _problem(verification: Verification, error: BaseException | None) -> str | None:
    said = [str(problem) for problem in verification.problems]
    if error is not None:
        said.append(why_it_ended(error))
    first, *more = dict.fromkeys(said) or [None]
    return f"{first} {len(more)} more were met." if more else first


def summary_of(row: VerificationRow, counted: Mapping[str, FoundCount]) -> dict[str, Any]:
    """Return a verification as commands print it: counts and ids only; the standings sum to `messages.total`."""
    return {
        "verification_id": row.id,
        "state": row.state,
        "period": {"from": row.period_from.isoformat(), "to": row.period_to.isoformat() if row.period_to else None},
        "messages": {"total": row.messages, **row.standings},
        "chats": row.chats,
        "notes": row.notes,
        "index_rows": row.index_rows,
        "findings": {kind: {"found": count.found, "repaired": count.repaired} for kind, count in sorted(counted.items())},
        "left": row.found - row.repaired,
        "expectations": [expected for expected in row.expectations or () if not expected["met"]],
        "api_calls": {"timelines": row.calls_timelines, "zoho": row.calls_zoho},
        "zoho_credits": row.zoho_credits,
        "seconds": row.seconds,
    }


def empty_summary() -> dict[str, Any]:
    """Return the summary of a verification that could not begin."""
    return {
        "verification_id": None,
        "state": "failed",
        "period": {"from": None, "to": None},
        "messages": {"total": 0, **{standing.value: 0 for standing in Standing}},
        **dict.fromkeys(("chats", "notes", "index_rows"), 0),
        "findings": {},
        "left": 0,
        "expectations": [],
        "api_calls": {"timelines": 0, "zoho": 0},
        "zoho_credits": 0,
        "seconds": 0.0,
    }


def as_table(row: VerificationRow, counted: Mapping[str, FoundCount]) -> list[dict[str, Any]]:
    """Return a verification as rows of a table, counts only, every message in exactly one of the first."""
    parts = shares(list(row.standings.values()))
    stand = [
        {"what": f"messages {standing}", "number": number, "share": f"{share:.1f} %"}
        for (standing, number), share in zip(row.standings.items(), parts, strict=True)
    ]
    found = [
        {"what": f"found {kind}", "number": count.found, "share": f"{count.repaired} repaired"}
        for kind, count in sorted(counted.items())
    ]
    return [{"what": "messages", "number": row.messages, "share": "100 %"}, *stand, *found]
