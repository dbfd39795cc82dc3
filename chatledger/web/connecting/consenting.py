"""Sending a browser to Zoho's consent page, and what its answer may be used for."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.clients.zoho.consent import Consented, consent_address, new_verifier
from chatledger.clients.zoho.data_centres import trusted_address
from chatledger.errors import LedgerUnavailable
from chatledger.ledger import consents, stored_connections
from chatledger.web.connecting.problems import NotConnected
from chatledger.web.connecting.zoho_login import ZohoLogin, login_of
from chatledger.web.hosts import own_address
from chatledger.web.parts import WebParts
from chatledger.web.sessions import browser_of

Purpose = Literal["organisation", "personal", "sign_in"]
CALLBACK = "/connect/zoho/callback"


@dataclass(frozen=True, slots=True)
class Answered:
    """A consent's answer that is ours: what it is for, who began it (empty for signing in), where to go on, as whom to ask."""

    purpose: str
    person_id: str
    after: str
    login: ZohoLogin
    redirect_uri: str
    verifier: str


def redirect_uri(request: Request) -> str:
    """Return the address that has to be entered at Zoho's API console."""
    return f"{own_address(request)}{CALLBACK}"


def known_login(parts: WebParts) -> ZohoLogin | None:
    """Return the OAuth client of the environment, else the one the organisation was connected with, else None."""
    if parts.zoho_app and parts.zoho_accounts_url:
        app = parts.zoho_app
        return ZohoLogin(
            parts.zoho_accounts_url, app.client_id, app.client_secret, parts.zoho_api_url, parts.http_timeout_seconds
        )
    stored = None
    with suppress(LedgerUnavailable):  # written under a key that is gone: an admin enters the client anew
        stored = stored_connections.get(parts.ledger, parts.organisation_id, "zoho")
    if stored is None:
        return None
    return login_of(stored, parts.http_timeout_seconds)


async def send_to_zoho(
    request: Request,
    purpose: Purpose,
    login: ZohoLogin,
    scopes: Iterable[str],
    *,
    person_id: str = "",
    after: str = "/connect",
) -> Response:
    """Lead the browser to the consent page and remember why, for ten minutes and this browser only."""
    parts: WebParts = request.app.state.parts
    verifier, browser = new_verifier(), browser_of(request)
    details = {
        "purpose": purpose, "person_id": person_id, "after": after, "verifier": verifier,
        "redirect_uri": redirect_uri(request),
        "accounts_url": login.accounts_url, "client_id": login.client_id, "client_secret": login.client_secret,
        "api_url": login.api_url or "",
    }  # fmt: skip
    state = await run_in_threadpool(consents.start, parts.ledger, parts.organisation_id, browser.secret, details)
    address = consent_address(
        login.accounts_url,
        client_id=login.client_id,
        redirect_uri=redirect_uri(request),
        scopes=scopes,
        state=state,
        verifier=verifier,
        lasting=purpose != "sign_in",
    )
    return RedirectResponse(address, 303)


async def read_answer(request: Request) -> Answered | None:
    """Use up the state of an answer; None for one that was not begun in this browser, or too long ago.

    Raises NotConnected when it names an accounts server that is not Zoho's.
    """
    parts: WebParts = request.app.state.parts
    state, browser = request.query_params.get("state", ""), browser_of(request)
    kept = await run_in_threadpool(consents.take, parts.ledger, parts.organisation_id, browser.secret, state)
    if kept is None:
        return None
    named = request.query_params.get("accounts-server") or kept["accounts_url"]
    accounts_url = trusted_address(named, kept["accounts_url"])
    if accounts_url is None:
        raise NotConnected("foreign_server", "The answer names an accounts server that is not Zoho's.")
    login = ZohoLogin(
        accounts_url, kept["client_id"], kept["client_secret"], kept["api_url"] or None, parts.http_timeout_seconds
    )
    return Answered(kept["purpose"], kept["person_id"], kept["after"], login, kept["redirect_uri"], kept["verifier"])


async def exchange(answered: Answered, query: Mapping[str, str]) -> Consented:
    """Exchange the answer's code. Raises NotConnected for a refusal, and what `ZohoConsent.exchange` raises."""
    code = query.get("code", "")
    if query.get("error") or not (code and code.isascii() and code.isprintable()):
        raise NotConnected("refused", "The consent was not given.")
    # Not cancelled when the browser goes away: the code works once.
    return await asyncio.shield(
        answered.login.consent().exchange(code, redirect_uri=answered.redirect_uri, verifier=answered.verifier)
    )
