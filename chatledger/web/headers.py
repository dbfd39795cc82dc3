"""Security headers on every answer, whoever made it.

Scripts and styles come from our own files only, nothing is framed unless a page allows it, nothing is cached by others.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatledger.web.parts import WebParts

POLICY = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'", "data:"),
    "media-src": ("'self'",),
    "font-src": ("'self'",),
    "connect-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}
# A stricter referrer policy would make browsers send "Origin: null" with our own forms.
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
YEAR_SECONDS = 31_536_000


def allow(request: Request, directive: str, origins: Iterable[str]) -> None:
    """Let this one answer also use `origins` (`https://host`) for a directive, for example frame-ancestors.

    Raises ValueError for anything but a directive of the policy and plain origins.
    """
    named = tuple(origins)
    if directive not in POLICY or any(not _is_origin(origin) for origin in named):
        raise ValueError(f"{directive} cannot be opened to {named}")
    allowed = request.scope.setdefault("state", {}).setdefault("allowed", {})
    allowed[directive] = (*allowed.get(directive, ()), *named)


class SecurityHeaders:
    """Adds the headers to every answer, streams included."""

    def __init__(self, app: ASGIApp, parts: WebParts) -> None:
        self._app = app
        self._secure = parts.secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers when its answer starts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope, MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, with_headers)

    def _add(self, scope: Scope, headers: MutableHeaders) -> None:
        allowed = scope.get("state", {}).get("allowed", {})
        headers.setdefault("Content-Security-Policy", policy(allowed))  # a stricter one stays: files are sandboxed
        if "frame-ancestors" not in allowed:
            headers["X-Frame-Options"] = "DENY"
        for name, value in FIXED.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers["Strict-Transport-Security"] = f"max-age={YEAR_SECONDS}"


def policy(allowed: dict[str, tuple[str, ...]]) -> str:
    """Return the content security policy with what an answer allows beyond it."""
    parts = []
    for directive, sources in POLICY.items():
        more = allowed.get(directive, ())
        kept = tuple(source for source in sources if source != "'none'") if more else sources
        parts.append(" ".join((directive, *kept, *more)))
    return "; ".join(parts)


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    plain = parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" == text
    return plain and not any(character in text for character in " ;,'\"*@")
