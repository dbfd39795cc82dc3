"""Which credentials a run of an organisation uses, so that one process can work for several of them.

For each system the first of these that is there: the environment variables, for the organisation that CHATLEDGER_ORGANISATION
names; the connection that the ledger holds; the Prefect block document that is named after the organisation.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

from prefect.client.orchestration import SyncPrefectClient
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY, PREFECT_API_URL

from blocks.environment import Environment, MissingVariables
from blocks.timelines_workspace import TimelinesWorkspace
from blocks.zoho_connection import ZohoConnection
from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.errors import UsageError
from chatledger.ledger import stored_connections
from chatledger.ledger.database import Ledger
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount

Connection = TypeVar("Connection", TimelinesWorkspace, ZohoConnection)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Both connections of an organisation."""

    organisation_id: str
    timelines: TimelinesWorkspace
    zoho: ZohoConnection

    def digest(self, ledger: Ledger) -> str:
        """Return a keyed hash of what decides which pair of systems is asked, to notice when it changes."""
        parts = f"{self.timelines.credentials}\n{self.zoho.credentials}"
        return ledger.cipher.keyed_hash(hashlib.sha256(parts.encode()).hexdigest())

    def token_store(self, ledger: Ledger) -> LedgerTokenStore:
        """Return where Zoho's access token is kept."""
        return LedgerTokenStore(ledger, self.organisation_id, credentials=self.zoho.credentials)

    def clients(self, ledger: Ledger, count: CallCount) -> tuple[TimelinesClient, ZohoClient]:
        """Return both clients, their requests counted in `count`; whoever asks closes them."""
        return self.timelines.get_client(count), self.zoho.get_client(count, self.token_store(ledger))


def credentials_of(environment: Environment, ledger: Ledger, organisation_id: str) -> Credentials:
    """Return the credentials of an organisation.

    Raises MissingVariables for the organisation of the environment, UsageError for any other, when no place holds them.
    """
    timelines = timelines_of(environment, ledger, organisation_id)
    zoho = zoho_of(environment, ledger, organisation_id)
    if isinstance(timelines, MissingVariables) or isinstance(zoho, MissingVariables):
        missing = [name for found in (timelines, zoho) if isinstance(found, MissingVariables) for name in found.names]
        raise _nowhere(organisation_id, missing, own=organisation_id == environment.chatledger_organisation)
    return Credentials(organisation_id, timelines, zoho)


def needed_zoho_of(environment: Environment, ledger: Ledger, organisation_id: str) -> ZohoConnection:
    """Return the organisation's Zoho connection; raises as `credentials_of` does where only that one is needed."""
    found = zoho_of(environment, ledger, organisation_id)
    if isinstance(found, MissingVariables):
        raise _nowhere(organisation_id, list(found.names), own=organisation_id == environment.chatledger_organisation)
    return found


@asynccontextmanager
async def open_zoho(connection: ZohoConnection, ledger: Ledger, organisation_id: str) -> AsyncIterator[ZohoClient]:
    """Open the client of Zoho alone and close it again."""
    zoho = connection.get_client(CallCount(), LedgerTokenStore(ledger, organisation_id, credentials=connection.credentials))
    try:
        yield zoho
    finally:
        await zoho.aclose()


def timelines_of(environment: Environment, ledger: Ledger, organisation_id: str) -> TimelinesWorkspace | MissingVariables:
    """Return the organisation's TimelinesAI workspace, or the variables that would name it when no place holds it."""
    return _first(TimelinesWorkspace, "timelines", environment, ledger, organisation_id)


def zoho_of(environment: Environment, ledger: Ledger, organisation_id: str) -> ZohoConnection | MissingVariables:
    """Return the organisation's Zoho connection, or the variables that would name it when no place holds it."""
    return _first(ZohoConnection, "zoho", environment, ledger, organisation_id)


def document_name(organisation_id: str) -> str:
    """Return the name of an organisation's block documents; Prefect allows lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", organisation_id.lower()).strip("-") or "main"


def _first(
    kind: type[Connection],
    system: Literal["timelines", "zoho"],
    environment: Environment,
    ledger: Ledger,
    organisation_id: str,
) -> Connection | MissingVariables:
    missing = MissingVariables([])
    try:
        given = kind.from_environment(environment)
    except MissingVariables as error:
        given, missing = None, error
    if given is not None and organisation_id == environment.chatledger_organisation:
        return given
    stored = stored_connections.get(ledger, organisation_id, system)
    if stored is not None:
        return kind.from_stored(stored.credentials, environment)
    return _document(kind, organisation_id) or missing


def _document(kind: type[Connection], organisation_id: str) -> Connection | None:
    """Load a block document, None when there is no such one or no Prefect server that answers: none is started for this."""
    address = PREFECT_API_URL.value()
    if not address:
        return None
    with SyncPrefectClient(address, auth_string=PREFECT_API_AUTH_STRING.value(), api_key=PREFECT_API_KEY.value()) as client:
        if client.api_healthcheck() is not None:
            return None
    # In a thread of its own, because Prefect answers with a coroutine wherever an event loop runs.
    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            found = thread.submit(kind.load, document_name(organisation_id)).result()
        except ValueError:
            return None
    return found if isinstance(found, kind) else None


def _nowhere(organisation_id: str, missing: list[str], *, own: bool) -> UsageError:
    if own:
        return MissingVariables(missing)
    return UsageError(
        f"{organisation_id} has no complete connections: with CHATLEDGER_ORGANISATION={organisation_id} set its variables "
        "(docs/connecting.md), connect it by `chatledger connect` or the page /connect, or register Prefect blocks named "
        f"{document_name(organisation_id)} by `chatledger register-blocks`."
    )
