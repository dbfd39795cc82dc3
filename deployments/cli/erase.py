"""`chatledger erase`: a person's right to be forgotten."""

import asyncio
import json
import sys
from typing import Annotated

import typer

from blocks.environment import Environment, read_environment
from chatledger.delivery import erasing
from chatledger.delivery.erasing import Erased, ZohoNotes
from chatledger.delivery.recognising import activated
from chatledger.ledger.database import Ledger
from deployments.cli import trail
from deployments.cli.connections import open_clients, open_ledger


def erase(
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="The person's number, in any spelling.")],
    zoho_notes: Annotated[
        ZohoNotes, typer.Option("--zoho-notes", help="What happens with the notes written to Zoho.")
    ] = ZohoNotes.DELETE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a person: messages, texts, names and files, here and in the notes; the next sync does not bring them back."""
    environment = read_environment()
    with open_ledger(environment) as ledger:
        organisation = activated(ledger, environment.chatledger_organisation).id
        key = erasing.key_of(ledger, organisation, phone)
        for line in erasing.in_words(erasing.look(ledger, organisation, key)):
            print(line)
        if sys.stdin.isatty() and not yes:
            typer.confirm("Erase this person for good?", abort=True)
        done = asyncio.run(_erase(environment, ledger, key, zoho_notes))
    _show(done)


async def _erase(environment: Environment, ledger: Ledger, key: str, policy: ZohoNotes) -> Erased:
    organisation, actor = environment.chatledger_organisation, trail.actor()
    if policy is ZohoNotes.KEEP:
        return await erasing.erase(ledger, organisation, key, zoho=None, actor=actor)
    async with open_clients(environment, ledger) as clients:
        return await erasing.erase(ledger, organisation, key, zoho=clients.zoho, actor=actor)


def _show(done: Erased) -> None:
    receipt = done.receipt
    kept = "kept" if receipt.zoho_notes == ZohoNotes.KEEP else "deleted"
    print(f"Erased: {receipt.messages} messages of {receipt.chats} chats; {receipt.notes} notes in Zoho {kept}.")
    print("Backups and exports made earlier still hold what was erased, and so does TimelinesAI: delete it there as well.")
    print(
        json.dumps(
            {
                "receipt": receipt.phone_hash, "erased_at": receipt.erased_at.isoformat(), "chats": receipt.chats,
                "messages": receipt.messages, "notes": receipt.notes, "zoho_notes": receipt.zoho_notes,
                "records_left_in_zoho": list(done.records),
            }
        )
    )  # fmt: skip
