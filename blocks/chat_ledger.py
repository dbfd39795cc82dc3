"""The ledger as a Prefect block."""

from pathlib import Path
from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from blocks.environment import StateSettings
from chatledger.ledger.database import Ledger, open_ledger


class ChatLedger(Block):
    """Opens the ledger that holds every message with its outcome.

    Example:
        ```python
        from blocks.chat_ledger import ChatLedger

        ledger = ChatLedger.load("BLOCK_NAME").get_ledger()
        ```

    """

    _block_type_name: ClassVar[str] = "chatledger ledger"
    _block_type_slug: ClassVar[str] = "chatledger-ledger"
    _description: ClassVar[str] = "Opens the ledger that holds every message with its outcome."
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls")

    url: SecretStr = Field(description="SQLAlchemy URL of the ledger, SQLite or postgresql+psycopg.")
    home: Path = Field(description="State folder of this machine, for the key file and logs.")
    secret_key: SecretStr | None = Field(default=None, description="Key for the tokens; else a file in the home.")

    @classmethod
    def from_environment(cls, settings: StateSettings) -> "ChatLedger":
        """Build the block from the environment variables."""
        return cls(url=SecretStr(settings.ledger_url), home=settings.home, secret_key=settings.chatledger_secret_key)

    def get_ledger(self) -> Ledger:
        """Return the open ledger, migrated to the newest version. Raises LedgerUnavailable with what to do."""
        key = self.secret_key.get_secret_value() if self.secret_key else None
        return open_ledger(self.url.get_secret_value(), home=self.home, secret_key=key)
