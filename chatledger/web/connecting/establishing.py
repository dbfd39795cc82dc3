"""Makes, checks, stores and ends connections; the pages and the command `connect` both do it here."""

import logging
from contextlib import suppress
from urllib.parse import urlsplit

from chatledger.clients import TimelinesClient
from chatledger.clients.zoho.consent import Consented
from chatledger.errors import ChatledgerError, LedgerUnavailable, LoginRefused, OutsideError
from chatledger.ledger import audit_trail, organisations, people, stored_connections
from chatledger.ledger.audit_trail import Act
from chatledger.ledger.database import Ledger
from chatledger.ledger.stored_connections import OF_THE_ORGANISATION
from chatledger.models import CallCount
from chatledger.web.connecting.problems import NotConnected
from chatledger.web.connecting.zoho_facts import ZohoFacts
from chatledger.web.connecting.zoho_login import ZohoLogin, login_of

log = logging.getLogger(__name__)


async def connect_zoho(
    ledger: Ledger,
    organisation_id: str,
    login: ZohoLogin,
    consented: Consented,
    *,
    bound: str | None,
    person_id: str = OF_THE_ORGANISATION,
    connected_by: str = "",
    given: bool = False,
) -> ZohoFacts:
    """Check a consent and store it as the organisation's or a person's connection; one refused here is revoked again.

    `bound` is the Zoho organisation it has to be of, where there is one already.
    A token `given` by hand may be at work elsewhere: only `disconnect_zoho` revokes it. Raises NotConnected without a refresh
    token, for an inactive user and another organisation than the bound one; else errors of `chatledger.errors`.
    """
    token = consented.refresh_token
    if not token:
        raise NotConnected("no_refresh_token", "Zoho gave no refresh token: give your consent again.")
    earlier = None
    with suppress(LedgerUnavailable):  # written under a key that is gone: it is replaced, but cannot be revoked
        earlier = stored_connections.get(ledger, organisation_id, "zoho", person_id)
    facts = await _checked(
        ledger, organisation_id, login, consented, bound, personal=bool(person_id), revoked_if_refused=not given
    )
    shown = facts.as_facts() | {"given": given, "server": urlsplit(login.accounts_url).netloc}
    stored_connections.put(
        ledger, organisation_id, "zoho", login.credentials(token), shown, person_id=person_id, connected_by=connected_by
    )
    audit_trail.write(ledger, organisation_id, Act(connected_by, "connected", "connection", _subject(person_id)))
    if earlier and not earlier.facts.get("given") and earlier.credentials["refresh_token"] != token:
        await revoke(login_of(earlier, login.timeout), earlier.credentials["refresh_token"])
    return facts


async def _checked(
    ledger: Ledger,
    organisation_id: str,
    login: ZohoLogin,
    consented: Consented,
    bound: str | None,
    *,
    personal: bool,
    revoked_if_refused: bool,
) -> ZohoFacts:
    try:
        facts = await login.whose(consented)
        _check_owner(facts, bound, personal=personal)
        if not personal:
            _refuse_anothers(ledger, organisation_id, zgid=facts.zgid)
    except ChatledgerError:
        if revoked_if_refused and consented.refresh_token:
            await revoke(login, consented.refresh_token)
        raise
    return facts


def _check_owner(facts: ZohoFacts, bound: str | None, *, personal: bool) -> None:
    if not facts.active:
        raise NotConnected("inactive", f"The Zoho user {facts.user_name} is not active: connect with an active one.")
    if personal and bound is None:
        raise NotConnected("organisation_first", "The organisation is not connected to Zoho yet: an admin connects it first.")
    if bound is not None and bound != facts.zgid:
        text = f"This login is of the Zoho organisation {facts.zgid}, but this ledger belongs to {bound}."
        raise NotConnected("another_organisation", text)


def _refuse_anothers(ledger: Ledger, organisation_id: str, *, zgid: str = "", workspace_id: str = "") -> None:
    """Keep one organisation's login from being stored, and later revoked, as another one's."""
    with ledger.reading() as session:
        other = organisations.other_binding(session, organisation_id, zgid, workspace_id)
    if other is not None:
        system = f"The Zoho organisation {zgid}" if zgid else "This TimelinesAI workspace"
        raise NotConnected(
            "synced_already", f"{system} is synced as {other.id} already: give the credentials of {organisation_id}."
        )


def bound_zgid(ledger: Ledger, organisation_id: str, *, connected_too: bool = True) -> str | None:
    """Return the Zoho organisation everybody has to belong to: the activated one, before that the connected one.

    Without `connected_too` only an activation counts: before it, an admin may still connect another organisation instead.
    """
    with ledger.reading() as session:
        activated = organisations.find(session, organisation_id)
    if activated:
        return activated.zgid
    rows = stored_connections.without_credentials(ledger, organisation_id) if connected_too else []
    return next((str(row.facts["zgid"]) for row in rows if row.system == "zoho" and not row.person_id), None)


async def connect_timelines(
    ledger: Ledger, organisation_id: str, *, api_url: str, token: str, seconds: float, connected_by: str = ""
) -> str:
    """Check a TimelinesAI token by asking for its workspace, store it and return the workspace's name.

    Raises NotConnected for a token of another workspace than the bound one, and errors of `chatledger.errors`.
    """
    client = TimelinesClient(api_url=api_url, token=token, count=CallCount(), timeout=seconds)
    try:
        workspace = await client.workspace()
        numbers = await client.accounts()
    finally:
        await client.aclose()
    with ledger.reading() as session:
        activated = organisations.find(session, organisation_id)
    if activated and activated.workspace_id != workspace.id:
        text = f"This token is of another TimelinesAI workspace ({workspace.name}) than the one this ledger belongs to."
        raise NotConnected("another_workspace", text)
    _refuse_anothers(ledger, organisation_id, workspace_id=workspace.id)
    facts = {
        "workspace_id": workspace.id,
        "workspace": workspace.name,
        "numbers": sum(number.connected for number in numbers),
    }
    credentials = {"api_url": api_url, "api_token": token.strip()}
    stored_connections.put(ledger, organisation_id, "timelines", credentials, facts, connected_by=connected_by)
    audit_trail.write(ledger, organisation_id, Act(connected_by, "connected", "connection", "timelines"))
    return workspace.name


async def disconnect_zoho(
    ledger: Ledger, organisation_id: str, seconds: float, *, by: str, person_id: str = OF_THE_ORGANISATION
) -> bool | None:
    """Revoke a connection's tokens at Zoho, within `seconds`, and forget it.

    None when there was none, False when Zoho did not confirm.
    """
    revoked = False
    with suppress(LedgerUnavailable):  # written under a key that is gone
        stored = stored_connections.get(ledger, organisation_id, "zoho", person_id)
        if stored is None:
            return None
        revoked = await revoke(login_of(stored, seconds), stored.credentials["refresh_token"])
    stored_connections.remove(ledger, organisation_id, "zoho", person_id)
    audit_trail.write(ledger, organisation_id, Act(by, "disconnected", "connection", _subject(person_id)))
    return revoked


def disconnect_timelines(ledger: Ledger, organisation_id: str, *, by: str) -> bool:
    """Forget the TimelinesAI token, which TimelinesAI lets nobody revoke from outside; False when there was none."""
    gone = stored_connections.remove(ledger, organisation_id, "timelines")
    if gone:
        audit_trail.write(ledger, organisation_id, Act(by, "disconnected", "connection", "timelines"))
    return gone


def _subject(person_id: str) -> str:
    return f"zoho of {person_id}" if person_id else "zoho"


async def revoke(login: ZohoLogin, token: str) -> bool:
    """Revoke a token; False when Zoho did not confirm it. A token Zoho does not know is as good as revoked."""
    try:
        await login.consent().revoke(token)
    except LoginRefused:
        return True
    except OutsideError as error:
        log.warning("A Zoho token was not revoked: %s", error)
        return False
    return True


async def remove_person(ledger: Ledger, organisation_id: str, person_id: str, seconds: float, *, by: str) -> bool:
    """Revoke a person's own connection and remove them with their sessions; False when there is nobody of this id."""
    if person_id:
        await disconnect_zoho(ledger, organisation_id, seconds, by=by, person_id=person_id)
    with ledger.transaction() as session:
        person = people.find(session, organisation_id, person_id)
        if person:
            people.remove(session, person)
    if person:
        audit_trail.write(ledger, organisation_id, Act(by, "removed", "person", person_id))
    return person is not None
