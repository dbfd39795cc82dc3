"""The list of messages with its search and filters, and one message explained."""

from dataclasses import dataclass, replace

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.errors import UsageError
from chatledger.ledger import Session, chats, history, note_pages, organisations, run_pages, searching
from chatledger.ledger.message_pages import MessageFilter
from chatledger.ledger.searching import Found
from chatledger.ledger.tables import Account, Message
from chatledger.models import Outcome, Reason
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking, looks
from chatledger.web.sync_log.links import links
from chatledger.web.sync_log.reason_search import reasons_that_say
from chatledger.web.sync_log.rows import MessageRows, message_rows
from chatledger.web.wording import language_of

CHATS_NAMED = 12


@dataclass(frozen=True, slots=True)
class _Listed:
    """What the page shows: the messages, what a search found, and the numbers to choose from."""

    messages: MessageRows
    found: Found
    reasons: tuple[str, ...]
    numbers: list[Account]
    zone: str


async def message_list(request: Request) -> Response:
    """Show messages, newest first, filtered and searched."""
    person = require(request, "viewer")
    listed = await run_in_threadpool(_read_list, asking.parts_of(request), request)
    found = listed.found
    if found.message_uid:
        return RedirectResponse(f"/sync-log/messages/{found.message_uid}", 303)
    if found.run_id:
        return RedirectResponse(f"/sync-log/runs/{found.run_id}", 303)
    if len(found.chats) == 1:
        await looks.looked(request, person, "chat", str(found.chats[0].id), found.chats[0].phone_key)
    return render(
        request,
        "sync_log/messages.html",
        listed=listed.messages,
        found=found,
        chats_named=found.chats[:CHATS_NAMED],
        found_reasons=listed.reasons,
        numbers=listed.numbers,
        owners=sorted({number.owner_email.lower(): number.owner_name for number in listed.numbers}.items()),
        outcomes=list(Outcome),
        codes=list(Reason),
        zone=listed.zone,
        links=await links(request),
        retriable=retriable(request),
        query=request.query_params,
        older=asking.address(request, after=listed.messages.next) if listed.messages.next else None,
        newest=asking.address(request, after=None) if "after" in request.query_params else None,
    )


def _read_list(parts: WebParts, request: Request) -> _Listed:
    query, organisation = request.query_params, parts.organisation_id
    text = query.get("q", "").strip()[: asking.LONGEST_SEARCH]
    with parts.ledger.reading() as session:
        zone = asking.zone_of(session, organisation)
        numbers = sorted(chats.accounts(session, organisation).values(), key=lambda number: number.phone)
        chosen = _filter(request, zone, numbers)
        found, reasons = Found(), tuple[str, ...]()
        if text:
            found = searching.search(session, organisation, text, _region(session, organisation))
            reasons = reasons_that_say(text, language_of(request))
            chosen = _narrowed(chosen, found, reasons, text)
        listed = message_rows(session, organisation, chosen, asking.message_position(query))
    return _Listed(listed, found, reasons, numbers, zone)


def _chat(text: str) -> tuple[int, ...] | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # noqa: PLR2004 - what fits into 64 bits
        raise UsageError("The filter chat is not the number of a chat in TimelinesAI.")
    return (int(text),)


def _filter(request: Request, zone: str, numbers: list[Account]) -> MessageFilter:
    query = request.query_params
    reason = asking.chosen(query, "reason", list(Reason))
    start, end = asking.period(query, zone)
    of_numbers = [
        number.id
        for number in numbers
        if query.get("number") in (number.id, None, "") and _is_owners(number, query.get("owner", ""))
    ]
    return MessageFilter(
        start=start,
        end=end,
        outcome=asking.chosen(query, "outcome", list(Outcome)),
        reasons=(reason,) if reason else None,
        account_ids=tuple(of_numbers) if query.get("number") or query.get("owner") else None,
        chat_ids=_chat(query.get("chat", "")),
    )


def _is_owners(number: Account, owner: str) -> bool:
    return not owner or number.owner_email.lower() == owner.lower()


def _narrowed(chosen: MessageFilter, found: Found, reasons: tuple[str, ...], text: str) -> MessageFilter:
    """Take what a search found into a filter: chats first, then reasons, then the details of refusals."""
    if found.chats:
        return replace(chosen, chat_ids=tuple(chat.id for chat in found.chats))
    if reasons:
        kept = [code for code in reasons if chosen.reasons is None or code in chosen.reasons]
        return replace(chosen, reasons=tuple(kept))
    return replace(chosen, detail=text)


def _region(session: Session, organisation_id: str) -> str:
    try:
        return organisations.current_settings(session, organisation_id).default_region
    except LookupError:
        return "CO"


def retriable(request: Request) -> frozenset[str]:
    """Return the reasons that can be tried again here: none where there is nobody to ask."""
    acts = asking.parts_of(request).acts
    return acts.retriable if acts.retry is not None else frozenset()


async def one_message(request: Request) -> Response:
    """Show one message: what became of it, why, where it stands, and what would be decided now."""
    person = require(request, "viewer")
    parts = asking.parts_of(request)
    row, flow_run, note_id, zone = await run_in_threadpool(_read_one, parts, request.path_params["uid"])
    explained = None
    if parts.acts.explain is not None:
        try:
            explained = await run_in_threadpool(parts.acts.explain, row.uid)
        except UsageError:
            raise HTTPException(404) from None
    await looks.looked(request, person, "message", row.uid, explained.phone.key if explained and explained.phone else None)
    return render(
        request,
        "sync_log/message.html",
        row=row,
        found=explained,
        flow_run=flow_run,
        note_id=note_id,
        zone=zone,
        links=await links(request),
        retriable=retriable(request),
        can_pin=parts.acts.pin is not None,
    )


def _read_one(parts: WebParts, uid: str) -> tuple[Message, str | None, int | None, str]:
    with parts.ledger.reading() as session:
        row = history.message(session, parts.organisation_id, uid)
        if row is None:
            raise HTTPException(404)
        run = run_pages.find(session, parts.organisation_id, row.run_id)
        note_id = note_pages.row_of(session, parts.organisation_id, row.note_id) if row.note_id else None
        return row, run.flow_run_id if run else None, note_id, asking.zone_of(session, parts.organisation_id)
