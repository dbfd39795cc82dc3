"""Requests for a name that is not ours are refused: a foreign page could otherwise rebind its name to this machine."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from chatledger.web.parts import WebParts

REFUSED = "These pages do not answer to this host name; set CHATLEDGER_PUBLIC_URL to the address you use."


class KnownHosts:
    """Lets requests through that name our public host, localhost or an IP address; rebinding needs another name."""

    def __init__(self, app: ASGIApp, parts: WebParts) -> None:
        self._app = app
        self._known = {"localhost", urlsplit(parts.public_url).hostname}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with status 400 where the host is not ours; `/health` is asked under any name."""
        if scope["type"] != "http" or scope["path"] == "/health" or self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        await PlainTextResponse(REFUSED, 400)(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        hosts = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
        try:
            name = urlsplit(f"//{hosts[0]}").hostname if len(hosts) == 1 else None
        except ValueError:
            return False
        return name is not None and (name in self._known or _is_address(name))


def own_address(request: Request) -> str:
    """Return the address to lead back to: the public one, else the one this browser came by, whose cookie is there.

    Without a public address only localhost and IP addresses get this far, so nobody else's name can be in it.
    """
    parts: WebParts = request.app.state.parts
    return parts.public_url if parts.public else f"{request.url.scheme}://{request.url.netloc}"


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
