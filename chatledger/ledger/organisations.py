"""Organisations, their settings, users and field metadata."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, delete, select

from chatledger.ledger.tables import FieldMetadata, Organisation, SettingsVersion, ZohoUser
from chatledger.models import ZohoField
from chatledger.models import ZohoUser as User
from chatledger.settings import SyncSettings

# Built once: every run begins with them.
_FOUND = select(Organisation).where(col(Organisation.id) == bindparam("id"))
_SETTINGS = (
    select(SettingsVersion)
    .where(col(SettingsVersion.organisation_id) == bindparam("organisation"))
    .order_by(col(SettingsVersion.version).desc())
    .limit(1)
)


def find(session: Session, organisation_id: str) -> Organisation | None:
    """Return the organisation, None before its first activation."""
    return session.exec(_FOUND, params={"id": organisation_id}).first()


def every(session: Session) -> list[Organisation]:
    """Return every organisation of this ledger, by id."""
    return list(session.exec(select(Organisation).order_by(Organisation.id)))


def get(session: Session, organisation_id: str) -> Organisation:
    """Return an organisation that was activated before; raises sqlalchemy's NoResultFound for any other."""
    return session.get_one(Organisation, organisation_id)


def other_binding(session: Session, organisation_id: str, zgid: str, workspace_id: str) -> Organisation | None:
    """Return the organisation that already uses this Zoho organisation or workspace under another name."""
    query = select(Organisation).where(
        Organisation.id != organisation_id, (Organisation.zgid == zgid) | (Organisation.workspace_id == workspace_id)
    )
    return session.exec(query).first()


def current_settings(session: Session, organisation_id: str) -> SyncSettings:
    """Return the newest activated settings. Raises LookupError when there are none."""
    version = session.exec(_SETTINGS, params={"organisation": organisation_id}).first()
    if version is None:
        raise LookupError(organisation_id)
    return SyncSettings.model_validate(version.body)


def add_settings(session: Session, organisation_id: str, settings: SyncSettings, now: datetime) -> int:
    """Store a new version of the settings and return its number; the same settings twice stay one version."""
    body = settings.model_dump(mode="json")
    newest = session.exec(
        select(func.max(SettingsVersion.version)).where(SettingsVersion.organisation_id == organisation_id)
    ).first()
    if newest is not None:
        stored = session.get_one(SettingsVersion, (organisation_id, newest))
        if stored.body == body:
            return newest
    version = (newest or 0) + 1
    session.add(SettingsVersion(organisation_id=organisation_id, version=version, body=body, created_at=now))
    return version


def replace_users(session: Session, organisation_id: str, users: Sequence[User]) -> None:
    """Replace what is known of the organisation's Zoho users."""
    session.exec(delete(ZohoUser).where(ZohoUser.organisation_id == organisation_id))  # type: ignore[arg-type]
    session.add_all(ZohoUser(organisation_id=organisation_id, **asdict(user)) for user in users)


def owners_by_email(session: Session, organisation_id: str) -> dict[str, str]:
    """Return the user id of each active, confirmed Zoho user by e-mail in lower case."""
    users = session.exec(select(ZohoUser).where(ZohoUser.organisation_id == organisation_id)).all()
    return {user.email.casefold(): user.id for user in users if user.active and user.confirmed}


def replace_fields(session: Session, organisation_id: str, module: str, fields: Sequence[ZohoField]) -> None:
    """Replace what is known of a module's fields."""
    session.merge(FieldMetadata(organisation_id=organisation_id, module=module, fields=[asdict(field) for field in fields]))


def fields_of(session: Session, organisation_id: str, module: str) -> dict[str, ZohoField]:
    """Return a module's fields by api_name, as last read."""
    metadata = session.get(FieldMetadata, (organisation_id, module))
    if metadata is None:
        return {}
    fields = (ZohoField(**{**row, "pick_list": tuple(row["pick_list"])}) for row in metadata.fields)
    return {field.api_name: field for field in fields}


def user_names(session: Session, organisation_id: str) -> dict[str, str]:
    """Return the names of the organisation's Zoho users by id."""
    users = session.exec(select(ZohoUser).where(ZohoUser.organisation_id == organisation_id)).all()
    return {user.id: user.name for user in users}
