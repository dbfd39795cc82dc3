"""The sync settings of an organisation as a Prefect block."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl

from chatledger.settings import SyncSettings


class OrganisationSettings(Block):
    """Holds what an organisation's chats are synced to and how, as it was last activated.

    Example:
        ```python
        from blocks.sync_settings import OrganisationSettings

        settings = OrganisationSettings.load("BLOCK_NAME").get_settings()
        ```

    """

    _block_type_name: ClassVar[str] = "chatledger sync settings"
    _block_type_slug: ClassVar[str] = "chatledger-sync-settings"
    _description: ClassVar[str] = "Holds what an organisation's chats are synced to and how, as it was last activated."
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://www.zoho.com/crm/developer/docs/api/v8/")

    sync: SyncSettings = Field(default_factory=SyncSettings, description="The [sync] table of a settings file.")

    def get_settings(self) -> SyncSettings:
        """Return the settings, checked in themselves; whether Zoho has such fields is checked by an activation."""
        return self.sync
