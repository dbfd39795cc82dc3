"""One note: before and after each time it was written."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chatledger.ledger import chats, note_pages
from chatledger.ledger.note_pages import Writing
from chatledger.ledger.tables import Chat, Note
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.sync_log import asking, looks
from chatledger.web.sync_log.links import links


async def one_note(request: Request) -> Response:
    """Show how a note grew: what each writing added, by which run, with the hash of its body before and after."""
    person = require(request, "viewer")
    note, chat, writings, zone = await run_in_threadpool(_read, asking.parts_of(request), request.path_params["note_id"])
    await looks.looked(request, person, "note", str(note.id), chat.phone_key if chat else None)
    return render(
        request,
        "sync_log/note.html",
        note=note,
        chat=chat,
        writings=list(reversed(writings)),
        zone=zone,
        links=await links(request),
    )


def _read(parts: WebParts, note_id: int) -> tuple[Note, Chat | None, list[Writing], str]:
    if note_id >= 2**63:
        raise HTTPException(404)
    with parts.ledger.reading() as session:
        note = note_pages.find(session, parts.organisation_id, note_id)
        if note is None:
            raise HTTPException(404)
        chat = next(iter(chats.load(session, parts.organisation_id, [note.chat_id])), None)
        return note, chat, note_pages.writings(session, note), asking.zone_of(session, parts.organisation_id)
