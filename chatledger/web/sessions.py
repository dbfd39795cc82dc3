"""The signed-in browser: a cookie that holds a random secret, signed; the ledger knows only its hash.

A browser nobody signed in with gets such a cookie too, so that its forms can be protected; signing in replaces it.
"""

import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from chatledger.ledger import people
from chatledger.ledger.tables import Person
from chatledger.web.parts import WebParts
from chatledger.web.signing import read_signed, sign

PURPOSE = "browser"
WITHOUT_SESSION = ("/static/", "/webhooks/", "/health")
"""Paths whose answers depend on nobody."""


@dataclass(slots=True)
class Browser:
    """A browser by the secret of its cookie; `fresh` until the cookie is set."""

    secret: str
    person: Person | None = None
    fresh: bool = False


def cookie_name(parts: WebParts) -> str:
    """Return the cookie's name; over https browsers hold a name with this prefix to host, path and encryption."""
    return "__Host-chatledger" if parts.secure else "chatledger"


class Sessions:
    """Finds out who asks, before any page does."""

    def __init__(self, app: ASGIApp, parts: WebParts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the browser into the request's state."""
        if scope["type"] == "http" and not scope["path"].startswith(WITHOUT_SESSION):
            cookie = _cookie(scope, cookie_name(self._parts))
            scope.setdefault("state", {})["browser"] = await run_in_threadpool(self._browser, cookie)
        await self._app(scope, receive, send)

    def _browser(self, cookie: str | None) -> Browser:
        ledger = self._parts.ledger
        life = people.SESSION_LIFE.total_seconds()
        secret = read_signed(ledger, PURPOSE, cookie, seconds=life) if cookie else None
        if not isinstance(secret, str):
            return Browser(secrets.token_urlsafe(people.SECRET_BYTES), fresh=True)
        with ledger.reading() as session:
            return Browser(secret, people.signed_in(session, self._parts.organisation_id, secret))


def browser_of(request: Request) -> Browser:
    """Return the browser that asks."""
    browser: Browser = request.state.browser
    return browser


def person_of(request: Request) -> Person | None:
    """Return who is signed in, None for nobody."""
    browser: Browser | None = getattr(request.state, "browser", None)
    return browser.person if browser else None


def sign_in(request: Request, response: Response, person: Person, by: str) -> None:
    """Sign a person in with a new secret, so that a cookie somebody planted before is worth nothing."""
    parts: WebParts = request.app.state.parts
    with parts.ledger.transaction() as session:
        people.end_session(session, browser_of(request).secret)
        secret = people.start_session(session, person, by)
    request.state.browser = Browser(secret, person)
    set_cookie(parts, response, secret)


def sign_out(request: Request, response: Response) -> None:
    """End the session here and in the ledger."""
    parts: WebParts = request.app.state.parts
    with parts.ledger.transaction() as session:
        people.end_session(session, browser_of(request).secret)
    request.state.browser = Browser(secrets.token_urlsafe(people.SECRET_BYTES), fresh=True)
    response.delete_cookie(cookie_name(parts), path="/", secure=parts.secure, httponly=True, samesite="lax")


def set_cookie(parts: WebParts, response: Response, secret: str) -> None:
    """Give the browser its cookie. Lax: Zoho's consent leads back here from another site, and the session is needed there."""
    response.set_cookie(
        cookie_name(parts),
        sign(parts.ledger, PURPOSE, secret),
        max_age=int(people.SESSION_LIFE.total_seconds()),
        path="/",
        secure=parts.secure,
        httponly=True,
        samesite="lax",
    )


def _cookie(scope: Scope, name: str) -> str | None:
    for key, value in scope["headers"]:
        if key == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(name)
            except CookieError:
                continue
            if found:
                return found.value
    return None
