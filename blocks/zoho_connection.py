"""The connection to a Zoho CRM organisation as a Prefect block."""

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from blocks.environment import Environment, read_zoho_variables
from chatledger.clients import ZohoClient
from chatledger.models import CallCount, TokenStore


class ZohoConnection(Block):
    """Connects a Zoho CRM organisation by a refresh token.

    Example:
        ```python
        from blocks.zoho_connection import ZohoConnection

        client = ZohoConnection.load("BLOCK_NAME").get_client(count, tokens)
        ```

    """

    _block_type_name: ClassVar[str] = "Zoho CRM connection"
    _block_type_slug: ClassVar[str] = "zoho-crm-connection"
    _description: ClassVar[str] = "Connects a Zoho CRM organisation by a refresh token."
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://www.zoho.com/crm/developer/docs/api/v8/")

    accounts_url: str = Field(description="Accounts server of the data centre, for example https://accounts.zoho.eu.")
    client_id: str = Field(description="Client ID from Zoho's API console.")
    client_secret: SecretStr = Field(description="Client secret from Zoho's API console.")
    refresh_token: SecretStr = Field(description="Refresh token of the user who connects the organisation.")
    api_url: str | None = Field(default=None, description="Address of the API where it is not the one the token names.")
    timeout_seconds: float = Field(default=30, gt=0, description="Total time one request may take, in seconds.")

    @classmethod
    def from_environment(cls, environment: Environment) -> "ZohoConnection":
        """Build the block from the environment variables. Raises MissingVariables."""
        given = read_zoho_variables()
        return cls(
            accounts_url=given.zoho_accounts_url,
            client_id=given.zoho_client_id,
            client_secret=given.zoho_client_secret,
            refresh_token=given.zoho_refresh_token,
            api_url=given.zoho_api_url,
            timeout_seconds=environment.chatledger_http_timeout_seconds,
        )

    @classmethod
    def from_stored(cls, credentials: Mapping[str, str], environment: Environment) -> "ZohoConnection":
        """Build the block from a connection that the ledger holds."""
        return cls(
            accounts_url=credentials["accounts_url"],
            client_id=credentials["client_id"],
            client_secret=SecretStr(credentials["client_secret"]),
            refresh_token=SecretStr(credentials["refresh_token"]),
            api_url=credentials.get("api_url") or None,
            timeout_seconds=environment.chatledger_http_timeout_seconds,
        )

    @property
    def record_url(self) -> str:
        """Address below which a person finds `module/id` in the browser; `{zgid}` stands for the organisation."""
        host = urlsplit(self.accounts_url).netloc
        if host.startswith("accounts.zoho"):
            return f"https://crm.{host.removeprefix('accounts.')}/crm/org{{zgid}}/tab"
        return f"{self.accounts_url.rstrip('/')}/crm"

    @property
    def credentials(self) -> str:
        """Everything that decides which organisation is asked, as one text to be hashed: never shown, never stored."""
        secrets = [self.client_secret.get_secret_value(), self.refresh_token.get_secret_value()]
        return "\n".join([self.accounts_url, self.api_url or "", self.client_id, *secrets])

    def get_client(self, count: CallCount, tokens: TokenStore) -> ZohoClient:
        """Return a client whose requests are counted in `count` and whose access token is kept in `tokens`."""
        return ZohoClient(
            accounts_url=self.accounts_url,
            api_url=self.api_url,
            client_id=self.client_id,
            client_secret=self.client_secret.get_secret_value(),
            refresh_token=self.refresh_token.get_secret_value(),
            tokens=tokens,
            count=count,
            timeout=self.timeout_seconds,
        )
