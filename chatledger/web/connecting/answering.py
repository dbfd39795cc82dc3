"""The one address Zoho's consent page leads back to, whatever the consent is for."""

import logging
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.clients.zoho import asked_scopes
from chatledger.clients.zoho.consent import Consented
from chatledger.errors import ChatledgerError
from chatledger.ledger import people
from chatledger.ledger.tables import Person
from chatledger.web.connecting import establishing
from chatledger.web.connecting.consenting import Answered, exchange, known_login, read_answer, send_to_zoho
from chatledger.web.connecting.problems import NotConnected, problem_of
from chatledger.web.connecting.zoho_facts import ZohoFacts
from chatledger.web.connecting.zoho_login import ZohoLogin
from chatledger.web.csrf import posted_form
from chatledger.web.limits import limit
from chatledger.web.parts import WebParts
from chatledger.web.returning import own_path
from chatledger.web.roles import require
from chatledger.web.sessions import person_of, sign_in

log = logging.getLogger(__name__)


async def sign_in_with_zoho(request: Request) -> Response:
    """Lead somebody to Zoho to be recognised there."""
    limit(request, "consent")
    after = own_path(str((await posted_form(request)).get("next", "")))
    login = await run_in_threadpool(zoho_login_for_signing_in, request.app.state.parts)
    if login is None:
        return RedirectResponse("/sign-in", 303)
    return await send_to_zoho(request, "sign_in", login, asked_scopes.SIGN_IN, after=after)


def zoho_login_for_signing_in(parts: WebParts) -> ZohoLogin | None:
    """Return how Zoho is asked who somebody is; None while no organisation is connected to compare with."""
    known = establishing.bound_zgid(parts.ledger, parts.organisation_id) or parts.environment_zgid
    return known_login(parts) if known else None


async def zoho_answered(request: Request) -> Response:
    """Connect or sign in with what Zoho answered; whatever goes wrong is told on the page it began at."""
    limit(request, "consent")
    answered = None
    try:
        answered = await read_answer(request)
        if answered is None:
            raise NotConnected("expired", "The consent was begun too long ago or in another browser.")
        return await _use(request, answered)
    except ChatledgerError as error:
        log.info("A consent came to nothing: %s", problem_of(error))
        began_at_sign_in = answered.purpose == "sign_in" if answered else person_of(request) is None
        page = "/sign-in" if began_at_sign_in else "/connect"
        return RedirectResponse(f"{page}?{urlencode({'problem': problem_of(error)})}", 303)


async def _use(request: Request, answered: Answered) -> Response:
    if answered.purpose == "sign_in":
        return await _sign_in(request, answered)
    person = require(request, "admin" if answered.purpose == "organisation" else "seller")
    if person.id != answered.person_id:
        raise NotConnected("expired", "The consent was begun by somebody else.")
    parts: WebParts = request.app.state.parts
    personal = answered.purpose == "personal"
    bound = await _bound(parts, connected_too=personal)
    consented = await exchange(answered, request.query_params)
    await establishing.connect_zoho(
        parts.ledger,
        parts.organisation_id,
        answered.login,
        consented,
        bound=bound,
        person_id=person.id if personal else "",
        connected_by=person.email,
    )
    return RedirectResponse(f"{answered.after}?{urlencode({'done': answered.purpose})}", 303)


async def _sign_in(request: Request, answered: Answered) -> Response:
    parts: WebParts = request.app.state.parts
    bound = await _bound(parts, connected_too=True)
    consented = await exchange(answered, request.query_params)
    try:
        facts = await answered.login.whose(consented)
    finally:
        await _end(answered, consented)
    person = await run_in_threadpool(_known, parts, facts, bound)
    response = RedirectResponse(answered.after, 303)
    await run_in_threadpool(sign_in, request, response, person, "zoho")
    return response


async def _end(answered: Answered, consented: Consented) -> None:
    """Signing in needs no lasting access."""
    await establishing.revoke(answered.login, consented.access.value)
    if consented.refresh_token:
        await establishing.revoke(answered.login, consented.refresh_token)


async def _bound(parts: WebParts, *, connected_too: bool) -> str | None:
    """Return the Zoho organisation everybody has to be of; credentials of the environment may be those of one too."""
    known = await run_in_threadpool(establishing.bound_zgid, parts.ledger, parts.organisation_id, connected_too=connected_too)
    if known is None and connected_too and parts.environment_zgid:
        return await parts.environment_zgid()
    return known


def _known(parts: WebParts, facts: ZohoFacts, bound: str | None) -> Person:
    if not facts.active:
        raise NotConnected("inactive", "This Zoho user is not active.")
    if bound != facts.zgid:
        raise NotConnected("another_organisation", "This Zoho user belongs to another organisation.")
    with parts.ledger.transaction() as session:
        person = people.find_by_email(session, parts.organisation_id, facts.user_email) if facts.user_email else None
        if person is None or person.zoho_user_id not in {None, facts.user_id}:
            raise NotConnected("stranger", "Nobody with this e-mail was invited.")
        person.zoho_user_id = facts.user_id
        person.name = person.name or facts.user_name
        session.add(person)
        return person
