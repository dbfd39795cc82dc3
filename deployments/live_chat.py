"""What the live chat needs from outside: look-ups as a person's own Zoho user, and the organisation's TimelinesAI client."""

import asyncio
import time

import anyio.to_thread

from blocks.credentials import credentials_of
from blocks.environment import WebSettings, read_environment
from blocks.zoho_connection import ZohoConnection
from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.delivery import looking_up
from chatledger.errors import UsageError
from chatledger.ledger import people, stored_connections
from chatledger.ledger.database import Ledger
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount, ChatsOfRecord, RecordRef
from deployments.look_ups import AccompaniedLookUps, prefect_is_set
from deployments.webhook_upkeep import workspace_of

WORKSPACE_LIVES_SECONDS = 30.0
"""How soon a token that was entered anew is used."""

MOST_CLIENTS = 500
NO_TIMELINES = "TimelinesAI is not connected: an administrator connects it under /connect."
NO_ZOHO = "Your Zoho account is not connected: connect it under /connect."


class LiveChatConnections:
    """The clients of the live chat, kept for as long as the pages are served. To be used in the event loop of the pages."""

    def __init__(self, settings: WebSettings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger
        self._organisation = settings.chatledger_organisation
        self._known = looking_up.Known()
        self._runs = AccompaniedLookUps(self._organisation, prefect_is_set)
        self._workspace: tuple[float, str, TimelinesClient] | None = None
        self._zoho: dict[str, tuple[str, ZohoClient]] = {}
        self._owner_email: str | None = None

    def timelines(self) -> TimelinesClient:
        """Return the organisation's client; raise UsageError where TimelinesAI is not connected."""
        now = time.monotonic()
        if self._workspace is not None and now < self._workspace[0]:
            return self._workspace[2]
        workspace = workspace_of(self._settings, self._ledger, self._organisation)
        if workspace is None:
            raise UsageError(NO_TIMELINES)
        credentials = f"{workspace.api_url} {workspace.api_token.get_secret_value()}"
        same = self._workspace is not None and self._workspace[1] == credentials
        client = self._workspace[2] if self._workspace is not None and same else workspace.get_client(CallCount())
        self._workspace = (now + WORKSPACE_LIVES_SECONDS, credentials, client)
        return client

    async def look_up(self, person_id: str, record: RecordRef) -> ChatsOfRecord:
        """Return a record's chats, the record read as the person; raise UsageError where something is not connected."""
        timelines, zoho = self.timelines(), await self._zoho_of(person_id)
        found = looking_up.look_up_chats(
            self._ledger, self._organisation, record, timelines=timelines, zoho=zoho, known=self._known
        )
        return await self._runs.accompany(record, asyncio.ensure_future(found))

    async def _zoho_of(self, person_id: str) -> ZohoClient:
        connection = await anyio.to_thread.run_sync(self._personal, person_id)
        if connection is None and await self._owns_the_organisation_s(person_id):
            connection = await anyio.to_thread.run_sync(self._organisation_s)
        if connection is None:
            raise UsageError(NO_ZOHO)
        return self._client(person_id, connection)

    def _client(self, person_id: str, connection: ZohoConnection) -> ZohoClient:
        known = self._zoho.get(person_id)
        if known is not None and known[0] == connection.credentials:
            return known[1]
        while len(self._zoho) >= MOST_CLIENTS:
            del self._zoho[next(iter(self._zoho))]
        tokens = LedgerTokenStore(self._ledger, self._organisation, credentials=connection.credentials)
        client = connection.get_client(CallCount(), tokens)
        self._zoho[person_id] = (connection.credentials, client)
        return client

    def _personal(self, person_id: str) -> ZohoConnection | None:
        stored = stored_connections.get(self._ledger, self._organisation, "zoho", person_id)
        return ZohoConnection.from_stored(stored.credentials, read_environment()) if stored else None

    def _organisation_s(self) -> ZohoConnection | None:
        try:
            return credentials_of(read_environment(), self._ledger, self._organisation).zoho
        except UsageError:
            return None

    async def _owns_the_organisation_s(self, person_id: str) -> bool:
        """Say whether the organisation's connection is this person's own: whoever made it need not make another one."""
        if self._owner_email is None:
            connection = await anyio.to_thread.run_sync(self._organisation_s)
            if connection is None:
                return False
            self._owner_email = (await self._client("", connection).current_user()).email.casefold()
        person = await anyio.to_thread.run_sync(self._person_email, person_id)
        return bool(person) and person == self._owner_email

    def _person_email(self, person_id: str) -> str:
        with self._ledger.reading() as session:
            person = people.find(session, self._organisation, person_id)
        return person.email.casefold() if person else ""
