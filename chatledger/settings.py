"""What an operator decides about the sync: the `[sync]` table of a settings file, read and checked, without any I/O."""

import tomllib
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from chatledger.errors import UsageError


class Converted(StrEnum):
    """What happens with chats of a converted lead."""

    CONTINUE = "continue"
    STOP = "stop"


class CreateOn(StrEnum):
    """Which messages may create a record."""

    ANY = "any"
    INCOMING = "incoming"


class SeveralMatches(StrEnum):
    """How one of several records with the same phone is chosen."""

    LATEST_MODIFIED = "latest_modified"
    OLDEST_CREATED = "oldest_created"
    HOLD = "hold"


class Language(StrEnum):
    """The languages notes can be written in."""

    SPANISH = "es"
    ENGLISH = "en"
    PORTUGUESE = "pt"


class SyncSettings(BaseModel):
    """One version of an organisation's sync settings; field names are the api_names of Zoho."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target_module: str = Field("Leads", min_length=1, description="Module that chats are synced to.")
    phone_field: str = Field("Mobile", min_length=1, description="Phone field of the target module.")
    name_field: str = Field("Last_Name", min_length=1, description="Field that takes the contact's name.")
    chat_link_field: str | None = Field(None, description="Field that takes the chat's URL.")
    lead_source_field: str | None = Field(None, description="Field that takes the lead source TimelinesAI.")
    converted: Converted = Field(Converted.CONTINUE, description="What happens with chats of converted leads.")
    converted_module: str = Field("Contacts", min_length=1, description="Module that converted leads continue in.")
    converted_phone_field: str = Field("Phone", min_length=1, description="Phone field of that module.")
    create_on: CreateOn = Field(CreateOn.ANY, description="Which messages may create a record.")
    run_automations: bool = Field(True, description="Whether Zoho's workflows run on what is created.")
    several_matches: SeveralMatches = Field(SeveralMatches.LATEST_MODIFIED, description="Choice among several records.")
    unique_phone_field: str | None = Field(None, description="Unique field that takes the number as well, against duplicates.")
    language: Language = Field(Language.SPANISH, description="Language of the notes.")
    timezone: str = Field("UTC", description="IANA zone that decides which day a message belongs to.")
    default_region: str = Field("CO", description="ISO region of numbers spelled without a country code.")
    fixed_fields: dict[str, Any] = Field(default_factory=dict, description="Fields every created record is given.")

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is not an IANA time zone such as America/Bogota") from error
        return value

    @field_validator("default_region")
    @classmethod
    def _region_exists(cls, value: str) -> str:
        if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{value!r} is not an ISO country code such as CO")
        return value.upper()

    @field_validator("chat_link_field", "lead_source_field", "unique_phone_field", mode="before")
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return value or None

    @model_validator(mode="after")
    def _fixed_fields_are_free(self) -> "SyncSettings":
        ours = {
            self.phone_field,
            self.name_field,
            self.chat_link_field,
            self.lead_source_field,
            self.unique_phone_field,
            "Owner",
        }
        taken = sorted(name for name in self.fixed_fields if name in ours)
        if taken:
            raise ValueError(f"fixed_fields must not set {', '.join(taken)}: chatledger fills that field itself")
        return self

    @property
    def follows_conversions(self) -> bool:
        """Whether chats of converted leads go on with the converted module; only Leads can be converted."""
        return self.target_module == "Leads" and self.converted is Converted.CONTINUE

    @property
    def phone_fields(self) -> dict[str, str]:
        """The phone field of each module the index has to know."""
        fields = {self.target_module: self.phone_field}
        if self.follows_conversions:
            fields[self.converted_module] = self.converted_phone_field
        return fields


def read_settings(text: str, source: str) -> SyncSettings:
    """Read a TOML settings file; `source` names it in errors. Raises UsageError naming the field and what would do."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source} is not valid TOML: {error}. Correct that line and activate again.") from error
    unknown = sorted(set(document) - {"sync"})
    if unknown or not isinstance(document.get("sync"), dict):
        found = f"it has {', '.join(unknown)}" if unknown else "it has none"
        raise UsageError(f"{source} must hold one table named [sync]; {found}.")
    try:
        return SyncSettings.model_validate(document["sync"])
    except ValidationError as error:
        raise UsageError(f"{source}: {_first_problem(error)}.") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = ", ".join(SyncSettings.model_fields)
        return f"{name} is not a setting; known are {known}"
    message = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{name}: {message}" if name else message
