"""Opening Configure and Activate, and its opposite: the run waits for its answers in Prefect's pages."""

import logging
from functools import partial
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.ledger import openings
from chatledger.web.acts import NotStarted
from chatledger.web.csrf import posted_form
from chatledger.web.limits import limit
from chatledger.web.parts import WebParts
from chatledger.web.roles import require

log = logging.getLogger(__name__)


async def configure(request: Request) -> Response:
    """Lead an admin to the form that asks for the settings and activates them."""
    return await _opened(request, "configure-sync", "configuration_not_opened")


async def deactivate(request: Request) -> Response:
    """Switch the sync off for an admin, who sees the run do it."""
    return await _opened(request, "deactivate-sync", "deactivation_not_opened")


def run_origins(parts: WebParts) -> list[str]:
    """Return where a form of ours may lead besides our own pages: to a run in Prefect's."""
    address = parts.acts.prefect_url() if parts.acts.prefect_url else None
    shown = urlsplit(address or "")
    return [f"{shown.scheme}://{shown.netloc}"] if shown.netloc else []


async def _opened(request: Request, flow: str, problem: str) -> Response:
    admin = require(request, "admin")
    limit(request, "consent")
    await posted_form(request)
    parts: WebParts = request.app.state.parts
    known = partial(openings.write_down, parts.ledger, parts.organisation_id, flow=flow, by=admin.email)
    not_opened = RedirectResponse(f"/connect?{urlencode({'problem': problem})}", 303)
    if parts.open_run is None:
        return not_opened
    try:
        return RedirectResponse(await parts.open_run(flow, known), 303)
    except NotStarted as error:
        log.info("%s was not opened: %s", flow, error)
        return not_opened
