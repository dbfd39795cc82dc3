"""The environment variables this software reads, in one place; a missing or wrong one is named."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatledger.errors import UsageError

PROJECT = Path(__file__).resolve().parents[1]


class StateSettings(BaseSettings):
    """Where the state is kept; enough for commands that ask no outside system."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    chatledger_home: Path = PROJECT / ".chatledger"
    chatledger_ledger_url: SecretStr | None = None
    chatledger_secret_key: SecretStr | None = None
    chatledger_organisation: str = "main"

    @property
    def home(self) -> Path:
        """The state folder, absolute."""
        return self.chatledger_home.expanduser().absolute()

    @property
    def ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL, by default a SQLite file in the state folder."""
        if self.chatledger_ledger_url is not None:
            return self.chatledger_ledger_url.get_secret_value()
        return f"sqlite:///{self.home / 'ledger.db'}"


class Environment(StateSettings):
    """Everything a run needs: both connections, and how long things may take (seconds)."""

    timelines_api_url: str
    timelines_api_token: SecretStr
    timelines_requests_per_second: float = Field(0.8, gt=0)
    zoho_accounts_url: str
    zoho_api_url: str | None = None
    zoho_client_id: str
    zoho_client_secret: SecretStr
    zoho_refresh_token: SecretStr
    chatledger_public_url: str | None = None
    chatledger_unknown_write_wait_seconds: float = Field(180, gt=0)
    chatledger_http_timeout_seconds: float = Field(30, gt=0)
    chatledger_lease_seconds: float = Field(60, ge=5)

    @model_validator(mode="after")
    def _wait_outlasts_timeout(self) -> Self:
        if self.chatledger_unknown_write_wait_seconds <= self.chatledger_http_timeout_seconds:
            raise ValueError(
                "CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS must be longer than CHATLEDGER_HTTP_TIMEOUT_SECONDS, or a write that "
                "is still under way could be repeated"
            )
        return self


def read_state_settings() -> StateSettings:
    """Read where the state is kept. Raises UsageError naming the variable."""
    try:
        return StateSettings()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def read_environment() -> Environment:
    """Read everything a run needs. Raises UsageError naming every variable that is missing or wrong."""
    try:
        return Environment()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    missing = [str(problem["loc"][0]).upper() for problem in problems if problem["type"] == "missing"]
    if missing:
        return f"Missing in the environment: {', '.join(missing)}. See docs/connecting.md, or try `chatledger demo`."
    name = str(problems[0]["loc"][0]).upper() + ": " if problems[0]["loc"] else ""
    return f"{name}{problems[0]['msg'].removeprefix('Value error, ')}."
