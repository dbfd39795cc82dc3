"""Puts the areas together into one application."""

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from chatledger.ledger import organisations
from chatledger.web import connecting, error_pages, health, live_chat, signing_in, sync_log, webhooks
from chatledger.web.background import beside
from chatledger.web.headers import SecurityHeaders
from chatledger.web.hosts import KnownHosts
from chatledger.web.limits import BodyLimit, RateLimits
from chatledger.web.navigation import places
from chatledger.web.parts import WebParts
from chatledger.web.sessions import Sessions, person_of

STATIC = Path(__file__).parent / "static"

AREAS: tuple[Callable[[WebParts], list[BaseRoute]], ...] = (
    signing_in.routes,
    connecting.routes,
    live_chat.routes,
    health.routes,
    sync_log.routes,
    webhooks.routes,
)
"""Every area's `routes(parts)`."""


def create_app(parts: WebParts) -> Starlette:
    """Return the pages as an ASGI application; the ledger stays open and belongs to the caller."""
    app = Starlette(
        routes=[
            Route("/", _home, methods=["GET"]),
            *(route for area in AREAS for route in area(parts)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SecurityHeaders, parts=parts),
            Middleware(KnownHosts, parts=parts),
            Middleware(BodyLimit),
            Middleware(Sessions, parts=parts),
            Middleware(error_pages.Failsafe),
        ],
        exception_handlers=error_pages.HANDLERS,
        lifespan=beside(parts),
    )
    app.router.redirect_slashes = False  # it would build addresses from whatever host name the request brought
    app.state.parts = parts
    app.state.rate_limits = RateLimits()
    return app


def _home(request: Request) -> Response:
    """Lead to the first page this person may see, to the connections as long as there is nothing else to see."""
    parts: WebParts = request.app.state.parts
    with parts.ledger.reading() as session:
        activated = organisations.find(session, parts.organisation_id) is not None
    open_to = places(request, person_of(request))
    return RedirectResponse(open_to[0].path if open_to and activated else "/connect", 303)
