"""What the page and the command show of the connections: who is connected, and what is missing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatledger.clients.zoho.asked_scopes import of_a_person
from chatledger.clients.zoho.scopes import missing_scopes, needed_scopes
from chatledger.ledger import organisations, stored_connections
from chatledger.ledger.database import Ledger
from chatledger.ledger.tables import StoredConnection
from chatledger.settings import SyncSettings


@dataclass(frozen=True, slots=True)
class ZohoShown:
    """A connection to Zoho as it may be shown; `missing` are scopes that are needed and not granted."""

    organisation: str
    zgid: str
    user: str
    email: str
    server: str
    connected_at: datetime
    connected_by: str
    missing: list[str]
    scopes_known: bool
    sees_everything: bool | None


@dataclass(frozen=True, slots=True)
class TimelinesShown:
    """A connection to TimelinesAI; `numbers` is how many WhatsApp numbers were connected when it was made."""

    workspace: str
    workspace_id: str
    numbers: int
    connected_at: datetime
    connected_by: str


@dataclass(frozen=True, slots=True)
class Connections:
    """All connections of an organisation, `personal` ones by person id.

    `activated` binds it to a Zoho organisation; `active` says that its sync is switched on now.
    """

    activated: bool
    active: bool
    zoho: ZohoShown | None
    timelines: TimelinesShown | None
    personal: dict[str, ZohoShown]


def settings_of(ledger: Ledger, organisation_id: str) -> SyncSettings:
    """Return the activated settings, before the first activation the default ones."""
    with ledger.reading() as session:
        try:
            return organisations.current_settings(session, organisation_id)
        except LookupError:
            return SyncSettings()


def read_connections(ledger: Ledger, organisation_id: str) -> Connections:
    """Return what is stored; asks no outside system."""
    settings = settings_of(ledger, organisation_id)
    with ledger.reading() as session:
        organisation = organisations.find(session, organisation_id)
    needed = needed_scopes(settings.target_module, settings.phone_fields)
    personal_needed = of_a_person(settings.phone_fields)
    zoho: ZohoShown | None = None
    timelines: TimelinesShown | None = None
    personal = {}
    for stored in stored_connections.without_credentials(ledger, organisation_id):
        if stored.system == "timelines":
            timelines = _timelines(stored)
        elif stored.person_id:
            personal[stored.person_id] = _zoho(stored, personal_needed)
        else:
            zoho = _zoho(stored, needed)
    active = organisation is not None and organisation.active
    return Connections(organisation is not None, active, zoho, timelines, personal)


def _zoho(stored: StoredConnection, needed: list[str]) -> ZohoShown:
    facts: dict[str, Any] = stored.facts
    granted = facts.get("scopes") or []
    return ZohoShown(
        organisation=facts.get("organisation", ""),
        zgid=facts.get("zgid", ""),
        user=facts.get("user_name", ""),
        email=facts.get("user_email", ""),
        server=facts.get("server", ""),
        connected_at=stored.connected_at,
        connected_by=stored.connected_by,
        missing=missing_scopes(granted, needed) if granted else [],
        scopes_known=bool(granted),
        sees_everything=facts.get("sees_everything"),
    )


def _timelines(stored: StoredConnection) -> TimelinesShown:
    facts = stored.facts
    return TimelinesShown(
        facts.get("workspace", ""),
        facts.get("workspace_id", ""),
        facts.get("numbers", 0),
        stored.connected_at,
        stored.connected_by,
    )
