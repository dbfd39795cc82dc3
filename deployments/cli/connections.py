"""Opening what a command needs: the ledger, and both clients with their requests counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from blocks.chat_ledger import ChatLedger
from blocks.credentials import credentials_of
from blocks.environment import Environment, StateSettings
from chatledger.clients import TimelinesClient, ZohoClient
from chatledger.ledger.database import Ledger
from chatledger.ledger.tokens import LedgerTokenStore
from chatledger.models import CallCount


@dataclass(frozen=True, slots=True)
class Clients:
    """Both clients, the count of their requests, and where Zoho's access token is kept."""

    timelines: TimelinesClient
    zoho: ZohoClient
    count: CallCount
    tokens: LedgerTokenStore


@contextmanager
def open_ledger(settings: StateSettings) -> Iterator[Ledger]:
    """Open the ledger for the length of a command."""
    ledger = ChatLedger.from_environment(settings).get_ledger()
    try:
        yield ledger
    finally:
        ledger.close()


@asynccontextmanager
async def open_clients(environment: Environment, ledger: Ledger) -> AsyncIterator[Clients]:
    """Open both clients for the length of a command."""
    count = CallCount()
    credentials = credentials_of(environment, ledger, environment.chatledger_organisation)
    timelines, zoho = credentials.clients(ledger, count)
    try:
        yield Clients(timelines, zoho, count, credentials.token_store(ledger))
    finally:
        await timelines.aclose()
        await zoho.aclose()


def credentials_hash(environment: Environment, ledger: Ledger) -> str:
    """Return a keyed hash of what decides which pair of systems is asked, to notice when it changes."""
    return credentials_of(environment, ledger, environment.chatledger_organisation).digest(ledger)
