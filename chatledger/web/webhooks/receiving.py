"""`POST /webhooks/timelines/SECRET`: kept as it comes and answered at once; a tick takes it from there.

TimelinesAI signs nothing and sends no header of ours, so that the secret in the path is all that says who calls.
"""

import asyncio
import logging

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from chatledger.clients.timelines.webhook_events import EventKind, WebhookEvent, read_events
from chatledger.errors import LedgerUnavailable
from chatledger.ledger import webhook_registrations
from chatledger.ledger.webhook_inbox import Brought
from chatledger.web.limits import limit
from chatledger.web.parts import WebParts
from chatledger.web.webhooks.keeping import InboxKeeper

PATH = "/webhooks/timelines/{secret}"
KEPT_WITHIN_SECONDS = 4.0
"""TimelinesAI gives an answer five seconds and repeats what got none; what is kept twice is kept once."""
LONGEST_SECRET = 200
TRY_AGAIN = "The event could not be kept; send it again."

log = logging.getLogger(__name__)


def routes(parts: WebParts) -> list[BaseRoute]:
    """Return the route of the webhooks."""
    keeper = InboxKeeper(parts.ledger)

    async def receive(request: Request) -> Response:
        return await _receive(request, parts, keeper)

    return [Route(PATH, receive, methods=["POST"])]


async def _receive(request: Request, parts: WebParts, keeper: InboxKeeper) -> Response:
    try:
        organisation_id = await run_in_threadpool(_organisation, parts, request.path_params["secret"])
        if organisation_id is None:
            limit(request, "webhook with a wrong secret")
            raise HTTPException(404)
        limit(request, "webhook")
        events = read_events(await request.body())
        async with asyncio.timeout(KEPT_WITHIN_SECONDS):
            await keeper.keep(organisation_id, [_brought(event) for event in events])
    except (LedgerUnavailable, TimeoutError) as error:
        log.warning("A webhook could not be kept and will be sent again: %s", error)
        return JSONResponse({"error": TRY_AGAIN}, 503, {"Retry-After": "2"})
    _pass_on(parts, organisation_id, events)
    return JSONResponse({"status": "ok"})


def _organisation(parts: WebParts, secret: str) -> str | None:
    if len(secret) > LONGEST_SECRET:
        return None
    with parts.ledger.reading() as session:
        return webhook_registrations.organisation_of(session, parts.ledger.cipher, secret)


def _brought(event: WebhookEvent) -> Brought:
    return Brought(
        fingerprint=event.fingerprint,
        event_type=event.event_type,
        body=event.body,
        chat_id=event.chat_id,
        message_uid=event.message_uid,
        problem=event.why,
        # A number may be disconnected, connected and disconnected again in the same words.
        reopens=event.kind is EventKind.ACCOUNT,
    )


def _pass_on(parts: WebParts, organisation_id: str, events: list[WebhookEvent]) -> None:
    """Tell the open pages and ask for a tick; what is lost here is made up for by the tick of the minute."""
    parts.broadcaster.nudge()
    if parts.request_tick is not None and any(not event.why for event in events):
        parts.request_tick(organisation_id)
