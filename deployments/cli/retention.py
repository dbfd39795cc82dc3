"""`chatledger retention`: remove by age what the settings no longer keep; `serve` does it every night."""

from typing import Annotated

import typer

from blocks.environment import read_retention_settings
from chatledger.counting import counted
from chatledger.delivery.recognising import activated
from chatledger.ledger import retention as by_age
from deployments.cli.connections import open_ledger


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be removed and keep it.")] = False,
) -> None:
    """Remove texts, payloads and runs older than CHATLEDGER_KEEP_TEXTS_DAYS, ..._RAW_DAYS and ..._RUNS_DAYS."""
    settings = read_retention_settings()
    with open_ledger(settings) as ledger:
        organisation = activated(ledger, settings.chatledger_organisation).id
        with ledger.transaction() as session:
            found = by_age.apply(session, organisation, settings.kept, ledger.now())
            if dry_run:
                session.rollback()
    done = "would be removed" if dry_run else "removed"
    texts, payloads, runs = (counted(found[f"{name}s"], name) for name in ("text", "payload", "run"))
    print(f"{texts}, {payloads} and {runs} {done}.")
