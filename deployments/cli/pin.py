"""`chatledger pin` and `unpin`: a person decides which record the chats of a number belong to."""

import asyncio
from typing import Annotated

import typer

from blocks.environment import Environment, read_environment, read_state_settings
from chatledger.counting import counted
from chatledger.delivery import pinning
from chatledger.delivery.pinning import Pinned
from chatledger.delivery.recognising import activated
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger
from chatledger.models import RecordRef
from chatledger.phones import phone_key
from deployments.cli import trail
from deployments.cli.connections import open_clients, open_ledger
from deployments.cli.record_links import record_url

Phone = Annotated[str, typer.Argument(metavar="PHONE", help="The contact's number in any spelling.")]


def pin(
    phone: Phone,
    record: Annotated[
        str, typer.Argument(metavar="MODULE/RECORD_ID", help="The record, for example Leads/5725767000000411001.")
    ],
) -> None:
    """Have the chats of a number go to a record of your choice."""
    chosen = _record(record)
    environment = read_environment()
    with open_ledger(environment) as ledger:
        organisation = activated(ledger, environment.chatledger_organisation)
        key = _key(ledger, organisation.id, phone)
        done = asyncio.run(_pin(environment, ledger, key, chosen))
        trail.write_down(ledger, organisation.id, "pinned", "record", record, phone_key=key)
    print(f"Pinned: {_chats(done)} to {record}{_before(done)}.")
    print(f"  {record_url(organisation.zgid)}/{record}")
    if done.with_notes:
        print(f"  notes written until now stay on {', '.join(done.with_notes)}; remove them there where they do not belong.")
    if done.reopened:
        waited = counted(done.reopened, "message")
        print(f"  {waited} of it, not written until now: the next run (`chatledger sync`) writes them.")


def unpin(phone: Phone) -> None:
    """Forget which record a number is linked to, so that its next message is matched anew."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        organisation = activated(ledger, settings.chatledger_organisation)
        key = _key(ledger, organisation.id, phone)
        done = pinning.unpin(ledger, organisation.id, key)
        trail.write_down(ledger, organisation.id, "unpinned", phone_key=key)
    before = f"{done.before.module}/{done.before.id}" if done.before else "no record"
    print(f"Forgotten: {_chats(done)} no longer to {before}. The next message is matched anew; notes already written stay.")


def _record(text: str) -> RecordRef:
    module, _, record_id = text.partition("/")
    if not module or not record_id.isdigit():
        raise UsageError(f"{text} is not a record: write MODULE/RECORD_ID, for example Leads/5725767000000411001.")
    return RecordRef(module, record_id)


def _key(ledger: Ledger, organisation_id: str, phone: str) -> str:
    with ledger.reading() as session:
        region = organisations.current_settings(session, organisation_id).default_region
    key = phone_key(phone, region)
    if key is None:
        raise UsageError("The first argument is not a phone number; write it with its country code, as in +57 300 ...")
    return key


async def _pin(environment: Environment, ledger: Ledger, key: str, record: RecordRef) -> Pinned:
    async with open_clients(environment, ledger) as clients:
        return await pinning.pin(ledger, clients.zoho, environment.chatledger_organisation, key, record)


def _chats(done: Pinned) -> str:
    if done.chats == 0:
        return "chats of this number, of which there is none yet, go"
    return "1 chat of this number goes" if done.chats == 1 else f"{done.chats} chats of this number go"


def _before(done: Pinned) -> str:
    return f", before to {done.before.module}/{done.before.id}" if done.before and done.before != done.after else ""
