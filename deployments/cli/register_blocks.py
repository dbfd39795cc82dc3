"""`chatledger register-blocks`: make the connections and settings of an organisation known to Prefect as blocks."""

from blocks.environment import read_environment
from deployments import block_registration
from deployments.cli.connections import open_ledger
from deployments.embedded_prefect import embedded_prefect


def register_blocks() -> None:
    """Register the block types with Prefect and save the organisation's connections and settings as blocks."""
    environment = read_environment()
    with open_ledger(environment) as ledger, embedded_prefect(environment.home):
        block_registration.register_types()
        saved = block_registration.save_documents(environment, ledger, environment.chatledger_organisation)
    print(f"Registered {len(block_registration.BLOCK_TYPES)} block types and saved:")
    for slug in saved:
        print(f"  {slug}")
