"""The TimelinesAI workspace as a Prefect block."""

from collections.abc import Mapping
from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from blocks.environment import Environment, read_timelines_variables
from chatledger.clients import TimelinesClient, TokenBucket
from chatledger.clients.timelines.webhooks import TimelinesWebhooks
from chatledger.models import CallCount

BURST = 40


class TimelinesWorkspace(Block):
    """Connects a TimelinesAI workspace by its Public API token.

    Example:
        ```python
        from blocks.timelines_workspace import TimelinesWorkspace

        client = TimelinesWorkspace.load("BLOCK_NAME").get_client(count)
        ```

    """

    _block_type_name: ClassVar[str] = "TimelinesAI workspace"
    _block_type_slug: ClassVar[str] = "timelines-workspace"
    _description: ClassVar[str] = "Connects a TimelinesAI workspace by its Public API token."
    _documentation_url: ClassVar[HttpUrl | None] = HttpUrl("https://timelines.ai/docs")

    api_url: str = Field(description="Address of the Public API, without a slash at its end.")
    api_token: SecretStr = Field(description="Token from Integrations, Public API.")
    requests_per_second: float = Field(default=0.8, gt=0, description="Requests per second, sustained; up to 40 at once.")
    timeout_seconds: float = Field(default=30, gt=0, description="Total time one request may take, in seconds.")

    @classmethod
    def from_environment(cls, environment: Environment) -> "TimelinesWorkspace":
        """Build the block from the environment variables. Raises MissingVariables."""
        given = read_timelines_variables()
        return cls(
            api_url=given.timelines_api_url,
            api_token=given.timelines_api_token,
            requests_per_second=environment.timelines_requests_per_second,
            timeout_seconds=environment.chatledger_http_timeout_seconds,
        )

    @classmethod
    def from_stored(cls, credentials: Mapping[str, str], environment: Environment) -> "TimelinesWorkspace":
        """Build the block from a connection that the ledger holds."""
        return cls(
            api_url=credentials["api_url"],
            api_token=SecretStr(credentials["api_token"]),
            requests_per_second=environment.timelines_requests_per_second,
            timeout_seconds=environment.chatledger_http_timeout_seconds,
        )

    @property
    def credentials(self) -> str:
        """Everything that decides which workspace is asked, as one text to be hashed: never shown, never stored."""
        return f"{self.api_url}\n{self.api_token.get_secret_value()}"

    def get_client(self, count: CallCount, *, burst: int = BURST) -> TimelinesClient:
        """Return a client whose requests are counted in `count`, up to `burst` of them at once."""
        return TimelinesClient(
            api_url=self.api_url,
            token=self.api_token.get_secret_value(),
            count=count,
            budget=TokenBucket(self.requests_per_second, burst),
            timeout=self.timeout_seconds,
        )

    def get_webhooks(self, count: CallCount) -> TimelinesWebhooks:
        """Return a client for the workspace's webhooks; its requests are counted in `count`."""
        return TimelinesWebhooks(
            api_url=self.api_url,
            token=self.api_token.get_secret_value(),
            count=count,
            budget=TokenBucket(self.requests_per_second, BURST),
            timeout=self.timeout_seconds,
        )
