"""Who may configure an organisation or switch it off in Prefect's pages, which know nobody: runs that an admin opened."""

from blocks.chat_ledger import ChatLedger
from blocks.environment import read_environment, read_web_settings
from blocks.web_address import known_address
from chatledger.ledger import openings


def refusal(organisation: str, flow_run_id: str, command: str) -> str | None:
    """Return the sentence with which a run ends that no admin opened; None for one that may go on."""
    ledger = ChatLedger.from_environment(read_environment()).get_ledger()
    try:
        if openings.may_begin(ledger, organisation, flow_run_id):
            return None
    finally:
        ledger.close()
    address = known_address(read_web_settings())
    page = f"at {address}/connect" if address else "on the page /connect"
    return f"Only an administrator opens this, by the button {page}; or use `{command}` on the server. Nothing was changed."
