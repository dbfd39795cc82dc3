"""`chatledger backup` and `chatledger restore`: the ledger as one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from blocks.environment import StateSettings, read_state_settings
from chatledger.counting import counted
from chatledger.ledger import backups
from chatledger.ledger.encryption import KEY_FILE
from deployments.cli.connections import open_ledger


def backup(file: Annotated[Path, typer.Argument(help="File to write; it must not exist.")]) -> None:
    """Write the whole ledger to one file, also while runs are at work."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        rows = backups.back_up(ledger, file.absolute())
    print(f"{counted(rows, 'row')} written to {file} ({file.stat().st_size:,} bytes).")
    print(f"Keep the secret key in another place: without {_key(settings)} the backup cannot be restored.")


def restore(
    file: Annotated[Path, typer.Argument(help="File that `chatledger backup` made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up everything the ledger holds now.")] = False,
) -> None:
    """Fill an empty ledger from a backup; what was written to Zoho since is found there and not repeated."""
    with open_ledger(read_state_settings()) as ledger:
        rows = backups.restore(ledger, file.absolute(), replace=replace)
    print(f"{counted(rows, 'row')} restored. Notes and records written since the backup are looked up before any is made.")


def _key(settings: StateSettings) -> str:
    return "CHATLEDGER_SECRET_KEY" if settings.chatledger_secret_key else f"the file {settings.home / KEY_FILE}"
