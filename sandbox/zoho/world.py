"""Fills the stand-in with a world: users, extra fields, records, conversions and notes that were there before."""

from datetime import datetime
from typing import Any

from sandbox.zoho.calls import Crm
from sandbox.zoho.metadata import complete_user
from sandbox.zoho.store import Conversion, Note, Record
from sandbox.zoho.validation import as_id

_SYSTEM = {"id", "Owner", "Created_Time", "Modified_Time", "Created_By", "Modified_By"}


def settle_in(crm: Crm, world: dict[str, Any]) -> None:
    """Put everything in its place. Raises KeyError for a module or lead that does not exist."""
    for user in world["users"]:
        complete = complete_user(user, crm.organisation["time_zone"], crm.now())
        crm.store.users[complete["id"]] = complete
    for module, fields in world.get("fields", {}).items():
        for given in fields:
            crm.store.modules[module].add_field(given)
    for module, records in world.get("records", {}).items():
        for given in records:
            crm.search.add(crm.store.add(_record(crm, module, given)))
    for given in world.get("conversions", []):
        _convert(crm, given)
    for given in world.get("notes", []):
        crm.store.add_note(_note(crm, given))


def _record(crm: Crm, module: str, given: dict[str, Any]) -> Record:
    values = {name: value for name, value in given.items() if name not in _SYSTEM}
    made_at = _moment(given.get("Created_Time"), crm)
    owner = as_id(given.get("Owner")) or crm.current_user
    made_by = as_id(given.get("Created_By")) or owner
    changed_at = _moment(given.get("Modified_Time"), crm) if given.get("Modified_Time") else made_at
    changed_by = as_id(given.get("Modified_By")) or made_by
    return Record(module, str(given["id"]), values, owner, made_at, changed_at, made_by, changed_by)


def _convert(crm: Crm, given: dict[str, Any]) -> None:
    lead = crm.store.records["Leads"][str(given["lead"])]
    contact = str(given["contact"]) if given.get("contact") and given.get("trace", True) else None
    lead.conversion = Conversion(_moment(given.get("at"), crm), contact)


def _note(crm: Crm, given: dict[str, Any]) -> Note:
    made_at = _moment(given.get("Created_Time"), crm)
    changed_at = _moment(given.get("Modified_Time"), crm) if given.get("Modified_Time") else made_at
    by = as_id(given.get("Owner")) or crm.current_user
    place = (given["parent"]["module"], str(given["parent"]["id"]))
    return Note(str(given["id"]), given.get("Note_Title"), given.get("Note_Content"), place, by, made_at, changed_at, by, by)


def _moment(text: str | None, crm: Crm) -> datetime:
    return datetime.fromisoformat(text) if text else crm.now()
