"""The environment variables this software reads, in one place; a missing or wrong one is named."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from chatledger.errors import UsageError
from chatledger.ledger.retention import SHORTEST_KEPT_DAYS, Kept

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


class TimelinesVariables(BaseSettings):
    """The connection to TimelinesAI, where it comes from the environment."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    timelines_api_url: str
    timelines_api_token: SecretStr


class ZohoVariables(BaseSettings):
    """The connection to Zoho CRM, where it comes from the environment."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    zoho_accounts_url: str
    zoho_api_url: str | None = None
    zoho_client_id: str
    zoho_client_secret: SecretStr
    zoho_refresh_token: SecretStr


class MissingVariables(UsageError):
    """Variables are missing that nothing else supplies; `names` are theirs."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"Missing in the environment: {', '.join(names)}. See docs/connecting.md, or try `chatledger demo`.")
        self.names = tuple(names)

    def __reduce__(self) -> tuple[type["MissingVariables"], tuple[tuple[str, ...]]]:
        return MissingVariables, (self.names,)


class Environment(StateSettings):
    """How long the parts of a run may take (seconds); the connections are found by `blocks.credentials`."""

    timelines_requests_per_second: float = Field(0.8, gt=0)
    zoho_api_url: str | None = None
    chatledger_public_url: str | None = None
    chatledger_unknown_write_wait_seconds: float = Field(180, gt=0)
    chatledger_http_timeout_seconds: float = Field(30, gt=0)
    chatledger_lease_seconds: float = Field(60, ge=5)
    chatledger_sweep_seconds: float = Field(900, gt=0)

    @model_validator(mode="after")
    def _wait_outlasts_timeout(self) -> Self:
        if self.chatledger_unknown_write_wait_seconds <= self.chatledger_http_timeout_seconds:
            raise ValueError(
                "CHATLEDGER_UNKNOWN_WRITE_WAIT_SECONDS must be longer than CHATLEDGER_HTTP_TIMEOUT_SECONDS, or a write that "
                "is still under way could be repeated"
            )
        return self


class RetentionSettings(StateSettings):
    """After how many days what is removed; None keeps it."""

    chatledger_keep_texts_days: int | None = Field(None, ge=SHORTEST_KEPT_DAYS)
    chatledger_keep_raw_days: int | None = Field(30, ge=1)
    chatledger_keep_runs_days: int | None = Field(None, ge=1)

    @property
    def kept(self) -> Kept:
        """The same as spans of time."""
        days = (self.chatledger_keep_texts_days, self.chatledger_keep_raw_days, self.chatledger_keep_runs_days)
        return Kept(*(timedelta(days=number) if number else None for number in days))


class WebSettings(StateSettings):
    """What the pages and the connect command can use; everything may be missing, because it can be entered there."""

    chatledger_public_url: str | None = None
    chatledger_frame_origins: str = ""
    timelines_api_url: str = "https://app.timelines.ai/integrations/api"
    timelines_api_token: SecretStr | None = None
    timelines_requests_per_second: float = Field(0.8, gt=0)
    zoho_accounts_url: str | None = None
    zoho_api_url: str | None = None
    zoho_client_id: str | None = None
    zoho_client_secret: SecretStr | None = None
    zoho_refresh_token: SecretStr | None = None
    chatledger_http_timeout_seconds: float = Field(30, gt=0)

    @field_validator("chatledger_frame_origins")
    @classmethod
    def _are_origins(cls, named: str) -> str:
        for origin in named.split():
            parts = urlsplit(origin)
            safe = parts.scheme == "https" or parts.hostname in {"127.0.0.1", "localhost"}
            if not safe or f"{parts.scheme}://{parts.netloc}" != origin or "*" in origin or not parts.hostname:
                raise ValueError("name origins such as https://plugin-1.zappsusercontent.com, separated by blanks")
        return named

    @property
    def connected_by_environment(self) -> frozenset[str]:
        """The systems whose credentials are all in the environment: "zoho", "timelines"."""
        zoho = (self.zoho_accounts_url, self.zoho_client_id, self.zoho_client_secret, self.zoho_refresh_token)
        timelines = (self.timelines_api_token, "timelines_api_url" in self.model_fields_set)
        found = {"zoho": all(zoho), "timelines": all(timelines)}
        return frozenset(system for system, there in found.items() if there)


def read_web_settings() -> WebSettings:
    """Read what the pages can use. Raises UsageError naming a variable that is wrong."""
    try:
        return WebSettings()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def read_state_settings() -> StateSettings:
    """Read where the state is kept. Raises UsageError naming the variable."""
    try:
        return StateSettings()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def read_retention_settings() -> RetentionSettings:
    """Read what is removed by age. Raises UsageError naming the variable."""
    try:
        return RetentionSettings()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def read_environment() -> Environment:
    """Read how a run is to work. Raises UsageError naming a variable that is wrong."""
    try:
        return Environment()
    except ValidationError as error:
        raise UsageError(_sentence(error)) from None


def read_timelines_variables() -> TimelinesVariables:
    """Read the connection to TimelinesAI. Raises MissingVariables, or UsageError for a wrong one."""
    try:
        return TimelinesVariables()
    except ValidationError as error:
        raise _missing(error) or UsageError(_sentence(error)) from None


def read_zoho_variables() -> ZohoVariables:
    """Read the connection to Zoho CRM. Raises MissingVariables, or UsageError for a wrong one."""
    try:
        return ZohoVariables()
    except ValidationError as error:
        raise _missing(error) or UsageError(_sentence(error)) from None


def _missing(error: ValidationError) -> MissingVariables | None:
    problems = error.errors(include_url=False, include_input=False)
    names = [str(problem["loc"][0]).upper() for problem in problems if problem["type"] == "missing"]
    return MissingVariables(names) if names else None


def _sentence(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    name = str(problems[0]["loc"][0]).upper() + ": " if problems[0]["loc"] else ""
    return f"{name}{problems[0]['msg'].removeprefix('Value error, ')}."
