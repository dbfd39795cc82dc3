"""Effects on what is kept of people: erasure on request, removal by age."""

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.chat_ledger import ChatLedger
from blocks.credentials import needed_zoho_of, open_zoho
from blocks.environment import Environment, read_environment, read_retention_settings
from chatledger.delivery import erasing
from chatledger.delivery.erasing import Erased, ZohoNotes
from chatledger.errors import UsageError
from chatledger.ledger import chats, retention
from chatledger.ledger.database import Ledger

FLOW = "flow erase-person"


@task(cache_policy=NO_CACHE, task_run_name="erase-person")
def erase_person_behind(organisation: str, chat_id: int, zoho_notes: ZohoNotes) -> str:
    """Erase the person behind a chat and return the receipt's hash. Raises UsageError for a chat without a number."""
    environment = read_environment()
    ledger = ChatLedger.from_environment(environment).get_ledger()
    try:
        with ledger.reading() as session:
            found = chats.load(session, organisation, [chat_id])
        key = found[0].phone_key if found else None
        if key is None:
            raise UsageError(f"Chat {chat_id} is not known with a phone number: it was erased already, or never had one.")
        return asyncio.run(_erase(environment, ledger, organisation, key, zoho_notes)).receipt.phone_hash
    finally:
        ledger.close()


async def _erase(environment: Environment, ledger: Ledger, organisation: str, key: str, zoho_notes: ZohoNotes) -> Erased:
    if zoho_notes is ZohoNotes.KEEP:
        return await erasing.erase(ledger, organisation, key, zoho=None, actor=FLOW)
    async with open_zoho(needed_zoho_of(environment, ledger, organisation), ledger, organisation) as zoho:
        return await erasing.erase(ledger, organisation, key, zoho=zoho, actor=FLOW)


@task(cache_policy=NO_CACHE, task_run_name="remove-by-age")
def remove_by_age(organisation: str) -> dict[str, int]:
    """Remove what the settings no longer keep and return how many texts, payloads and runs it was."""
    settings = read_retention_settings()
    ledger = ChatLedger.from_environment(settings).get_ledger()
    try:
        with ledger.transaction() as session:
            return retention.apply(session, organisation, settings.kept, ledger.now())
    finally:
        ledger.close()
