"""One chat: the record it belongs to and why, what it led over, and its notes."""

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import chats, history, note_pages
from chatledger.ledger.tables import Account, Chat, Note
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking, looks
from chatledger.web.sync_log.links import links

Read = tuple[Chat, Account | None, Sequence[Note], dict[str, int], str]
NOTES = 31


async def one_chat(request: Request) -> Response:
    """Show a chat: why its messages go where they go, every move, and its notes."""
    person = require(request, "viewer")
    parts = asking.parts_of(request)
    chat, number, notes, counted, zone = await run_in_threadpool(_read, parts, request)
    explained = None
    if parts.acts.explain is not None and chat.phone_key:
        explained = await run_in_threadpool(parts.acts.explain, chat.phone_key)
    await looks.looked(request, person, "chat", str(chat.id), chat.phone_key)
    shown = notes[:NOTES]
    return render(
        request,
        "sync_log/chat.html",
        chat=chat,
        number=number,
        notes=shown,
        counted=counted,
        phone=explained,
        zone=zone,
        links=await links(request),
        can_pin=parts.acts.pin is not None,
        earlier=asking.address(request, before=shown[-1].local_date.isoformat()) if len(notes) > NOTES else None,
    )


def _read(parts: WebParts, request: Request) -> Read:
    chat_id, organisation = request.path_params["chat_id"], parts.organisation_id
    if chat_id >= 2**63:
        raise HTTPException(404)
    with parts.ledger.reading() as session:
        chat = next(iter(chats.load(session, organisation, [chat_id])), None)
        if chat is None:
            raise HTTPException(404)
        before = asking.day(request.query_params, "before")
        notes = note_pages.of_chat(session, organisation, chat_id, before=before, limit=NOTES + 1)
        counted = history.outcomes_of_chats(session, organisation, [chat_id]).get(chat_id, {})
        number = chats.accounts(session, organisation).get(chat.account_id)
        return chat, number, notes, counted, asking.zone_of(session, organisation)
