"""`chatledger deactivate`: switch the sync off and keep everything."""

from blocks.environment import read_state_settings
from chatledger.delivery import activation
from deployments.cli.connections import open_ledger


def deactivate() -> None:
    """Switch the sync off; links, notes and the log stay."""
    settings = read_state_settings()
    with open_ledger(settings) as ledger:
        activation.deactivate(ledger, settings.chatledger_organisation)
    print("Switched off. Links, notes and the log are kept; `chatledger activate` switches on again.")
