"""The page inside Zoho's frame: it learns from Zoho which record is open and shows that record's chats."""

from starlette.requests import Request
from starlette.responses import Response

from chatledger.web.headers import allow
from chatledger.web.live_chat.frames import connected_origins
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render


async def widget(request: Request) -> Response:
    """Show the empty frame; a script fills it once Zoho has named the record and the person is known."""
    parts: WebParts = request.app.state.parts
    origins = await connected_origins(parts)
    if origins:
        allow(request, "frame-ancestors", origins)
    return render(request, "live_chat/widget.html", origins=" ".join(origins))
