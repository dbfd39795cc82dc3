"""The addresses of this area."""

from limits import parse
from starlette.routing import BaseRoute, Route

from chatledger.web.error_pages import FOR_SCRIPTS
from chatledger.web.limits import LARGER_BODIES, MOST
from chatledger.web.live_chat.desk import Desk
from chatledger.web.live_chat.file_kinds import DOCUMENT_LIMIT, MEGABYTE
from chatledger.web.live_chat.handing_out import HandingOut
from chatledger.web.live_chat.handshake import PATH, Handshake
from chatledger.web.live_chat.pages import Pages
from chatledger.web.live_chat.posting import Posting
from chatledger.web.live_chat.stream import Stream
from chatledger.web.live_chat.widget import widget
from chatledger.web.parts import WebParts

LARGER_BODIES["/live-chat/"] = DOCUMENT_LIMIT + MEGABYTE
FOR_SCRIPTS.update(
    f"/live-chat/{part}"
    for part in (
        "panel", "templates", "events", "messages", "session", "chats/{chat_id:int}/older", "chats/{chat_id:int}/latest",
        "chats/{chat_id:int}/messages", "chats/{chat_id:int}/reactions",
    )
)  # fmt: skip
MOST["live chat session"] = parse("600/minute")  # a whole office may stand behind one address; each page asks every 4 minutes


def routes(parts: WebParts) -> list[BaseRoute]:
    """Return the routes of this area with one desk behind them."""
    desk = Desk.of(parts)
    pages, handshake = Pages(desk), Handshake(desk)
    posting, stream, handing_out = Posting(desk, pages), Stream(desk), HandingOut(desk)
    return [
        Route("/live-chat", pages.page, methods=["GET"]),
        Route("/live-chat/panel", pages.panel, methods=["GET"]),
        Route("/live-chat/templates", pages.templates, methods=["GET"]),
        Route("/live-chat/events", stream.events, methods=["GET"]),
        Route("/live-chat/messages", posting.to_phone, methods=["POST"]),
        Route("/live-chat/chats/{chat_id:int}/older", pages.older, methods=["GET"]),
        Route("/live-chat/chats/{chat_id:int}/latest", pages.latest, methods=["GET"]),
        Route("/live-chat/chats/{chat_id:int}/messages", posting.to_chat, methods=["POST"]),
        Route("/live-chat/chats/{chat_id:int}/reactions", posting.react, methods=["POST"]),
        Route("/live-chat/files/{token}", handing_out.file, methods=["GET"]),
        Route("/live-chat/handshake", handshake.window, methods=["GET"]),
        Route(PATH, handshake.session, methods=["POST"]),
        Route("/zoho-widget", widget, methods=["GET"]),
    ]
