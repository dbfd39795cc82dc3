"""Registers the block types with Prefect and saves one document of each for an organisation, under its name."""

from prefect.blocks.core import Block

from blocks.chat_ledger import ChatLedger
from blocks.credentials import Credentials, credentials_of, document_name
from blocks.environment import Environment
from blocks.sync_settings import OrganisationSettings
from blocks.timelines_workspace import TimelinesWorkspace
from blocks.zoho_connection import ZohoConnection
from chatledger.errors import UsageError
from chatledger.ledger import organisations
from chatledger.ledger.database import Ledger

BLOCK_TYPES: tuple[type[Block], ...] = (TimelinesWorkspace, ZohoConnection, ChatLedger, OrganisationSettings)


def register_types() -> None:
    """Make the block types known to the Prefect server of this process, so that its pages offer them."""
    for kind in BLOCK_TYPES:
        kind.register_type_and_schema()


def save_documents(environment: Environment, ledger: Ledger, organisation_id: str) -> list[str]:
    """Save what is known of an organisation as blocks and return their slugs; earlier documents are replaced.

    Secrets are encrypted by Prefect, with the key of its server's state folder.
    """
    name = document_name(organisation_id)
    saved = {ChatLedger: ChatLedger.from_environment(environment)} | _connections(environment, ledger, organisation_id)
    if settings := _settings(ledger, organisation_id):
        saved[OrganisationSettings] = settings
    for block in saved.values():
        block.save(name, overwrite=True)
    return [f"{kind.get_block_type_slug()}/{name}" for kind in saved]


def _connections(environment: Environment, ledger: Ledger, organisation_id: str) -> dict[type[Block], Block]:
    try:
        credentials: Credentials = credentials_of(environment, ledger, organisation_id)
    except UsageError:
        return {}
    return {TimelinesWorkspace: credentials.timelines, ZohoConnection: credentials.zoho}


def _settings(ledger: Ledger, organisation_id: str) -> OrganisationSettings | None:
    with ledger.reading() as session:
        if organisations.find(session, organisation_id) is None:
            return None
        return OrganisationSettings(sync=organisations.current_settings(session, organisation_id))
