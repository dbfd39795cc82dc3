"""`chatledger deactivate`: switch the sync off and keep everything."""

import asyncio

from blocks.environment import WebSettings, read_state_settings, read_web_settings
from chatledger.counting import counted
from chatledger.delivery import activation
from chatledger.errors import ChatledgerError
from chatledger.ledger import webhook_registrations
from chatledger.ledger.database import Ledger
from deployments.cli.connections import open_ledger
from deployments.webhook_upkeep import unsubscribe


def deactivate() -> None:
    """Switch the sync off; links, notes and the log stay."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        was_active = activation.deactivate(ledger, settings.chatledger_organisation)
        webhooks = _end_webhooks(read_web_settings(), ledger)
    said = "Switched off." if was_active else "It was off already."
    print(f"{said} Links, notes and the log are kept; `chatledger activate` switches on again.")
    if webhooks:
        print(webhooks)


def _end_webhooks(settings: WebSettings, ledger: Ledger) -> str:
    """End the webhooks at TimelinesAI; where that is not possible now, `serve` does it later."""
    try:
        ended = asyncio.run(unsubscribe(settings, ledger, settings.chatledger_organisation))
    except ChatledgerError as error:
        return f"The webhooks could not be removed: {error} A running `chatledger serve` tries again."
    if ended is None and _registered(ledger, settings.chatledger_organisation):
        return (
            "The webhooks stay at TimelinesAI, because no token for it is at hand; `chatledger serve` removes them with one."
        )
    return f"Removed from TimelinesAI: {counted(ended, 'webhook')}." if ended else ""


def _registered(ledger: Ledger, organisation_id: str) -> bool:
    with ledger.reading() as session:
        return webhook_registrations.find(session, organisation_id) is not None
