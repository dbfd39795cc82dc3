"""`chatledger erase`: a person's right to be forgotten."""

import asyncio
import json
import sys
from typing import Annotated

import typer

from blocks.credentials import needed_zoho_of, open_zoho
from blocks.environment import read_environment
from blocks.zoho_connection import ZohoConnection
from chatledger.counting import counted
from chatledger.delivery import erasing
from chatledger.delivery.erasing import Erased, ZohoNotes
from chatledger.delivery.recognising import activated
from chatledger.ledger.database import Ledger
from deployments.cli import trail
from deployments.cli.connections import open_ledger


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
        # What is missing for deleting the notes is said before anything is erased.
        connection = needed_zoho_of(environment, ledger, organisation) if zoho_notes is ZohoNotes.DELETE else None
        key = erasing.key_of(ledger, organisation, phone)
        for line in erasing.in_words(erasing.look(ledger, organisation, key)):
            print(line)
        if sys.stdin.isatty() and not yes:
            typer.confirm("Erase this person for good?", abort=True)
        done = asyncio.run(_erase(ledger, organisation, key, connection))
    _show(done)


async def _erase(ledger: Ledger, organisation: str, key: str, connection: ZohoConnection | None) -> Erased:
    actor = trail.actor()
    if connection is None:
        return await erasing.erase(ledger, organisation, key, zoho=None, actor=actor)
    async with open_zoho(connection, ledger, organisation) as zoho:
        return await erasing.erase(ledger, organisation, key, zoho=zoho, actor=actor)


def _show(done: Erased) -> None:
    receipt = done.receipt
    kept = "kept" if receipt.zoho_notes == ZohoNotes.KEEP else "deleted"
    texts, notes = counted(receipt.messages, "message"), counted(receipt.notes, "note")
    if done.before:
        print(f"This person was erased on {done.before:%Y-%m-%d %H:%M} UTC already; the receipt counts both times together.")
    print(f"Erased: {texts} of {counted(receipt.chats, 'chat')}; {notes} in Zoho {kept}.")
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
