"""Stored records as the API shows them: names beside ids, times in the zone of the token's user."""

import html
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

from sandbox.zoho.store import Note, Record, Store

_LIST_CUT = 500
_TRACES = {"Converted_Contact": "Contacts", "Converted_Account": "Accounts", "Converted_Deal": "Deals"}


class Display:
    """Shows what a store holds, with times in one zone."""

    def __init__(self, store: Store, zone: tzinfo) -> None:
        self.store = store
        self.zone = zone

    def time(self, moment: datetime | None) -> str | None:
        """Write a moment as Zoho does, without fractions of a second."""
        return moment.astimezone(self.zone).replace(microsecond=0).isoformat() if moment else None

    def user(self, user_id: str) -> dict[str, Any]:
        """Show a user as records name them."""
        known = self.store.users.get(user_id, {})
        return {"name": known.get("full_name"), "id": user_id, "email": known.get("email")}

    def stamp(self, item: Record | Note) -> dict[str, Any]:
        """Show who made and who last changed something, as the answers of writes do."""
        return {
            "Modified_Time": self.time(item.modified_at),
            "Modified_By": _short(self.user(item.modified_by)),
            "Created_Time": self.time(item.created_at),
            "id": item.id,
            "Created_By": _short(self.user(item.created_by)),
        }

    def name(self, module: str, record_id: str) -> str | None:
        """Give the name of a record, deleted or not."""
        record = self.store.records.get(module, {}).get(record_id)
        return str(self.value(record, self.store.modules[module].name_field) or "") if record else None

    def record(self, record: Record, names: Iterable[str]) -> dict[str, Any]:
        """Show the named fields of a record; names the module does not have are left out, the id is always there."""
        known = self.store.modules[record.module].fields
        return {name: self.value(record, name) for name in names if name in known} | {"id": record.id}

    def whole(self, record: Record) -> dict[str, Any]:
        """Show everything a read by id gives, with the older `$converted` properties."""
        shown = self.record(record, self.store.modules[record.module].fields)
        shown |= {"$approval_state": "approved", "$editable": True, "$state": "save"}
        if record.module == "Leads":
            shown |= {"$converted": record.conversion is not None, "$converted_detail": self._old_trace(record)}
        return shown

    def value(self, record: Record, name: str) -> Any:
        """Show one field."""
        if name in _COMPUTED:
            return _COMPUTED[name](self, record)
        value = record.values.get(name)
        if isinstance(value, dict) and "id" in value:
            return self._lookup(record.module, name, str(value["id"]), value)
        return value

    def note(self, note: Note, *, as_html: bool = False, cut: bool = False) -> dict[str, Any]:
        """Show a note; lists may cut its content."""
        content = _markup(note.content) if as_html and note.content else note.content
        module, record_id = note.parent
        parent = {"module": {"api_name": module, "id": self.store.modules[module].id}, "name": self.name(module, record_id),
                  "id": record_id}  # fmt: skip
        return {
            "id": note.id, "Note_Title": note.title, "Note_Content": content[:_LIST_CUT] if content and cut else content,
            "Parent_Id": parent, "Owner": self.user(note.owner_id),
            "Created_Time": self.time(note.created_at), "Modified_Time": self.time(note.modified_at),
            "Created_By": self.user(note.created_by), "Modified_By": self.user(note.modified_by),
            "$attachments": [{"id": file.id, "file_name": file.file_name} for file in note.attachments] or None,
            "$editable": True, "$is_shared_to_client": False, "$sharing_permission": "full_access",
            "$size": sum(len(file.content) for file in note.attachments) or None, "$state": "save", "$voice_note": False,
        }  # fmt: skip

    def _lookup(self, module: str, name: str, record_id: str, value: dict[str, Any]) -> dict[str, Any]:
        target = self.store.modules[module].fields[name].meta["lookup"].get("module", {}).get("api_name", "")
        return {"name": self.name(target, record_id) or value.get("name"), "id": record_id}

    def _full_name(self, record: Record) -> str | None:
        parts = (record.values.get(name) for name in ("First_Name", "Last_Name"))
        return " ".join(part for part in parts if part) or None

    def _trace(self, record: Record, name: str) -> dict[str, Any] | None:
        target_id = trace_id(record, name)
        return {"name": self.name(_TRACES[name], target_id), "id": target_id} if target_id else None

    def _old_trace(self, record: Record) -> dict[str, Any]:
        if not record.conversion:
            return {}
        found = {key: trace_id(record, f"Converted_{key.title()}") for key in ("contact", "account", "deal")}
        return found | {"convert_date": self.time(record.conversion.at), "converted_by": record.modified_by}


def trace_id(record: Record, name: str) -> str | None:
    """Give the id behind Converted_Contact, Converted_Account or Converted_Deal."""
    ids: str | None = getattr(record.conversion, f"{name.removeprefix('Converted_').lower()}_id", None)
    return ids


def _short(user: dict[str, Any]) -> dict[str, Any]:
    return {"name": user["name"], "id": user["id"]}


def _markup(text: str) -> str:
    return "<div>" + html.escape(text, quote=False).replace("\n", "<br>") + "</div>"


_COMPUTED: dict[str, Any] = {
    "id": lambda _display, record: record.id,
    "Owner": lambda display, record: display.user(record.owner_id),
    "Created_By": lambda display, record: display.user(record.created_by),
    "Modified_By": lambda display, record: display.user(record.modified_by),
    "Created_Time": lambda display, record: display.time(record.created_at),
    "Modified_Time": lambda display, record: display.time(record.modified_at),
    "Full_Name": lambda display, record: display._full_name(record),
    "Converted__s": lambda _display, record: record.conversion is not None,
    "Converted_Date_Time": lambda display, record: display.time(record.conversion.at if record.conversion else None),
    "Record_Status__s": lambda _display, record: "Trash" if record.deletion else "Available",
    "Tag": lambda _display, record: record.values.get("Tag") or [],
    **{name: lambda display, record, name=name: display._trace(record, name) for name in _TRACES},
}
