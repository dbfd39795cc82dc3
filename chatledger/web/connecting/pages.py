"""The page of connections and what its forms do."""

import re
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chatledger.clients.zoho import asked_scopes
from chatledger.clients.zoho.data_centres import ACCOUNTS_HOSTS, accounts_address, consent_origins
from chatledger.errors import ChatledgerError
from chatledger.ledger.tables import Person
from chatledger.settings import SyncSettings
from chatledger.web.connecting import configuring, establishing
from chatledger.web.connecting.consenting import known_login, redirect_uri, send_to_zoho
from chatledger.web.connecting.problems import NotConnected, problem_of
from chatledger.web.connecting.shown import read_connections, settings_of
from chatledger.web.connecting.zoho_login import ZohoLogin
from chatledger.web.csrf import posted_form
from chatledger.web.headers import allow
from chatledger.web.limits import limit
from chatledger.web.parts import WebParts
from chatledger.web.rendering import render
from chatledger.web.roles import require
from chatledger.web.wording import language_of, wording

MODULE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
SECRET = re.compile(r"[\x21-\x7e]{1,300}")


async def connections(request: Request) -> Response:
    """Show what is connected, by whom, and what is missing."""
    person = require(request, "seller")
    parts: WebParts = request.app.state.parts
    shown = await run_in_threadpool(read_connections, parts.ledger, parts.organisation_id)
    login = await run_in_threadpool(known_login, parts)
    settings = await run_in_threadpool(settings_of, parts.ledger, parts.organisation_id)
    words = wording("connecting", language_of(request))
    allow(request, "form-action", [*consent_origins(parts.zoho_accounts_url), *configuring.run_origins(parts)])
    return render(
        request,
        "connecting/connections.html",
        shown=shown,
        mine=shown.personal.get(person.id),
        client_known=login is not None,
        bound=shown.zoho is not None or parts.environment_zgid is not None or shown.activated,
        data_centres=ACCOUNTS_HOSTS,
        redirect_uri=redirect_uri(request),
        from_environment=parts.from_environment,
        public=parts.public,
        module=settings.target_module,
        zone=settings.timezone,
        done=words["done"].get(request.query_params.get("done", "")),
        problem=words["problems"].get(request.query_params.get("problem", "")),
    )


async def connect_organisation(request: Request) -> Response:
    """Lead an admin to Zoho for the organisation's connection."""
    person = require(request, "admin")
    limit(request, "consent")
    form = await posted_form(request)
    parts: WebParts = request.app.state.parts
    try:
        login = await run_in_threadpool(_login, parts, form)
        scopes = await run_in_threadpool(_organisation_scopes, parts, form)
    except ChatledgerError as error:
        return _back(problem=problem_of(error))
    return await send_to_zoho(request, "organisation", login, scopes, person_id=person.id)


async def connect_myself(request: Request) -> Response:
    """Lead anybody to Zoho for their own connection."""
    person = require(request, "seller")
    limit(request, "consent")
    await posted_form(request)
    parts: WebParts = request.app.state.parts
    login = await run_in_threadpool(known_login, parts)
    if login is None:
        return _back(problem="organisation_first")
    settings = await run_in_threadpool(settings_of, parts.ledger, parts.organisation_id)
    scopes = asked_scopes.of_a_person(settings.phone_fields)
    return await send_to_zoho(request, "personal", login, scopes, person_id=person.id)


async def connect_timelines(request: Request) -> Response:
    """Check and store a TimelinesAI token."""
    person = require(request, "admin")
    limit(request, "consent")
    token = str((await posted_form(request)).get("token", "")).strip()
    if not SECRET.fullmatch(token):
        return _back(problem="token_wrong")
    parts: WebParts = request.app.state.parts
    try:
        await establishing.connect_timelines(
            parts.ledger,
            parts.organisation_id,
            api_url=parts.timelines_api_url,
            token=token,
            seconds=parts.http_timeout_seconds,
            connected_by=person.email,
        )
    except ChatledgerError as error:
        return _back(problem=f"timelines_{problem_of(error)}")
    return _back(done="timelines")


async def disconnect_organisation(request: Request) -> Response:
    """End the organisation's connection to Zoho."""
    person = require(request, "admin")
    await posted_form(request)
    return await _disconnect_zoho(request, person, "")


async def disconnect_myself(request: Request) -> Response:
    """End the connection of who asks."""
    person = require(request, "seller")
    await posted_form(request)
    return await _disconnect_zoho(request, person, person.id)


async def disconnect_timelines(request: Request) -> Response:
    """Forget the TimelinesAI token; TimelinesAI has no way to revoke one from outside."""
    person = require(request, "admin")
    await posted_form(request)
    parts: WebParts = request.app.state.parts
    await run_in_threadpool(establishing.disconnect_timelines, parts.ledger, parts.organisation_id, by=person.email)
    return _back(done="timelines_gone")


async def _disconnect_zoho(request: Request, person: Person, person_id: str) -> Response:
    parts: WebParts = request.app.state.parts
    revoked = await establishing.disconnect_zoho(
        parts.ledger, parts.organisation_id, parts.http_timeout_seconds, by=person.email, person_id=person_id
    )
    return _back(problem="not_revoked") if revoked is False else _back(done="gone")


def _login(parts: WebParts, form: FormData) -> ZohoLogin:
    """Return the OAuth client that was entered, else the known one. Raises NotConnected when there is none."""
    client_id, client_secret = (str(form.get(name, "")).strip() for name in ("client_id", "client_secret"))
    if client_id and client_secret:
        location = str(form.get("location", ""))
        if location not in ACCOUNTS_HOSTS or not (SECRET.fullmatch(client_id) and SECRET.fullmatch(client_secret)):
            raise NotConnected("client_unknown", "The client that was entered cannot be one of Zoho's.")
        return ZohoLogin(accounts_address(location), client_id, client_secret, parts.zoho_api_url, parts.http_timeout_seconds)
    login = known_login(parts)
    if login is None:
        raise NotConnected("client_missing", "No OAuth client is known.")
    return login


def _organisation_scopes(parts: WebParts, form: FormData) -> list[str]:
    settings = settings_of(parts.ledger, parts.organisation_id)
    module = str(form.get("module", "")).strip() or settings.target_module
    if not MODULE.fullmatch(module):
        raise NotConnected("module_wrong", "The module is not an API name.")
    modules = SyncSettings().phone_fields if module != settings.target_module else settings.phone_fields
    return asked_scopes.of_the_organisation(module, modules)


def _back(**said: str) -> Response:
    return RedirectResponse(f"/connect?{urlencode(said)}", 303)
